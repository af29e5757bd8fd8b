/** The CPU as a device: generated JavaScript. */
import { messageOf } from "../../base/error.ts";
import { ownValue } from "../../base/own_value.ts";
import type { BufferSpec, Executable, Launch } from "../../codegen/executable.ts";
import { evaluate } from "../../ir/json.ts";
import { targetOf } from "../../target/profiles.ts";
import type { Target } from "../../target/target.ts";
import { type Inputs, isGiven, isMade, lengthOf, type Shapes } from "../arguments.ts";
import { ARRAYS, poisoned, type TypedArray } from "../arrays.ts";
import type { Backend, Bound, Loaded, Runnable, Spent, Weights } from "../backend.ts";
import { clockOf, stopwatch } from "../platform.ts";
import { CompileError, DeviceLostError, RuntimeError } from "../error.ts";
import { planPreparation, type Preparation } from "../preparation.ts";

type Run = (buffers: readonly TypedArray[], uniforms: Int32Array, grid: readonly number[]) => void;
type Arrays = ReadonlyMap<string, TypedArray>;

/** A launch with its function. */
interface Compiled {
  readonly launch: Launch;
  readonly run: Run;
}

/** Opens the CPU as a device. `runtime` is the host, as targets state it. */
export function openCpu(runtime: string): Backend {
  const profile = targetOf("cpu");
  const target: Target = {
    ...profile,
    name: "CPU (JavaScript)",
    runtime,
    clock: clockOf(profile.clock, profile.timestamps),
  };
  let open = true;
  return {
    target,
    load(executable) {
      if (!open) {
        return Promise.reject(new DeviceLostError("the device is lost (it was disposed): open a new one"));
      }
      return Promise.resolve(loadCpu(executable));
    },
    [Symbol.dispose]: () => void (open = false),
  };
}

function loadCpu(exe: Executable): Loaded {
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
  return {
    ...runnableOf(planPreparation(exe, []).own, launches, new Map()),
    prepare: (inputs, shapes, plan) => Promise.resolve(prepare(launches, inputs, shapes, plan)),
  };
}

function runnableOf(own: readonly BufferSpec[], launches: readonly Compiled[], held: Arrays): Runnable {
  return {
    bind(inputs, shapes): Promise<Bound> {
      const arrays = place(own, copiesOf(inputs), shapes, held);
      const first = copiesOf(updatedIn(own, inputs));
      callsOf(launches.filter((c) => c.launch.prepares), arrays, shapes).forEach((call) => call());
      const calls = callsOf(launches.filter((c) => !c.launch.prepares), arrays, shapes);
      return Promise.resolve({
        poison() {
          for (const b of own) {
            const array = arrays.get(b.name);
            if (b.role === "output" || b.role === "temp") array?.set(poisoned(b.dtype, lengthOf(b, shapes)));
            if (b.role === "inPlace") array?.set(first[b.name] as TypedArray);
          }
        },
        run(times): Promise<Spent> {
          const spentSoFar = stopwatch();
          for (let t = 0; t < times; t++) for (const call of calls) call();
          return Promise.resolve(spentSoFar());
        },
        read: () => Promise.resolve(copiesOf(resultsIn(own, arrays))),
        [Symbol.dispose]() {},
      });
    },
    // No other run sees the arrays of a single run: only what it updates is copied.
    run(inputs, shapes): Promise<Record<string, TypedArray>> {
      const arrays = place(own, { ...inputs, ...copiesOf(updatedIn(own, inputs)) }, shapes, held);
      callsOf(launches, arrays, shapes).forEach((call) => call());
      return Promise.resolve(resultsIn(own, arrays));
    },
    [Symbol.dispose]() {},
  };
}

function prepare(launches: readonly Compiled[], inputs: Inputs, shapes: Shapes, plan: Preparation): Weights {
  const among = (some: readonly Launch[]) => launches.filter((c) => some.includes(c.launch));
  const uploading = stopwatch();
  const arrays = place([...plan.kept, ...plan.passing], copiesOf(inputs), shapes, new Map());
  const upload = uploading(), preparing = stopwatch();
  callsOf(among(plan.launches), arrays, shapes).forEach((call) => call());
  const spent = preparing();
  const kept = new Map(plan.kept.map((b) => [b.name, arrays.get(b.name) as TypedArray]));
  return {
    ...runnableOf(plan.own, among(plan.rest), kept),
    upload,
    preparing: plan.launches.length > 0 ? spent : { wall: 0, cpu: 0 },
    bytes: {
      before: bytesOf(Object.keys(inputs).flatMap((name) => arrays.get(name) ?? [])),
      after: bytesOf([...kept.values()]),
    },
  };
}

/** The arrays that launches find by name: those held, the inputs, and room for all else that is `own`. */
function place(own: readonly BufferSpec[], inputs: Inputs, shapes: Shapes, held: Arrays): Arrays {
  const arrays = new Map(held);
  for (const b of own) {
    const given = isGiven(b) ? ownValue(inputs, b.name) : undefined;
    arrays.set(b.name, given ?? poisoned(b.dtype, lengthOf(b, shapes)));
  }
  return arrays;
}

function callsOf(launches: readonly Compiled[], arrays: Arrays, shapes: Shapes): readonly (() => void)[] {
  return launches.map(({ launch, run }) => {
    const buffers = launch.bindings.map(({ name, view }) => {
      const array = arrays.get(name) as TypedArray;
      return view ? new ARRAYS[view.dtype](array.buffer, 0, lengthOf(view, shapes)) : array;
    });
    const uniforms = Int32Array.from(launch.uniforms, (name) => shapes[name] ?? 0);
    const grid = launch.grid.map((g) => evaluate(g, shapes));
    return () => run(buffers, uniforms, grid);
  });
}

function resultsIn(own: readonly BufferSpec[], arrays: Arrays): Record<string, TypedArray> {
  const results = own.filter(isMade);
  return Object.fromEntries(results.map((b) => [b.name, arrays.get(b.name) as TypedArray]));
}

/** The inputs that a run updates in place. */
function updatedIn(own: readonly BufferSpec[], inputs: Inputs): Inputs {
  const names = own.filter((b) => b.role === "inPlace").map((b) => b.name);
  return Object.fromEntries(names.map((name) => [name, inputs[name] as TypedArray]));
}

function copiesOf(arrays: Inputs): Record<string, TypedArray> {
  return Object.fromEntries(Object.entries(arrays).map(([name, array]) => [name, array.slice()]));
}

function bytesOf(arrays: readonly TypedArray[]): number {
  return arrays.reduce((n, a) => n + a.byteLength, 0);
}
