/** Tensors that are updated in place: programs with a parameter that is input and output. */
import { assertEquals, assertThrows } from "@std/assert";
import * as te from "../../lib/face/te.ts";
import { interpret } from "../../lib/interp/interpret.ts";
import { add, constant, mul, sub } from "../../lib/ir/build.ts";
import { VerifyError } from "../../lib/ir/error.ts";
import { equalFunc } from "../../lib/ir/equal.ts";
import type { Expr } from "../../lib/ir/expr.ts";
import { fingerprint } from "../../lib/ir/fingerprint.ts";
import { funcFromJson, funcToJson } from "../../lib/ir/func_json.ts";
import { inputsOf, outputsOf, readOnlyOf } from "../../lib/ir/parameters.ts";
import { verifyFunc } from "../../lib/ir/verify.ts";
import { golden } from "../golden.ts";
import { assertEverywhere } from "../op/everywhere.ts";

const cache = te.placeholder("cache", [6]), row = te.placeholder("row", [2]);
const at = te.placeholder("at", [], "i32", { below: 5 });
const put = te.update(cache, [2], (i) => ({ at: [add(at.at(), i as Expr)], value: row.at(i as Expr) }));
const given = {
  cache: Float32Array.of(1, 2, 3, 4, 5, 6),
  row: Float32Array.of(-1, -2),
  at: Int32Array.of(0),
};

Deno.test("an update is an input and an output, by one name", async () => {
  const f = te.primFunc("put", [row, at, put]);
  verifyFunc(f);
  golden("te/update.txt", String(f));
  const names = [inputsOf(f), outputsOf(f), readOnlyOf(f)].map((list) => list.map((b) => b.name));
  assertEquals(names, [["row", "at", "cache"], ["cache"], ["row", "at"]]);
  // A position of 0 is as good as any other.
  await assertEverywhere(f, given, { cache: [-1, -2, 3, 4, 5, 6] });
  await assertEverywhere(f, { ...given, at: Int32Array.of(4) }, { cache: [1, 2, 3, 4, -1, -2] });
  assertEquals([...given.cache], [1, 2, 3, 4, 5, 6]);
  const named = te.primFunc("put", [cache, row, at, put]);
  assertEquals(named.params.map((b) => b.name), ["cache", "row", "at"]);
});

Deno.test("what is computed before an update has the old values, and what is computed of it the new ones", async () => {
  const old = te.compute("old", [6], (i) => mul(cache.at(i as Expr), constant(10, "f32")));
  const put = te.update(cache, [2], (i) => ({ at: [add(at.at(), i as Expr)], value: row.at(i as Expr) }));
  const twice = te.update(
    put,
    [6],
    (i) => ({ at: [i as Expr], value: add(put.at(i as Expr), old.at(i as Expr)) }),
  );
  const now = te.compute("now", [6], (i) => sub(twice.at(i as Expr), constant(1, "f32")));
  const f = te.primFunc("bump", [cache, row, at, twice, now]);
  assertEquals([f.inPlace, f.allocs.map((b) => b.name)], [["cache"], ["old"]]);
  const sums = [9, 18, 33, 44, 55, 66];
  await assertEverywhere(f, given, { cache: sums, now: sums.map((x) => x - 1) });
});

Deno.test("a computed tensor may be updated, and is no parameter for that", async () => {
  const zeros = te.compute("zeros", [6], () => constant(0, "f32"));
  const made = te.update(zeros, [2], (i) => ({ at: [add(at.at(), i as Expr)], value: row.at(i as Expr) }));
  const f = te.primFunc("made", [row, at, made]);
  assertEquals([f.inPlace, f.params.map((b) => b.name)], [[], ["row", "at", "zeros"]]);
  await assertEverywhere(f, { row: given.row, at: Int32Array.of(3) }, { zeros: [0, 0, 0, -1, -2, 0] });
});

Deno.test("values are combined with what is there, also several at one place", async () => {
  const to = te.placeholder("to", [4], "i32", { below: 6 }), x = te.placeholder("x", [4]);
  const made = (combine: "add" | "mul" | "max" | "min") =>
    te.primFunc("combined", [
      cache,
      x,
      to,
      te.update(cache, [4], (i) => ({ at: [to.at(i as Expr)], value: x.at(i as Expr) }), { combine }),
    ]);
  const inputs = { cache: given.cache, x: Float32Array.of(10, 2, -3, 4), to: Int32Array.of(1, 5, 1, 5) };
  golden("te/update_combine.txt", String(made("add")));
  await assertEverywhere(made("add"), inputs, { cache: [1, 9, 3, 4, 5, 12] });
  await assertEverywhere(made("mul"), inputs, { cache: [1, -60, 3, 4, 5, 48] });
  await assertEverywhere(made("max"), inputs, { cache: [1, 10, 3, 4, 5, 6] });
  await assertEverywhere(made("min"), inputs, { cache: [1, -3, 3, 4, 5, 2] });
  assertThrows(
    () => te.update(cache, [4], (i) => ({ at: [i as Expr], value: cache.at(i as Expr) }), { combine: "add" }),
    te.TeError,
    "values that don't read the tensor",
  );
});

Deno.test("programs with updates survive JSON, and differ from those without", () => {
  const f = te.primFunc("put", [row, at, put]);
  const again = funcFromJson(JSON.parse(JSON.stringify(funcToJson(f))));
  assertEquals([again.inPlace, String(again)], [["cache"], String(f)]);
  assertEquals(equalFunc(f, again), true);
  const plain = f.with({ inPlace: [] });
  assertEquals(equalFunc(f, plain), false);
  assertEquals(fingerprint(f) === fingerprint(plain), false);
  assertEquals(interpret(plain, { row: given.row, at: given.at }).cache?.slice(0, 3).join(), "-1,-2,NaN");
});

Deno.test("what no update can be is refused", () => {
  const refused = (make: () => unknown, says: string) => assertThrows(make, te.TeError, says);
  const i0 = constant(0), x = row.at(0);
  refused(
    () => te.update(cache, [2], () => ({ at: [i0, i0], value: x })),
    "an index for each of 1 dimensions, got 2",
  );
  refused(() => te.update(cache, [2], () => ({ at: [i0], value: i0 })), "expected a value of f32, got i32");
  refused(() => te.update(cache, [2], () => ({ at: [x], value: x })), "expected indices of i32, got f32");
  refused(
    () => te.update(cache, [2], () => x as unknown as te.UpdatedElement),
    "expected an element { at: […]",
  );
  refused(
    () => te.update(cache, [5], (i) => ({ at: [i as Expr], value: cache.at(add(i as Expr, 1)) })),
    "expected each element to read the tensor where it is stored, got a read at another place",
  );
  const late = te.compute("late", [6], (i) => cache.at(i as Expr));
  refused(() => te.primFunc("f", [cache, row, at, put, late]), "expected reads of cache before its update");
  const again = te.update(cache, [1], () => ({ at: [i0], value: x }));
  refused(() => te.primFunc("f", [cache, row, at, put, again]), "expected reads of cache before its update");
});

Deno.test("a program that names what it doesn't update in place is not well formed", () => {
  const f = te.primFunc("put", [row, at, put]);
  const refused = (inPlace: readonly string[], says: string) =>
    assertThrows(() => verifyFunc(f.with({ inPlace })), VerifyError, says);
  refused(["row"], "row is named in inPlace, and is no parameter that the program writes");
  refused(["cache", "cache"], "cache is named in inPlace twice");
  const shifted = te.primFunc("f", [
    row,
    te.update(cache, [2], (i) => ({ at: [i as Expr], value: add(row.at(i as Expr), cache.at(i as Expr)) })),
  ]);
  const [buffer] = outputsOf(shifted);
  verifyFunc(shifted);
  const text = JSON.stringify(funcToJson(shifted));
  const at1 = text.lastIndexOf('"indices":[{"var"');
  // The read of the cache moves by one; the store stays.
  const moved = text.slice(0, at1) + text.slice(at1).replace(
    /"indices":\[(\{"var":\d+\})\]/,
    '"indices":[{"kind":"binary","dtype":"i32","op":"add","a":$1,"b":{"kind":"const","dtype":"i32","value":1}}]',
  );
  assertThrows(
    () => funcFromJson(JSON.parse(moved)),
    Error,
    `updates ${buffer?.name} in place, and reads it at`,
  );
});
