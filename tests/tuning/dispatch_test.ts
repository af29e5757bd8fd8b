import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { buildDispatch } from "../../lib/tuning/dispatch.ts";
import { IrError } from "../../lib/ir/error.ts";
import { TunebookError } from "../../lib/base/error.ts";
import { interpret } from "../../lib/interp/interpret.ts";
import { equalFunc } from "../../lib/ir/equal.ts";
import { specialize } from "../../lib/arith/specialize.ts";
import { verifyFunc } from "../../lib/ir/verify.ts";
import { checkOutput } from "../../lib/measure/check.ts";
import { randomInputs } from "../../lib/measure/random_inputs.ts";
import { RuntimeError } from "../../lib/runtime/error.ts";
import { attention, matmul, softmax } from "../../lib/face/te.ts";
import { devices } from "../devices.ts";

const linear = matmul({ m: "m", n: 40, k: 64, weights: "q4f16_1", bias: true });

for (const device of devices) {
  Deno.test(`${device.target.profile}: each number of rows takes its bucket, and all are right`, async () => {
    using dispatch = await buildDispatch(linear, device);
    assertEquals(dispatch.buckets.map((b) => [b.upTo, b.rule]), [
      [1, "GEMV"],
      [2, "LowBatchGEMV"],
      [8, "LowBatchGEMV"],
      [Infinity, "Matmul"],
    ]);
    for (const m of [1, 2, 3, 5, 8, 9, 21]) {
      const inputs = randomInputs(linear, m, { m });
      const { C } = await dispatch.run(inputs);
      const expected = interpret(linear, inputs).C;
      assert(C && expected);
      assertEquals(checkOutput("C", C, expected, "f16").wrong, undefined, `${m} rows`);
    }
  });
}

Deno.test("the bucket is the first that is large enough", async () => {
  using dispatch = await buildDispatch(linear, devices[0]!, { buckets: [8, 4, 4] });
  assertEquals([1, 4, 5, 8, 9, 1000].map((m) => dispatch.bucketOf(m).upTo), [4, 4, 8, 8, Infinity, Infinity]);
});

Deno.test("an operator that is no matrix product has one program for many rows", async () => {
  using dispatch = await buildDispatch(softmax({ rows: "m", columns: 32 }), devices[0]!);
  assertEquals(dispatch.buckets.map((b) => b.upTo), [1, Infinity]);
});

Deno.test("buckets that can't be are refused", async () => {
  const device = devices[0]!;
  const refused = (what: () => Promise<unknown>, says: string) => assertRejects(what, TunebookError, says);
  await refused(() => buildDispatch(linear, device, { variable: "n" }), "its shape variables are m");
  await refused(
    () => buildDispatch(linear, device, { buckets: [0] }),
    "expected buckets[0] of buildDispatch to be an integer of at least 1, got 0",
  );
  using dispatch = await buildDispatch(linear, device, { buckets: [] });
  await assertRejects(() => dispatch.run({}), RuntimeError, "expected argument A");
});

Deno.test("a specialized program is the one with that number written in", () => {
  const symbolic = matmul({ m: "m", n: 8, k: 16 });
  assert(equalFunc(specialize(symbolic, { m: 5 }), matmul({ m: 5, n: 8, k: 16 })));
  const half = specialize(attention({ queries: "m", length: "L", heads: 2, kvHeads: 1, headDim: 4 }), {
    m: 3,
  });
  verifyFunc(half);
  assertEquals(half.shapeVars.map((v) => v.name), ["L"]);
  const inputs = randomInputs(half, 1, { L: 70 });
  assertEquals(
    interpret(half, inputs),
    interpret(attention({ queries: "m", length: "L", heads: 2, kvHeads: 1, headDim: 4 }), inputs, {
      shapes: { m: 3 },
    }),
  );
  assertThrows(() => specialize(symbolic, { k: 3 }), IrError, "its shape variables are m");
  assertThrows(() => specialize(symbolic, { m: 0 }), IrError, "expected m to be a positive integer, got 0");
});
