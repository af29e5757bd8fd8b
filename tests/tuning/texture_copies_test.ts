/** Activations that kernels read in textures: a run copies them there from their buffers. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { TunebookError } from "../../lib/base/error.ts";
import type { TextureCopy } from "../../lib/codegen/executable.ts";
import { readExecutable } from "../../lib/codegen/read_executable.ts";
import { graph } from "../../lib/relax/builder.ts";
import type { Graph } from "../../lib/relax/graph.ts";
import { interpretGraph } from "../../lib/relax/interpret_graph.ts";
import type { Inputs } from "../../lib/runtime/arguments.ts";
import { Passes } from "../../lib/runtime/webgpu/passes.ts";
import { memoryRows } from "../../lib/records/graph_memory.ts";
import { targetOf } from "../../lib/target/profiles.ts";
import { build } from "../../lib/tuning/build.ts";
import { compileGraph } from "../../lib/tuning/compile_graph.ts";
import { memoryOf } from "../../lib/tuning/graph_tables.ts";
import { devices } from "../devices.ts";
import { assertClose } from "./checked_graph.ts";

const random = (n: number) => new Float32Array(n).map(() => Math.random() * 2 - 1);

/** Convolutions of 23 × 31 pixels, of which the last row of a texture is a part. */
const convolutions = graph("convolutions", (b) => {
  const x = b.input("x", [1, 23, 31, 12]);
  const conv = (x: Parameters<typeof b.conv2d>[0], name: string, channels: number, filters: number) =>
    b.conv2d(x, b.weight(name, [3, 3, channels, filters]), { padding: 1, layout: "NHWC" });
  const first = conv(x, "w1", 12, 16), second = conv(first, "w2", 16, 16), third = conv(second, "w3", 16, 16);
  return { y: b.add(conv(third, "w4", 16, 8), conv(first, "w5", 16, 8)) };
});

const arrays = {
  x: random(23 * 31 * 12),
  w1: random(9 * 12 * 16),
  w2: random(9 * 256),
  w3: random(9 * 256),
  w4: random(9 * 128),
  w5: random(9 * 128),
};

/** The copies of a graph as it is compiled for a device that reads textures fastest. */
function copiesOf(g: Graph): readonly TextureCopy[] {
  const { executable } = compileGraph(g, targetOf("llvmpipe"));
  return executable.launches.flatMap((l) => l.copies ?? []);
}

Deno.test("a value is copied once, and textures are shared by values that are not needed at one time", () => {
  const copies = copiesOf(convolutions);
  assertEquals(copies.length, 4);
  // The first result is read again after the second and the third.
  assertEquals(new Set(copies.map((c) => c.to)).size, 2);
  assertEquals(copies.map((c) => c.texels), [23 * 31 * 3, 23 * 31 * 4, 23 * 31 * 4, 23 * 31 * 4]);
});

Deno.test("textures are part of the plan, of its table and of the budget", () => {
  const target = targetOf("llvmpipe"), built = compileGraph(convolutions, target), { memory } = built;
  // Rows of 1,024 texels, of 16 bytes each.
  assertEquals(memory.textures, [3 * 16 * 1024, 3 * 16 * 1024]);
  const rows = memoryRows(memoryOf(built, {})), copies = rows.filter((r) => r.kind === "copy");
  assertEquals(copies.length, 4);
  assert(copies.every((r) => r.storage >= memory.storages.length && r.storageBytes === 3 * 16 * 1024));
  const most = (list: typeof rows) =>
    Math.max(
      ...built.graph.bindings.map((_, k) =>
        list.filter((r) => r.from <= k && k <= r.to).reduce((n, r) => n + r.bytes, 0)
      ),
    );
  assertEquals(most(rows.filter((r) => r.kind !== "copy")) + most(copies), memory.live);
  assertThrows(() => compileGraph(convolutions, target, { memory: memory.bytes - 1 }), TunebookError);
  compileGraph(convolutions, target, { memory: memory.bytes });
});

Deno.test("small activations are read where they lie", () => {
  assertEquals(copiesOf(graph("small", (b) => ({ y: b.relu(b.softmax(b.input("x", [4, 64]))) }))), []);
});

Deno.test("copies are read from JSON, and checked", () => {
  const { executable } = compileGraph(convolutions, targetOf("llvmpipe"));
  const json = () => JSON.parse(JSON.stringify(executable));
  assertEquals(readExecutable(json()), executable);
  const change = (part: Partial<Record<keyof TextureCopy, unknown>>) => {
    const changed = json();
    Object.assign(changed.launches.find((l: { copies?: unknown }) => l.copies).copies[0], part);
    return () => readExecutable(changed);
  };
  for (
    const part of [{ from: "texture.0" }, { from: "?" }, { to: "x" }, { to: "w1" }, { texels: "n" }, {
      slot: 0,
    }]
  ) {
    assertThrows(change(part), TunebookError);
  }
});

for (const device of devices) {
  const on = `on ${device.target.name}`;

  Deno.test(`convolutions of copied activations are right, from arrays and from tensors ${on}`, async () => {
    const { x, ...weights } = arrays;
    const want = interpretGraph(convolutions, arrays, {});
    using model = await build(convolutions, device, { weights });
    using tensor = device.tensor(x, [1, 23, 31, 12]);
    for (const given of [x, tensor, x]) assertClose(await model.run({ x: given }), want, "convolutions");
    using bound = await model.bind({ x });
    bound.poison();
    await bound.run(3);
    assertClose(await bound.read(), want, "bound");
    // What is taken on the device is what was planned.
    const { language } = device.target, before = device.memory.activations;
    if (language === "wgsl") assert(before >= model.built.memory.bytes, `${before}`);
  });

  Deno.test(`a value that is updated in place is copied again ${on}`, async () => {
    const g = graph("updated", (b) => {
      const cache = b.input("cache", [64, 256]), row = b.input("row", [1, 256]);
      const at = b.input("at", [], "i32"), w = b.weight("w", [64, 256]);
      const before = b.linear(cache, w),
        now = b.append(cache, b.add(row, b.reduceSum(before, { axis: [0, 1] })), at);
      return { before, after: b.linear(now, w) };
    });
    const w = random(64 * 256);
    using model = await build(g, device, { weights: { w } });
    const inputs: Inputs = { cache: random(64 * 256), row: random(256), at: new Int32Array([5]) };
    const want = interpretGraph(g, { ...inputs, w } as Parameters<typeof interpretGraph>[1], {});
    assertClose(await model.run(inputs), want, "updated");
    const copies = model.built.executable.launches.flatMap((l) => l.copies ?? []);
    if (device.target.profile === "llvmpipe") {
      assertEquals(copies.map((c) => c.from).filter((name) => name === "cache").length, 2);
    }
  });

  const { target } = device;
  if (target.language !== "wgsl") continue;

  Deno.test(`passes between copies have the first moment and the last ${on}`, async () => {
    const adapter = await navigator.gpu.requestAdapter();
    if (!adapter?.features.has("timestamp-query")) return;
    const gpu = await adapter.requestDevice({ requiredFeatures: ["timestamp-query"] });
    const querySet = gpu.createQuerySet({ type: "timestamp", count: 2 });
    const { COPY_SRC, QUERY_RESOLVE, COPY_DST, MAP_READ } = GPUBufferUsage;
    for (const several of [false, true]) {
      const resolved = gpu.createBuffer({ size: 16, usage: COPY_SRC | QUERY_RESOLVE });
      const read = gpu.createBuffer({ size: 16, usage: COPY_DST | MAP_READ });
      gpu.pushErrorScope("validation");
      const encoder = gpu.createCommandEncoder(), passes = new Passes(encoder, several, querySet);
      if (several) passes.between();
      void passes.pass;
      passes.end();
      encoder.resolveQuerySet(querySet, 0, 2, resolved, 0);
      encoder.copyBufferToBuffer(resolved, 0, read, 0, 16);
      gpu.queue.submit([encoder.finish()]);
      await read.mapAsync(GPUMapMode.READ);
      const [begin = 0n, end = 0n] = new BigUint64Array(read.getMappedRange());
      assert(0n < begin && begin <= end, `${begin} to ${end}`);
      assertEquals(await gpu.popErrorScope(), null);
    }
    gpu.destroy();
  });
}
