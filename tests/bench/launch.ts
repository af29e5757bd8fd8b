/**
 * What everything around a kernel costs on this device: a dispatch, a wait, binding, the first run, and whole runs
 * from typed arrays to typed arrays.
 *
 *     deno task bench:launch [--rounds 40] [--backend webgpu|cpu]
 */
import * as te from "../../lib/face/te.ts";
import { argumentsOf, type CliOption, type Command, runCommand } from "../../lib/cli/arguments.ts";
import { BACKEND, deviceFrom } from "../../lib/cli/common_options.ts";
import { numberOf } from "./options.ts";
import { compile } from "../../lib/codegen/compile.ts";
import { schedule } from "../../lib/dlight/schedule.ts";
import { constant, mul } from "../../lib/ir/build.ts";
import type { PrimFunc } from "../../lib/ir/func.ts";
import { median } from "../../lib/base/statistics.ts";
import { textOf } from "../../lib/notebook/tables.ts";
import { cpuTime } from "../../lib/runtime/platform.ts";
import { Device } from "../../lib/runtime/device.ts";
import type { Program } from "../../lib/runtime/program.ts";
import { compute } from "../../lib/te/compute.ts";
import { placeholder } from "../../lib/te/tensor.ts";
import { primFunc } from "../../lib/te/prim_func.ts";

const DISPATCHES = 500;
const TOGETHER = 8;

const SMALL = 64, SIDE = 1 << 10, LARGE = SIDE * SIDE;

/** `A` of `n` elements times each of `factors`; with factors that are new, the driver has no such kernel yet. */
function times(n: number, ...factors: readonly number[]): PrimFunc {
  const A = placeholder("A", [n]);
  const results = factors.map((f, k) => compute(`R${k}`, [n], (i) => mul(A.at(i), constant(f, "f32"))));
  return primFunc("times", [A, ...results]);
}

interface Row {
  readonly what: string;
  /** Median and least of the rounds, and the process's CPU time of one, milliseconds. */
  readonly ms: number;
  readonly least: number;
  readonly cpu: number;
}

/** Times `each`, `per` things at a time. */
async function time(what: string, rounds: number, each: () => unknown, per = 1): Promise<Row> {
  await each();
  const samples: number[] = [], cpu = cpuTime();
  for (let k = 0; k < rounds; k++) {
    const begin = performance.now();
    await each();
    samples.push((performance.now() - begin) / per);
  }
  return { what, ms: median(samples), least: Math.min(...samples), cpu: (cpuTime() - cpu) / rounds / per };
}

async function rowsOf(device: Device, rounds: number): Promise<readonly Row[]> {
  const { target } = device;
  const load = (func: PrimFunc): Promise<Program> =>
    device.load(compile(schedule(func, target).func, target));
  const A = new Float32Array(SMALL).fill(1);
  const fresh = () => load(times(SMALL, 2 + Math.random()));
  using program = await load(times(SMALL, 2));
  using three = await load(times(SMALL, 2, 3, 4));
  using large = await load(times(LARGE, 2));
  using product = await load(te.gemv({ n: SIDE, k: SIDE }));
  using bound = await program.bind({ A });
  const x = new Float32Array(SIDE).fill(1);
  const image = new Float32Array(LARGE).fill(1);
  const rows: Row[] = [];
  const add = async (...args: Parameters<typeof time>) => void rows.push(await time(...args));

  if (target.kind === "webgpu") await platformRows(add, rounds);
  const firsts: Program[] = [];
  await add("load a new program", 8, async () => void firsts.push(await fresh()));
  await add("its first run", firsts.length - 1, async () => {
    using first = firsts.pop();
    await first?.run({ A });
  });
  await add("bind", rounds, async () => (await program.bind({ A }))[Symbol.dispose]());
  await add("run nothing and wait, bound", rounds, () => bound.run(0));
  await add("run once, bound", rounds, () => bound.run(1));
  await add(`one of ${DISPATCHES} dispatches, bound`, 10, () => bound.run(DISPATCHES), DISPATCHES);
  await add("read, bound", rounds, () => bound.read());
  await add("run, one result", rounds, () => program.run({ A }));
  await add("run, three results", rounds, () => three.run({ A }));
  await add(
    `one of ${TOGETHER} runs at a time`,
    rounds,
    () => Promise.all(Array.from({ length: TOGETHER }, () => program.run({ A }))),
    TOGETHER,
  );
  await add("run a product, its 4 MiB of weights given each time", 10, () => product.run({ A: image, x }));
  await add("prepare these weights", 10, async () => (await product.prepare({ A: image }))[Symbol.dispose]());
  using weights = await product.prepare({ A: image });
  await add("run it with prepared weights", rounds, () => weights.run({ x }));
  await add("run, 4 MiB in and out", 10, () => large.run({ A: image }));
  return rows;
}

/** What the runtime asks for by itself, on a device of its own. */
async function platformRows(
  add: (what: string, rounds: number, each: () => unknown) => Promise<void>,
  rounds: number,
): Promise<void> {
  const adapter = await navigator.gpu?.requestAdapter();
  const device = await adapter?.requestDevice();
  if (!device) return;
  const { queue } = device;
  await add(
    "the runtime: submit nothing",
    rounds,
    () => queue.submit([device.createCommandEncoder().finish()]),
  );
  await add("the runtime: wait for nothing", rounds, () => queue.onSubmittedWorkDone());
  const staging = device.createBuffer({ size: 16, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
  await add("the runtime: map a buffer", rounds, async () => {
    await staging.mapAsync(GPUMapMode.READ);
    staging.unmap();
  });
  device.destroy();
}

const COMMAND = {
  name: "deno task bench:launch",
  summary: "Measures what surrounds a kernel on this device: dispatches, waits, whole runs.",
  options: { rounds: numberOf("Rounds", 40), backend: BACKEND },
} as const satisfies Command<Readonly<Record<string, CliOption>>>;

async function benchLaunch(args: readonly string[]): Promise<void> {
  const { rounds = 40, backend } = argumentsOf(COMMAND, args).values;
  using device = await Device.open(deviceFrom(backend));
  console.log(`${device.target.name}, ${device.target.runtime}; milliseconds`);
  const show = (ms: number) => ms.toFixed(3);
  const rows = await rowsOf(device, rounds);
  console.log(
    textOf([
      ["what", "ms", "least", "CPU"],
      ...rows.map((r) => [r.what, ...[r.ms, r.least, r.cpu].map(show)]),
    ]),
  );
}

if (import.meta.main) await runCommand(COMMAND, benchLaunch);
