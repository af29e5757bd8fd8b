/** The CPU as a device: generated WebAssembly, or JavaScript. */
import { ownValue } from "../../base/own_value.ts";
import { type BufferSpec, type Executable, isGiven, isMade, type Launch } from "../../codegen/executable.ts";
import { CAPABILITIES } from "../../target/capabilities.ts";
import { targetOf } from "../../target/profiles.ts";
import type { Target } from "../../target/target.ts";
import { lengthOf, type Shapes } from "../arguments.ts";
import { poisonOf, type TypedArray } from "../arrays.ts";
import type { Arrays, Backend, Bound, Given, Loaded, Runnable, Spent, Weights } from "../backend.ts";
import { DeviceMemory } from "../device_memory.ts";
import { Ledger } from "../ledger.ts";
import { clockOf, stopwatch } from "../platform.ts";
import { RuntimeError } from "../error.ts";
import { planPreparation, type Preparation } from "../preparation.ts";
import { Arena, type Block } from "./arena.ts";
import { type ArraysByName, callsOf, type Compiled, compileLaunch } from "./calls.ts";
import { checkOpen, CpuArray, type CpuDevice, CpuMemory } from "./cpu_memory.ts";
import { hasRelaxedSimd } from "./relaxed_simd.ts";
import { Threads } from "./threads.ts";

/** How the CPU is opened. */
export interface CpuOptions {
  /** The host, as targets state it. */
  readonly runtime: string;
  /** The language of its kernels. */
  readonly language: "wasm" | "js";
  /** Whether kernels use relaxed SIMD where the host has it. */
  readonly relaxedSimd: boolean;
  /** The most bytes that are taken. Default: no limit. */
  readonly memoryLimit?: number;
  /** The threads that share large launches. Default: 1, and 1 where memory can't be shared. */
  readonly threads?: number;
}

const NAMES = { wasm: "CPU (WebAssembly)", js: "CPU (JavaScript)" } as const;

/**
 * Opens the CPU as a device.
 *
 * @throws {RuntimeError} where a thread does not start
 */
export async function openCpu(
  { runtime, language, relaxedSimd, memoryLimit, threads: asked = 1 }: CpuOptions,
): Promise<Backend> {
  const shares = asked > 1 && language === "wasm" && "SharedArrayBuffer" in globalThis;
  const arena = new Arena(shares), threads = shares ? await Threads.start(asked, arena.memory) : undefined;
  const profile = targetOf("cpu");
  const target: Target = {
    ...profile,
    ...CAPABILITIES[language],
    name: threads ? `${NAMES[language]}, ${asked} threads` : NAMES[language],
    runtime,
    // CPU time is that of all threads.
    clock: threads ? "wall" : clockOf(profile.clock, profile.timestamps),
    ...(threads ? { threads: asked } : {}),
    ...(language === "wasm" && relaxedSimd && hasRelaxedSimd() ? { relaxedSimd } : {}),
  };
  let scratch: Block | undefined;
  const on: CpuDevice = {
    arena,
    ledger: new Ledger(memoryLimit, () => {}),
    open: true,
    ...(threads ? { threads } : {}),
    scratch(bytes) {
      if (bytes > (scratch?.bytes ?? 0)) {
        scratch?.[Symbol.dispose]();
        scratch = arena.take(bytes);
      }
      return scratch?.pointer ?? 0;
    },
  };
  return {
    target,
    async load(executable) {
      await Promise.resolve();
      checkOpen(on);
      return loadCpu(on, executable);
    },
    get memory() {
      return on.ledger.use;
    },
    hold(dtype, length, zeroed) {
      checkOpen(on);
      const array = CpuArray.of(on.arena, dtype, length);
      if (zeroed) array.elements.fill(0);
      return new CpuMemory(on, array);
    },
    [Symbol.dispose]() {
      on.open = false;
      threads?.[Symbol.dispose]();
    },
  };
}

function loadCpu(on: CpuDevice, exe: Executable): Loaded {
  if (exe.language === "wgsl") {
    throw new RuntimeError(
      `cannot load ${exe.name} on the CPU: it is compiled to ${exe.language}; compile it for device.target`,
    );
  }
  const launches = exe.launches.map((launch) => compileLaunch(on, launch));
  const { own } = planPreparation(exe, []);
  const release = () => launches.forEach((c) => c[Symbol.dispose]());
  return {
    ...runnableOf(on, { own, launches, held: new Map() }, release),
    device: on,
    // deno-lint-ignore require-await
    prepare: async (inputs, shapes, plan, constants) =>
      prepare(on, launches, inputs, shapes, plan, constants),
  };
}

/** What runs: its launches, arrays that each run has, and those that all share. */
interface Parts {
  readonly own: readonly BufferSpec[];
  readonly launches: readonly Compiled[];
  readonly held: ArraysByName;
}

function runnableOf(
  on: CpuDevice,
  { own, launches, held }: Parts,
  release: () => void = () => {},
): Runnable {
  const runOnce = (placed: Placed, shapes: Shapes) =>
    callsOf(on, launches, own, placed.arrays, shapes).forEach((call) => call());
  return {
    // deno-lint-ignore require-await
    bind: async (inputs, shapes) => bind(on, { own, launches, held }, inputs, shapes),
    // deno-lint-ignore require-await
    async run(inputs, shapes) {
      using placed = place(on, own, inputs, shapes, held);
      runOnce(placed, shapes);
      return copiesOf(resultsIn(own, placed.arrays, inputs));
    },
    // deno-lint-ignore require-await
    async submit(inputs, shapes): Promise<Record<string, DeviceMemory>> {
      using placed = place(on, own, inputs, shapes, held);
      runOnce(placed, shapes);
      const made = Object.entries(resultsIn(own, placed.arrays, inputs));
      return Object.fromEntries(made.map(([name, array]) => [name, new CpuMemory(on, placed.keep(array))]));
    },
    [Symbol.dispose]: release,
  };
}

function bind(on: CpuDevice, { own, launches, held }: Parts, inputs: Given, shapes: Shapes): Bound {
  const memories = Object.values(inputs).filter((m) => m instanceof CpuMemory);
  const first = Object.fromEntries(
    Object.entries(updatedIn(own, inputs)).map(([name, array]) => [name, array.slice()]),
  );
  using stack = new DisposableStack();
  const placed = stack.use(place(on, own, inputs, shapes, held)), { arrays } = placed;
  stack.defer(on.ledger.take("bound", placed.bytes));
  for (const m of memories) stack.adopt(m.hold(), () => m.release());
  callsOf(on, launches.filter((c) => c.launch.prepares), own, arrays, shapes).forEach((call) => call());
  const calls = callsOf(on, launches.filter((c) => !c.launch.prepares), own, arrays, shapes);
  const taken = stack.move();
  return {
    poison() {
      for (const b of own) {
        if (b.role === "output" || b.role === "temp") poison(arrays.get(b.name));
      }
      for (const [name, array] of Object.entries(first)) arrays.get(name)?.elements.set(array);
    },
    run(times): Promise<Spent> {
      const spentSoFar = stopwatch();
      for (let t = 0; t < times; t++) for (const call of calls) call();
      return Promise.resolve(spentSoFar());
    },
    read: () => Promise.resolve(copiesOf(resultsIn(own, arrays, inputs))),
    [Symbol.dispose]: () => taken.dispose(),
  };
}

function prepare(
  on: CpuDevice,
  launches: readonly Compiled[],
  inputs: Given,
  shapes: Shapes,
  plan: Preparation,
  constants: ReadonlySet<string>,
): Weights {
  const among = (some: readonly Launch[]) => launches.filter((c) => some.includes(c.launch));
  const uploading = stopwatch();
  const memories = Object.values(inputs).filter((m) => m instanceof CpuMemory);
  using stack = new DisposableStack();
  using passing = place(on, plan.passing, inputs, shapes, new Map());
  const placed = stack.use(place(on, plan.kept, inputs, shapes, new Map()));
  const arrays = new Map([...passing.arrays, ...placed.arrays]);
  const upload = uploading(), preparing = stopwatch();
  callsOf(on, among(plan.launches), [], arrays, shapes).forEach((call) => call());
  const spent = preparing();
  const kept = placed.arrays;
  for (const [name, array] of kept) {
    if (inputs[name] instanceof CpuMemory) continue;
    stack.defer(on.ledger.take(constants.has(name) ? "constants" : "weights", array.bytes));
  }
  for (const m of memories) stack.adopt(m.hold(), () => m.release());
  const taken = stack.move();
  return {
    ...runnableOf(on, { own: plan.own, launches: among(plan.rest), held: kept }, () => taken.dispose()),
    upload,
    preparing: plan.launches.length > 0 ? spent : { wall: 0, cpu: 0 },
    bytes: {
      before: bytesOf(Object.keys(inputs).flatMap((name) => arrays.get(name) ?? [])),
      after: bytesOf([...kept.values()]),
    },
  };
}

/** The arrays that launches find by name. Those that were made are given back when it is disposed, but for those kept. */
class Placed implements Disposable {
  readonly arrays: Map<string, CpuArray>;
  readonly #made = new Set<CpuArray>();

  constructor(held: ArraysByName) {
    this.arrays = new Map(held);
  }

  /** Adds an array of its own. */
  add(name: string, array: CpuArray): void {
    this.arrays.set(name, array);
    this.#made.add(array);
  }

  /** The bytes of its own arrays. */
  get bytes(): number {
    return bytesOf([...this.#made]);
  }

  /** Leaves an array to the caller. */
  keep(array: CpuArray): CpuArray {
    this.#made.delete(array);
    return array;
  }

  [Symbol.dispose](): void {
    for (const { block } of this.#made) block[Symbol.dispose]();
    this.#made.clear();
  }
}

/** Finds those held, memory that is given, copies of given arrays, and room for all else that is `own`. */
function place(
  on: CpuDevice,
  own: readonly BufferSpec[],
  inputs: Given,
  shapes: Shapes,
  held: ArraysByName,
): Placed {
  using stack = new DisposableStack();
  const placed = stack.use(new Placed(held));
  for (const b of own) {
    const given = isGiven(b) ? ownValue(inputs, b.name) : undefined;
    if (given instanceof CpuMemory) placed.arrays.set(b.name, given.array);
    else {
      const array = CpuArray.of(on.arena, b.dtype, lengthOf(b, shapes));
      placed.add(b.name, array);
      if (given === undefined) poison(array);
      else array.elements.set(given as TypedArray);
    }
  }
  stack.move();
  return placed;
}

function poison(array: CpuArray | undefined): void {
  const elements = array?.elements;
  elements?.fill(poisonOf(array?.dtype ?? "f32"));
}

/** The results, but for memory that was given and is updated in place. */
function resultsIn(
  own: readonly BufferSpec[],
  arrays: ArraysByName,
  inputs: Given,
): Record<string, CpuArray> {
  const results = own.filter((b) => isMade(b) && !(inputs[b.name] instanceof CpuMemory));
  return Object.fromEntries(results.map((b) => [b.name, arrays.get(b.name) as CpuArray]));
}

/** The arrays that a run updates in place. */
function updatedIn(own: readonly BufferSpec[], inputs: Given): Arrays {
  const updated = own.filter((b) => b.role === "inPlace").map((b) => [b.name, inputs[b.name]] as const);
  return Object.fromEntries(
    updated.flatMap(([name, x]) => x && !(x instanceof DeviceMemory) ? [[name, x]] : []),
  );
}

function copiesOf(arrays: Readonly<Record<string, CpuArray>>): Record<string, TypedArray> {
  return Object.fromEntries(Object.entries(arrays).map(([name, array]) => [name, array.elements.slice()]));
}

function bytesOf(arrays: readonly CpuArray[]): number {
  return arrays.reduce((n, a) => n + a.bytes, 0);
}
