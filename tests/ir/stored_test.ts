/** Buffers whose elements are stored in parts of words: as text, as JSON, as values, and where there are none. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import * as op from "../../lib/face/op.ts";
import * as te from "../../lib/face/te.ts";
import { funcFromJson, funcToJson } from "../../lib/ir/func_json.ts";
import { equalFunc } from "../../lib/ir/equal.ts";
import { VerifyError } from "../../lib/ir/error.ts";
import { fingerprint } from "../../lib/ir/fingerprint.ts";
import { signature } from "../../lib/ir/signature.ts";
import { bf16OfFloats, floatsOfBf16 } from "../../lib/ir/stored.ts";
import { verifyFunc } from "../../lib/ir/verify.ts";
import { Schedule } from "../../lib/schedule/schedule.ts";
import { ScheduleError } from "../../lib/schedule/error.ts";

function sumOf(type: "i8" | "i32"): te.PrimFunc {
  const A = te.placeholder("A", ["n", 8], type), B = te.placeholder("B", ["n", 8], "i32");
  return te.primFunc("f", [A, B, op.cast(op.add(A, B), type, { name: "C" })]);
}

Deno.test("a stored type is part of a program's text, JSON and identity", () => {
  const bytes = sumOf("i8"), words = sumOf("i32");
  assertEquals(signature(bytes), "f(A: i8[n, 8], B: i32[n, 8], C: i8[n, 8])");
  assert(`${bytes}`.includes('A = T.match_buffer(var_A, (n, 8), "int8")'));
  const again = funcFromJson(JSON.parse(JSON.stringify(funcToJson(bytes))));
  assert(equalFunc(bytes, again) && signature(again) === signature(bytes));
  assert(!equalFunc(bytes, words) && fingerprint(bytes) !== fingerprint(words));
});

Deno.test("copies nearer to the threads hold elements of the dtype", () => {
  const sch = new Schedule(sumOf("i8"));
  sch.cacheRead("C_1", "A", "shared");
  sch.cacheWrite("C", "local");
  verifyFunc(sch.func);
  assertEquals(sch.func.allocs.map((b) => b.stored), sch.func.allocs.map(() => undefined));
  assertThrows(() => sch.setScope("A", "texture"), ScheduleError, "stored as i8");
});

Deno.test("only parameters in global memory are stored in parts of words", () => {
  const f = sumOf("i8"), [A] = f.params;
  const wrong = f.with({ params: f.params.slice(1), allocs: [...f.allocs, ...(A ? [A] : [])] });
  assertThrows(() => verifyFunc(wrong), VerifyError, "A is stored as i8: only a parameter can be");
  assertThrows(
    () => te.compute("C", [4], () => te.placeholder("A", []).at(), { as: "i8" }),
    te.TeError,
    "expected a value of i32 for C of i8, got f32",
  );
});

Deno.test("floats become the nearest bf16, of two equally near the even one", () => {
  fc.assert(fc.property(fc.float({ noNaN: true }), (x) => {
    const [bits = 0] = bf16OfFloats([x]), near = [bits - 1, bits, bits + 1];
    const [below = NaN, found = NaN, above = NaN] = floatsOfBf16(new Uint16Array(near));
    const off = Math.abs(found - x);
    if (!Number.isFinite(found)) return;
    for (const other of [below, above]) {
      if (!Number.isFinite(other) || Math.sign(other) * Math.sign(found) < 0) continue;
      const distance = Math.abs(other - x);
      assert(off < distance || (off === distance && bits % 2 === 0));
    }
  }));
  assertEquals([...bf16OfFloats([NaN, Infinity, -0, 1])], [0x7fc0, 0x7f80, 0x8000, 0x3f80]);
});
