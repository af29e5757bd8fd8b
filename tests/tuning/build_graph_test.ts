/** Graphs on devices: what they compute, where their values lie, and what is refused. */
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import { TunebookError } from "../../lib/base/error.ts";
import { readExecutable } from "../../lib/codegen/read_executable.ts";
import type { NumberArray } from "../../lib/interp/interpret.ts";
import { graph } from "../../lib/relax/builder.ts";
import { interpretGraph } from "../../lib/relax/interpret_graph.ts";
import { TuningDatabase } from "../../lib/records/database.ts";
import type { Device } from "../../lib/runtime/device.ts";
import { build } from "../../lib/tuning/build.ts";
import { tune } from "../../lib/tuning/tune.ts";
import type { Inputs } from "../../lib/runtime/arguments.ts";
import * as te from "../../lib/face/te.ts";
import { devices } from "../devices.ts";
import { byText, SimulatedMeasuring } from "./simulated_measuring.ts";
import { arbGraph } from "../relax/random_graph.ts";
import { assertClose, checkGraph, WAYS } from "./checked_graph.ts";

const GRAPHS = Number(Deno.args.find((a) => /^\d+$/.test(a)) ?? 40);

for (const device of devices) {
  const { target } = device;
  const numRuns = target.kind === "cpu" ? GRAPHS : Math.ceil(GRAPHS / 4);
  Deno.test(`${numRuns} random graphs are right at levels 0 and 1 and with random schedules on ${target.name}`, async () => {
    await fc.assert(
      fc.asyncProperty(arbGraph, async (g) => {
        const want = interpretGraph(g.graph, g.arrays, g.shapes);
        for (const way of WAYS) await checkGraph(g, device, way, want);
      }),
      { numRuns, endOnFailure: true },
    );
  });
}

const mlp = graph("mlp", (b) => {
  const x = b.input("x", ["n", 64]);
  const h = b.gelu(b.add(b.linear(x, b.weight("w1", [256, 64])), b.weight("b1", [256])));
  return { y: b.softmax(b.linear(h, b.weight("w2", [10, 256]))) };
});
const weights = {
  w1: new Float32Array(256 * 64).fill(0.01),
  b1: new Float32Array(256).fill(0.5),
  w2: new Float32Array(2560).fill(0.02),
};

for (const device of devices) {
  const on = `on ${device.target.name}`;

  Deno.test(`values lie in an arena where storages waste memory, at any sizes ${on}`, async () => {
    // Two values of 100 columns, and then three of 70: storages are of 100, 100 and 70.
    const g = graph("phases", (b) => {
      const x = b.input("x", ["n", 4]), a = b.softmax(b.linear(x, b.weight("w1", [100, 4])));
      const s = b.softmax(b.linear(a, b.weight("w2", [4, 100])));
      const p = b.linear(s, b.weight("w3", [70, 4])), q = b.softmax(p), r = b.softmax(q);
      return { y: b.add(b.add(p, q), r) };
    });
    const random = (n: number) => new Float32Array(n).map(() => Math.random() * 2 - 1);
    const weights = { w1: random(400), w2: random(400), w3: random(280) };
    using model = await build(g, device, { weights, bounds: { n: 64 } });
    const { behind, bytes, live } = model.built.memory;
    assert(behind && bytes <= 1.1 * live, model.explain());
    const { executable } = model.built;
    assertEquals(readExecutable(JSON.parse(JSON.stringify(executable))), executable);
    for (const n of [64, 1, 37]) {
      const x = random(4 * n);
      assertClose(await model.run({ x }), interpretGraph(g, { ...weights, x }), `n = ${n}`);
      using bound = await model.bind({ x });
      bound.poison();
      await bound.run(2);
      assertClose(await bound.read(), interpretGraph(g, { ...weights, x }), `n = ${n}`);
    }
  });

  Deno.test(`a graph says what became of it ${on}`, async () => {
    using model = await build(mlp, device, { weights, bounds: { n: 32 }, memory: "64 KiB" });
    assertEquals(model.launches, 3);
    assertStringIncludes(model.explain(), "lv2 = fused_linear_add_gelu: Matmul, 1 kernel");
    const { y } = await model.run({ x: new Float32Array(3 * 64).fill(1) });
    assert(y?.length === 30 && y.every((p) => Math.abs(p - 0.1) < 1e-6), `${y}`);
    using plain = await build(mlp, device, { weights, bounds: { n: 32 }, level: 0 });
    assert(plain.launches > 3 && plain.explain().includes("linear: Fallback"), plain.explain());
  });

  Deno.test(`what can't be built or run is refused ${on}`, async () => {
    const refused = async (says: string, made: () => Promise<unknown>) => {
      assertStringIncludes((await assertRejects(made, TunebookError)).message, says);
    };
    await refused("got none of n: give bounds { n: … }", () => build(mlp, device, { weights }));
    await refused(
      "to fit in 1024 bytes, got",
      () => build(mlp, device, { weights, bounds: { n: 32 }, memory: 1024 }),
    );
    await refused('as "256 MiB"', () => build(mlp, device, { weights, bounds: { n: 32 }, memory: "much" }));
    const { w2: _, ...some } = weights;
    await refused("got none for w2", () => build(mlp, device, { weights: some, bounds: { n: 32 } }));
    const other = { ...weights, w3: new Float32Array(1) };
    await refused("got one for w3", () => build(mlp, device, { weights: other, bounds: { n: 32 } }));
    const short = { ...weights, w2: new Float32Array(7) };
    await refused(
      "expected 2560 elements of w2: f32[10, 256], got 7",
      () => build(mlp, device, { weights: short, bounds: { n: 32 } }),
    );
    await refused("unknown option", () => build(mlp, device, { weight: weights } as object));
    using model = await build(mlp, device, { weights, bounds: { n: 2 } });
    await refused(
      "expected n to be up to 2, because memory is planned for bounds { n: 2 }, got 3",
      () => model.run({ x: new Float32Array(3 * 64) }),
    );
    await refused("expected argument x: f32[n, 64], got nothing", () => model.run({}));
    model[Symbol.dispose]();
    await refused("disposed", () => model.run({ x: new Float32Array(64) }));
  });

  Deno.test(`results never alias what a caller holds, and runs at one time are their own ${on}`, async () => {
    using model = await build(mlp, device, { weights, bounds: { n: 8 } });
    const inputs = [1, 2, 3, 4].map((n) => ({ x: new Float32Array(n * 64).map((_, k) => Math.sin(k * n)) }));
    const alone = [];
    for (const x of inputs) alone.push(await model.run(x));
    const first = alone.map(({ y }) => y?.slice());
    assertEquals((await Promise.all(inputs.map((x) => model.run(x)))).map(({ y }) => y), first);
    assertEquals(alone.map(({ y }) => y), first);
  });

  Deno.test(`leading axes are rows, whatever their number ${on}`, async () => {
    const heads = graph("heads", (b) => {
      const x = b.input("x", [2, "n", 16]), w = b.weight("w", [24, 16]), g = b.weight("g", [2, 3, 24]);
      const h = b.add(b.linear(x, w), b.weight("bias", [24]));
      return {
        h: b.silu(h),
        s: b.mul(b.input("z", [2, 3, 24]), g),
        t: b.softmax(b.matmul(h, b.input("k", [2, 40, 24]), { transposeB: true })),
      };
    });
    const of = (size: number) => new Float32Array(size).map((_, k) => Math.sin(k) / 2);
    const given = { w: of(384), g: of(144), bias: of(24) }, inputs = { x: of(96), z: of(144), k: of(1920) };
    using model = await build(heads, device, { weights: given, bounds: { n: 5 } });
    const rules = model.built.functions.map((f) => f.rule);
    assert(!rules.includes("Fallback") && rules.filter((r) => r === "Matmul").length === 2, model.explain());
    assertClose(await model.run(inputs), interpretGraph(heads, { ...given, ...inputs }), model.explain());
  });

  Deno.test(`packed weights are decoded where products and tables read them ${on}`, async () => {
    const quantized = graph("quantized", (b) => {
      const w = b.dequantizeQ4(b.weight("w_q", [32, 8], "u32"), b.weight("w_scale", [32, 2]), { k: 64 });
      const table = b.dequantizeQ4(b.weight("t_q", [16, 8], "u32"), b.weight("t_scale", [16, 2]), { k: 64 });
      const h = b.embedding(table, b.input("ids", ["n"], "i32", { below: 16 }));
      return { y: b.silu(b.linear(b.rmsNorm(h, b.weight("g", [64])), w)) };
    });
    const of = (size: number) => new Float32Array(size).map((_, k) => Math.sin(k) / 2);
    const packed = (n: number) => te.quantizeQ4(of(n * 64), { n, k: 64, layout: "q4f32_1" });
    const w = packed(32), t = packed(16);
    const given = { w_q: w.W_q, w_scale: w.W_scale, t_q: t.W_q, t_scale: t.W_scale, g: of(64) };
    const ids = new Int32Array([15, 0, 7]);
    using model = await build(quantized, device, { weights: given as Inputs, bounds: { n: 4 } });
    assertStringIncludes(model.explain(), "fused_dequantize_q4_linear_silu: Matmul");
    assertStringIncludes(model.explain(), "fused_dequantize_q4_embedding");
    const want = interpretGraph(quantized, { ...given, ids } as Record<string, NumberArray>);
    assertClose(await model.run({ ids }), want, model.explain());
  });

  Deno.test(`a weight that two functions want in different memory, and constants, are right ${on}`, async () => {
    const tied = graph("tied", (b) => {
      const table = b.weight("table", [32, 16]);
      const h = b.embedding(table, b.input("ids", ["n"], "i32", { below: 32 }));
      const scaled = b.mul(h, b.constant("scale", new Float32Array(16).fill(0.5), [16]));
      // Names that the parts of a program might have, too.
      const storage0 = b.relu(b.linear(scaled, table), { name: "storage0" });
      return { y: b.softmax(storage0), h, again: h, same: b.weight("call0_table", [3]) };
    });
    const table = new Float32Array(512).map((_, k) => Math.cos(k)), ids = new Int32Array([3, 31, 0]);
    const call0_table = new Float32Array([1, 2, 3]);
    using model = await build(tied, device, { weights: { table, call0_table }, bounds: { n: 4 } });
    const want = interpretGraph(tied, { table, call0_table, ids });
    assertClose(await model.run({ ids }), want, model.explain());
  });
}

Deno.test("the functions of a graph are searched with one budget, and level 2 takes what is found", async () => {
  const device = devices[0] as Device;
  using database = TuningDatabase.memory();
  const { open } = new SimulatedMeasuring(byText);
  const log = await tune(mlp, device, {
    budget: { trials: 9 },
    database,
    bounds: { n: 8 },
    seed: 1,
    open,
    tuner: "random",
  });
  assertEquals(log.rows.map((r) => r.kernels), ["fused_linear_add_gelu", "linear", "softmax"]);
  assertEquals(log.rows.reduce((n, r) => n + r.trials, 0), 9);
  assert(database.records.length > 0);
  using model = await build(mlp, device, { weights, bounds: { n: 8 }, level: 2, database });
  assert(model.built.functions.some((f) => f.how === "record"), model.explain());
  assertStringIncludes(model.explain(), "(record)");
  const x = new Float32Array(3 * 64).map((_, k) => Math.sin(k));
  assertClose(await model.run({ x }), interpretGraph(mlp, { ...weights, x }), model.explain());
  using searched = await build(mlp, device, {
    weights,
    bounds: { n: 8 },
    level: 3,
    budget: { trials: 3 },
    seed: 1,
  });
  assertClose(await searched.run({ x }), interpretGraph(mlp, { ...weights, x }), searched.explain());
  await assertRejects(
    () => build(mlp, device, { weights, bounds: { n: 8 }, level: 2 }),
    TunebookError,
    "a database",
  );
  await assertRejects(
    () => build(mlp, device, { weights, bounds: { n: 8 }, level: 3 }),
    TunebookError,
    "a budget",
  );
});
