/** What is around a kernel: one submission and one wait a run, nothing made anew, nobody's results mixed up. */
import * as te from "../../lib/face/te.ts";
import { assert, assertEquals } from "@std/assert";
import { compile } from "../../lib/codegen/compile.ts";
import { fallback } from "../../lib/dlight/fallback/fallback.ts";
import { schedule } from "../../lib/dlight/schedule.ts";
import { add, constant, mul, variable } from "../../lib/ir/build.ts";
import type { PrimFunc } from "../../lib/ir/func.ts";
import type { Device } from "../../lib/runtime/device.ts";
import { Gpu } from "../../lib/runtime/webgpu/gpu.ts";
import { Pipelines } from "../../lib/runtime/webgpu/pipelines.ts";
import { planPreparation } from "../../lib/runtime/preparation.ts";
import type { Program } from "../../lib/runtime/program.ts";
import { targetOfAdapter } from "../../lib/runtime/webgpu/adapter_target.ts";
import { openWebGpu } from "../../lib/runtime/webgpu/open_webgpu.ts";
import { BufferPool } from "../../lib/runtime/buffer_pool.ts";
import type { BoundBuffers } from "../../lib/runtime/webgpu/bound_buffers.ts";
import { webGpuProgram } from "../../lib/runtime/webgpu/load_program.ts";
import { compute } from "../../lib/te/compute.ts";
import { placeholder } from "../../lib/te/tensor.ts";
import { primFunc } from "../../lib/te/prim_func.ts";
import { devices } from "../devices.ts";
import { subjectOf, wrongAmong } from "../lower/checked_run.ts";

function load(device: Device, func: PrimFunc): Promise<Program> {
  return device.load(compile(schedule(func, device.target, [fallback]).func, device.target));
}

/** Three results of two kinds of `n` elements, an odd number of bytes among them; nothing is the same for other inputs. */
function three(): PrimFunc {
  const n = variable("n");
  const A = placeholder("A", [n]), B = placeholder("B", [n], "f16");
  const C = compute("C", [n], (i) => mul(A.at(i), A.at(i)));
  const D = compute("D", [n], (i) => add(B.at(i), constant(1, "f16")));
  const E = compute("E", [n], (i) => add(C.at(i), A.at(i)));
  return primFunc("three", [A, B, C, D, E]);
}

/** Runs of one program with different inputs and shapes, so many of them at the same time. */
async function wrongAtOnce(
  run: (
    inputs: ReturnType<typeof subjectOf>["inputs"],
    shapes: Readonly<Record<string, number>>,
  ) => ReturnType<
    Program["run"]
  >,
  func: PrimFunc,
  seed: number,
): Promise<readonly string[]> {
  const callers = Array.from({ length: 6 }, async (_, caller) => {
    const wrong: (string | undefined)[] = [];
    for (let turn = 0; turn < 5; turn++) {
      const n = [5, 64, 300][(caller + turn) % 3] as number;
      const subject = subjectOf(func, { n }, seed + 10 * caller + turn);
      wrong.push(wrongAmong(subject, await run(subject.inputs, { n })));
    }
    return wrong;
  });
  return (await Promise.all(callers)).flat().filter((w) => w !== undefined);
}

for (const device of devices) {
  const test = (name: string, body: () => Promise<void>) =>
    Deno.test(`${name} (${device.target.name})`, body);

  test("callers that run one program at the same time get their own results", async () => {
    const func = three();
    using program = await load(device, func);
    assertEquals(await wrongAtOnce((inputs, shapes) => program.run(inputs, shapes), func, 1), []);
  });

  test("two that use the same bound arguments get the same results", async () => {
    const func = three();
    using program = await load(device, func);
    const subject = subjectOf(func, { n: 33 }, 3);
    using bound = await program.bind(subject.inputs);
    bound.poison();
    const both = async () => {
      await bound.run(2);
      return wrongAmong(subject, await bound.read());
    };
    assertEquals(await Promise.all([both(), both()]), [undefined, undefined]);
  });

  test("a program may be disposed while it runs", async () => {
    const program = await load(device, te.add({ shape: [3] }));
    const A = new Float32Array(3).fill(4);
    const running = [program.run({ A, B: A }), program.run({ A, B: A })];
    program[Symbol.dispose]();
    for (const r of running) assertEquals((await r).C, new Float32Array(3).fill(8));
  });

  test("runs one after the other let timers through", async () => {
    using program = await load(device, te.add({ shape: [3] }));
    const A = new Float32Array(3);
    let fired = 0;
    const timer = setInterval(() => fired++, 1);
    try {
      // A timer that is let through fires after a few dozen runs, on any machine.
      for (let runs = 0; runs < 20_000 && fired <= 3; runs++) await program.run({ A, B: A });
    } finally {
      clearInterval(timer);
    }
    if (device.target.kind === "webgpu") assert(fired > 3, `${fired} in 20,000 runs`);
  });
}

for (const device of devices.filter((d) => d.target.kind === "webgpu")) {
  Deno.test("a run is one submission, and makes nothing that the one before it has left", async () => {
    const func = three();
    using program = await load(device, func);
    using other = await load(device, te.add({ shape: [3] }));
    const subjects = [1, 2, 3, 4].map((seed) => subjectOf(func, { n: 41 }, seed));
    const A = new Float32Array(3);
    const [first, ...rest] = subjects as [typeof subjects[0], ...typeof subjects];
    await program.run(first.inputs);
    await other.run({ A, B: A });
    using weights = await program.prepare({ B: first.inputs.B as Float16Array<ArrayBuffer> });
    await weights.run({ A: first.inputs.A as Float32Array<ArrayBuffer> });
    using bound = await program.bind(first.inputs);
    await bound.run(1);
    using counted = countCalls();
    for (const s of rest) assertEquals(wrongAmong(s, await program.run(s.inputs)), undefined);
    assertEquals(counted.calls(), { submit: 3 });
    await weights.run({ A: first.inputs.A as Float32Array<ArrayBuffer> });
    await other.run({ A, B: A });
    assertEquals(counted.calls(), { submit: 2 });
    await bound.run(100);
    assertEquals(wrongAmong(first, await bound.read()), undefined);
    assertEquals(counted.calls(), { submit: 2 });
    // Who comes while another runs has a place of his own, and leaves it for the next two.
    const pair = () => Promise.all(rest.slice(0, 2).map((s) => program.run(s.inputs)));
    await pair();
    assert((counted.calls().createBindGroup ?? 0) > 0);
    await pair();
    assertEquals(counted.calls(), { submit: 2 });
  });

  Deno.test("where a runtime maps buffers late, the results are the same", async () => {
    const backend = await openWebGpu("another runtime");
    assert(backend);
    using stack = new DisposableStack();
    stack.use(backend);
    const func = three();
    const loaded = stack.use(
      await backend.load(compile(schedule(func, backend.target).func, backend.target)),
    );
    assertEquals(await wrongAtOnce((inputs, shapes) => loaded.run(inputs, shapes), func, 7), []);
    const subject = subjectOf(func, { n: 20 }, 1);
    const bound = stack.use(await loaded.bind(subject.inputs, { n: 20 }));
    bound.poison();
    const spent = await bound.run(3);
    assert(spent.wall > 0);
    assertEquals(wrongAmong(subject, await bound.read()), undefined);
  });
}

Deno.test("the device's own clock comes with each run, also with several at a time", async () => {
  const adapter = await navigator.gpu?.requestAdapter();
  if (!adapter?.features.has("timestamp-query")) return;
  const target = { ...targetOfAdapter(adapter, ["timestamp-query"], "another"), clock: "timestamp" } as const;
  const gpuDevice = await adapter.requestDevice({ requiredFeatures: ["timestamp-query"] });
  using stack = new DisposableStack();
  const gpu = stack.use(new Gpu(gpuDevice, target));
  const pipelines = new Pipelines(gpu);
  const func = te.mul({ shape: [1 << 16] });
  const exe = compile(schedule(func, target, [fallback]).func, target);
  const launches = await Promise.all(
    exe.launches.map(async (launch) => ({ launch, pipeline: await pipelines.take(launch) })),
  );
  const loaded = stack.use(
    webGpuProgram(gpu, stack.use(new BufferPool<BoundBuffers>()), exe, launches, () => {}),
  );
  const subject = subjectOf(func, {}, 5);
  const bound = stack.use(await loaded.bind(subject.inputs, {}));
  bound.poison();
  await bound.run(1);
  const all = await Promise.all([bound.run(1), bound.run(40), bound.run(1)]);
  const [short, long, again] = all.map((s) => s.timestamp ?? NaN) as [number, number, number];
  assert(short > 0 && again > 0 && long > 3 * Math.min(short, again), `${short}, ${long}, ${again} ms`);
  assertEquals(wrongAmong(subject, await bound.read()), undefined);
  assertEquals(wrongAmong(subject, await loaded.run(subject.inputs, {})), undefined);
  const prepared = stack.use(
    await loaded.prepare(subject.inputs, {}, planPreparation(exe, ["A", "B"]), new Set()),
  );
  assertEquals(wrongAmong(subject, await prepared.run({}, {})), undefined);
});

/** Counts what is asked of WebGPU until it is disposed. */
function countCalls(): Disposable & { calls(): Readonly<Record<string, number>> } {
  const counts = new Map<string, number>();
  const watched = [
    [GPUQueue.prototype, "submit"],
    ...([
      "createBuffer",
      "createTexture",
      "createBindGroup",
      "createComputePipelineAsync",
      "createShaderModule",
    ]
      .map((name) => [GPUDevice.prototype, name] as const)),
  ] as unknown as readonly (readonly [Record<string, (...args: unknown[]) => unknown>, string])[];
  const originals = watched.map(([holder, name]) => {
    const original = holder[name] as (...args: unknown[]) => unknown;
    holder[name] = function (this: unknown, ...args: unknown[]) {
      counts.set(name, (counts.get(name) ?? 0) + 1);
      return original.apply(this, args);
    };
    return original;
  });
  return {
    /** Since the last time that it was asked. */
    calls() {
      const all = Object.fromEntries(counts);
      counts.clear();
      return all;
    },
    [Symbol.dispose]: () =>
      watched.forEach(([holder, name], k) => void (holder[name] = originals[k] as () => unknown)),
  };
}
