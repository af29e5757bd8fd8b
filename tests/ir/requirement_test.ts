/** What programs ask of their shape variables. */
import { assert, assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import fc from "fast-check";
import { rules, scheduleThen } from "../../lib/dlight/schedule.ts";
import { compile } from "../../lib/codegen/compile.ts";
import { specialize } from "../../lib/arith/specialize.ts";
import { interpret } from "../../lib/interp/interpret.ts";
import { add, cast, constant, floorDiv, floorMod, max, mul, sub, variable } from "../../lib/ir/build.ts";
import { IrError } from "../../lib/ir/error.ts";
import type { Expr, Var } from "../../lib/ir/expr.ts";
import type { PrimFunc } from "../../lib/ir/func.ts";
import { funcFromJson, funcToJson } from "../../lib/ir/func_json.ts";
import { brokenRequirement } from "../../lib/ir/requirement.ts";
import { RuntimeError } from "../../lib/runtime/error.ts";
import type { Device } from "../../lib/runtime/device.ts";
import type { ShapeCondition } from "../../lib/te/compute.ts";
import * as te from "../../lib/face/te.ts";
import { devices } from "../devices.ts";
import { Values } from "./requirement_values.ts";

const written = (f: PrimFunc): PrimFunc => funcFromJson(JSON.parse(JSON.stringify(funcToJson(f))));
const built = (f: PrimFunc, device: Device) =>
  device.load(scheduleThen(f, device.target, rules, (s) => compile(s, device.target)).made);

const heads = { heads: 2, kvHeads: 1, headDim: 4 };
const attention = te.attention({ queries: "m", length: "n", ...heads });
const cacheOf = (m: number, n: number) => ({
  Q: new Float32Array(m * 8).fill(1),
  K: new Float32Array(n * 4).fill(1),
  V: new Float32Array(n * 4).fill(1),
});
const OWN = "expected m to be up to 3 (n), because the cache holds the queries' own tokens, got 5";

Deno.test("attention with more queries than the cache is long is refused by the interpreter, also after JSON", () => {
  for (const f of [attention, written(attention)]) {
    assertStringIncludes(assertThrows(() => interpret(f, cacheOf(5, 3)), IrError).message, OWN);
    assertEquals(interpret(f, cacheOf(3, 3)).O?.length, 24);
  }
});

Deno.test("a specialized program asks what is left, and is refused where nothing would do", () => {
  const three = specialize(attention, { n: 3 });
  assertEquals(three.requires.find((r) => r.value === "m")?.atMost, 3);
  assertStringIncludes(assertThrows(() => specialize(three, { m: 5 }), IrError).message, "got 5");
  assertEquals(specialize(three, { m: 3 }).requires, []);
});

for (const device of devices) {
  Deno.test(`attention with more queries than the cache is long is refused (${device.target.name})`, async () => {
    using program = await built(attention, device);
    const { message } = await assertRejects(() => program.run(cacheOf(5, 3)), RuntimeError);
    assertStringIncludes(message, OWN);
    const { O } = await program.run(cacheOf(3, 3));
    assert(O?.every((x) => Math.abs(x - 1) < 1e-5), `${O}`);
  });

  Deno.test(`a shape whose indices leave i32 is refused before anything is allocated (${device.target.name})`, async () => {
    // A few bytes of input, 2³⁸ rows of output.
    const X = te.placeholder("X", ["m"]);
    const Y = te.compute("Y", ["m", "n", "n"], (i) => X.at(i as Var));
    using program = await built(te.primFunc("f", [X, Y]), device);
    const { message } = await assertRejects(
      () => program.run({ X: new Float32Array(64) }, { n: 65536 }),
      RuntimeError,
    );
    assertStringIncludes(
      message,
      "expected (m * n) * n to be up to 2147483647, because Y is indexed by i32, got",
    );
  });
}

Deno.test("a program's own conditions are checked, and their parts must be of the right kind", () => {
  const X = te.placeholder("X", ["m"]);
  const first = (requires: unknown) =>
    te.primFunc("first", [
      X,
      te.compute("Y", ["n"], (i) => X.at(i as Var), {
        requires: requires as readonly ShapeCondition[],
      }),
    ]);
  const f = first([{ value: "n", atMost: "m", because: "Y is a part of X" }]);
  assertEquals(
    interpret(f, { X: new Float32Array([1, 2, 3]) }, { shapes: { n: 2 } }).Y,
    new Float64Array([1, 2]),
  );
  assertThrows(() => interpret(f, { X: new Float32Array(3) }, { shapes: { n: 4 } }), IrError, "part of X");
  assertThrows(() => first([{ value: "n", atMost: "m" }]), Error, "because");
  assertThrows(() => first([{ value: {}, atMost: "m", because: "" }]), Error, "value");
});

// Where the requirements of a program are kept, no index that it computes leaves i32: against all positions.
Deno.test("no index leaves i32 where the requirements are kept", () => {
  const arbIndex = fc.letrec<{ index: (at: readonly Var[]) => Expr }>((tie) => ({
    index: fc.oneof(
      { maxDepth: 4, depthSize: "max" },
      fc.nat(2).map((k) => (at: readonly Var[]) => at[k] as Expr),
      fc.integer({ min: -40_000, max: 40_000 }).map((c) => () => constant(c)),
      fc.tuple(
        fc.constantFrom("add", "sub", "mul", "mul", "div", "mod", "max"),
        tie("index"),
        tie("index"),
        fc.nat(7),
      ).map(
        ([op, a, b, c]) => (at: readonly Var[]) => {
          const x = a(at), y = b(at);
          return op === "add"
            ? add(x, y)
            : op === "sub"
            ? sub(x, y)
            : op === "mul"
            ? mul(x, y)
            : op === "div"
            ? floorDiv(x, c + 1)
            : op === "mod"
            ? floorMod(x, c + 1)
            : max(x, y);
        },
      ),
    ),
  })).index;
  let refused = 0, kept = 0;
  fc.assert(
    fc.property(
      arbIndex,
      fc.integer({ min: 1, max: 100_000 }),
      fc.integer({ min: 1, max: 9 }),
      (index, m, n) => {
        const M = variable("m"), X = te.placeholder("X", [M]), Y = te.placeholder("Z", ["n"]);
        const made = te.compute("Y", [M, "n"], (i, j) => cast("f32", index([i as Var, j as Var, M])));
        const f = te.primFunc("f", [X, Y, made]);
        const values = new Values(f, { m, n });
        if (brokenRequirement(f.requires, { m, n }) === undefined) {
          kept++;
          assert(values.largest() < 2 ** 31, `${f}\n${values.largest()}`);
        } else refused++;
      },
    ),
    { numRuns: 2000 },
  );
  assert(refused > 10 && kept > 500, `${refused} refused, ${kept} kept`);
});

Deno.test("what is multiplied by zero must not leave i32 either", () => {
  const X = te.placeholder("X", ["m"]);
  const Y = te.compute("Y", ["m"], (i) => cast("f32", mul(constant(0), mul(mul(i as Var, i as Var), -8))));
  const { requires } = te.primFunc("f", [X, Y]);
  assert(brokenRequirement(requires, { m: 2 ** 14 - 1 }) === undefined);
  assert(
    brokenRequirement(requires, { m: 2 ** 14 + 1 })?.endsWith("got 2147745800"),
    JSON.stringify(requires),
  );
});
