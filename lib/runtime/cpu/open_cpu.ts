/** The CPU as a device: generated JavaScript. */
import { messageOf } from "../../base/error.ts";
import { ownValue } from "../../base/own_value.ts";
import { layoutArena } from "../../codegen/arena.ts";
import { type BufferSpec, type Executable, isGiven, isMade, type Launch } from "../../codegen/executable.ts";
import { evaluate } from "../../ir/json.ts";
import { targetOf } from "../../target/profiles.ts";
import type { Target } from "../../target/target.ts";
import { lengthOf, type Shapes } from "../arguments.ts";
import { ARRAYS, poisoned, type TypedArray } from "../arrays.ts";
import type { Arrays, Backend, Bound, Given, Loaded, Runnable, Spent, Weights } from "../backend.ts";
import { DeviceMemory } from "../device_memory.ts";
import { Ledger } from "../ledger.ts";
import { clockOf, stopwatch } from "../platform.ts";
import { CompileError, RuntimeError } from "../error.ts";
import { planPreparation, type Preparation } from "../preparation.ts";
import { checkOpen, type CpuDevice, CpuMemory } from "./cpu_memory.ts";

type Run = (buffers: readonly TypedArray[], uniforms: Int32Array, grid: readonly number[]) => void;
type ArraysByName = ReadonlyMap<string, TypedArray>;

/** A launch with its function. */
interface Compiled {
  readonly launch: Launch;
  readonly run: Run;
}

/** Opens the CPU as a device. `runtime` is the host, as targets state it; `memoryLimit` is the most bytes that are taken. */
export function openCpu(runtime: string, memoryLimit?: number): Backend {
  const profile = targetOf("cpu");
  const target: Target = {
    ...profile,
    name: "CPU (JavaScript)",
    runtime,
    clock: clockOf(profile.clock, profile.timestamps),
  };
  const on: CpuDevice = { ledger: new Ledger(memoryLimit, () => {}), open: true };
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
    hold(dtype, length) {
      checkOpen(on);
      return new CpuMemory(on, dtype, length);
    },
    [Symbol.dispose]: () => void (on.open = false),
  };
}

function loadCpu(on: CpuDevice, exe: Executable): Loaded {
  if (exe.language !== "js") {
    throw new RuntimeError(
      `cannot load ${exe.name} on the CPU: it is compiled to ${exe.language}; compile it for device.target`,
    );
  }
  const launches = exe.launches.map((launch): Compiled => {
    try {
      return { launch, run: new Function("buffers", "uniforms", "grid", launch.source) as Run };
    } catch (e) {
      throw new CompileError(`cannot compile ${launch.name}: ${messageOf(e)}`);
    }
  });
  const { own } = planPreparation(exe, []);
  return {
    ...runnableOf(on, { own, launches, held: new Map() }),
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
  /** Runs on arrays of its own, but for memory: no other run sees them, so only what it updates is copied. */
  const runOnce = (inputs: Given, shapes: Shapes): Record<string, TypedArray> => {
    const arrays = place(own, { ...arraysOf(inputs), ...copiesOf(updatedIn(own, inputs)) }, shapes, held);
    callsOf(launches, own, arrays, shapes).forEach((call) => call());
    return resultsIn(own, arrays, inputs);
  };
  return {
    // deno-lint-ignore require-await
    bind: async (inputs, shapes) => bind(on, { own, launches, held }, inputs, shapes),
    // deno-lint-ignore require-await
    run: async (inputs, shapes) => runOnce(inputs, shapes),
    // deno-lint-ignore require-await
    async submit(inputs, shapes): Promise<Record<string, DeviceMemory>> {
      const made = Object.entries(runOnce(inputs, shapes));
      return Object.fromEntries(made.map(([name, array]) => {
        const { dtype } = own.find((b) => b.name === name) as BufferSpec;
        return [name, new CpuMemory(on, dtype, array.length, array)];
      }));
    },
    [Symbol.dispose]: release,
  };
}

function bind(on: CpuDevice, { own, launches, held }: Parts, inputs: Given, shapes: Shapes): Bound {
  const memories = Object.values(inputs).filter((m) => m instanceof CpuMemory);
  const first = copiesOf(updatedIn(own, inputs));
  const arrays = place(own, keptArraysOf(inputs), shapes, held);
  const shared = new Set([...held.values(), ...memories.map((m) => m.array)]);
  const release = on.ledger.take("bound", bytesOf(arrays.values().filter((a) => !shared.has(a)).toArray()));
  memories.forEach((m) => m.hold());
  callsOf(launches.filter((c) => c.launch.prepares), own, arrays, shapes).forEach((call) => call());
  const calls = callsOf(launches.filter((c) => !c.launch.prepares), own, arrays, shapes);
  return {
    poison() {
      for (const b of own) {
        const array = arrays.get(b.name);
        if (b.role === "output" || b.role === "temp") array?.set(poisoned(b.dtype, lengthOf(b, shapes)));
      }
      for (const [name, array] of Object.entries(first)) arrays.get(name)?.set(array);
    },
    run(times): Promise<Spent> {
      const spentSoFar = stopwatch();
      for (let t = 0; t < times; t++) for (const call of calls) call();
      return Promise.resolve(spentSoFar());
    },
    read: () => Promise.resolve(copiesOf(resultsIn(own, arrays, inputs))),
    [Symbol.dispose]() {
      release();
      memories.forEach((m) => m.release());
    },
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
  const arrays = place([...plan.kept, ...plan.passing], keptArraysOf(inputs), shapes, new Map());
  const upload = uploading(), preparing = stopwatch();
  callsOf(among(plan.launches), [], arrays, shapes).forEach((call) => call());
  const spent = preparing();
  const kept = new Map(plan.kept.map((b) => [b.name, arrays.get(b.name) as TypedArray]));
  using stack = new DisposableStack();
  for (const [name, array] of kept) {
    if (inputs[name] instanceof CpuMemory) continue;
    stack.defer(on.ledger.take(constants.has(name) ? "constants" : "weights", array.byteLength));
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

/** The arrays that launches find by name: those held, the inputs, and room for all else that is `own`. */
function place(
  own: readonly BufferSpec[],
  inputs: Arrays,
  shapes: Shapes,
  held: ArraysByName,
): ArraysByName {
  const arrays = new Map(held);
  for (const b of own) {
    const given = isGiven(b) ? ownValue(inputs, b.name) : undefined;
    arrays.set(b.name, given ?? poisoned(b.dtype, lengthOf(b, shapes)));
  }
  return arrays;
}

function callsOf(
  launches: readonly Compiled[],
  own: readonly BufferSpec[],
  arrays: ArraysByName,
  shapes: Shapes,
): readonly (() => void)[] {
  const slots = own.find((b) => b.slots)?.slots;
  const layout = slots && layoutArena(slots, shapes);
  return launches.map(({ launch, run }) => {
    const buffers = launch.bindings.map(({ name, view, slot }) => {
      const array = arrays.get(name) as TypedArray;
      const offset = slot === undefined ? 0 : layout?.offsets[slot] ?? 0;
      return view ? new ARRAYS[view.dtype](array.buffer, offset, lengthOf(view, shapes)) : array;
    });
    const uniforms = Int32Array.from(launch.uniforms, (name) => shapes[name] ?? 0);
    const grid = launch.grid.map((g) => evaluate(g, shapes));
    return () => run(buffers, uniforms, grid);
  });
}

/** The results, but for memory that was given and is updated in place. */
function resultsIn(
  own: readonly BufferSpec[],
  arrays: ArraysByName,
  inputs: Given,
): Record<string, TypedArray> {
  const results = own.filter((b) => isMade(b) && !(inputs[b.name] instanceof CpuMemory));
  return Object.fromEntries(results.map((b) => [b.name, arrays.get(b.name) as TypedArray]));
}

/** The arrays that a run updates in place. */
function updatedIn(own: readonly BufferSpec[], inputs: Given): Arrays {
  const updated = own.filter((b) => b.role === "inPlace").map((b) => [b.name, inputs[b.name]] as const);
  return Object.fromEntries(
    updated.flatMap(([name, x]) => x && !(x instanceof DeviceMemory) ? [[name, x]] : []),
  );
}

/** The arguments as arrays: those of memory are the elements themselves. */
function arraysOf(inputs: Given): Arrays {
  return Object.fromEntries(
    Object.entries(inputs).map(([name, x]) => [name, x instanceof CpuMemory ? x.array : x as TypedArray]),
  );
}

/** The arguments as arrays that stay: the elements of memory themselves, and copies of arrays. */
function keptArraysOf(inputs: Given): Arrays {
  return Object.fromEntries(
    Object.entries(inputs).map((
      [name, x],
    ) => [name, x instanceof CpuMemory ? x.array : (x as TypedArray).slice()]),
  );
}

function copiesOf(arrays: Arrays): Record<string, TypedArray> {
  return Object.fromEntries(Object.entries(arrays).map(([name, array]) => [name, array.slice()]));
}

function bytesOf(arrays: readonly TypedArray[]): number {
  return arrays.reduce((n, a) => n + a.byteLength, 0);
}
