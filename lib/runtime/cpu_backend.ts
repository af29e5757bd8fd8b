/** The CPU as a device: generated JavaScript. */
import type { Executable } from "../codegen/executable.ts";
import { evaluate } from "../ir/json.ts";
import { targetOf } from "../target/profiles.ts";
import type { Target } from "../target/target.ts";
import { type Inputs, type Shapes, sizeOf } from "./arguments.ts";
import { poisoned, type TypedArray } from "./arrays.ts";
import type { Backend, Bound, Loaded, Spent } from "./backend.ts";
import { cpuTime } from "./cpu_time.ts";
import { CompileError, DeviceLostError, RuntimeError } from "./error.ts";

type Run = (buffers: readonly TypedArray[], uniforms: Int32Array, grid: readonly number[]) => void;

export function openCpu(runtime: string): Backend {
  const target: Target = { ...targetOf("cpu"), name: "CPU (JavaScript)", runtime };
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
  const runs = exe.launches.map((l): Run => {
    try {
      return new Function("buffers", "uniforms", "grid", l.source) as Run;
    } catch (e) {
      throw new CompileError(`cannot compile ${l.name}: ${e instanceof Error ? e.message : e}`);
    }
  });
  return {
    bind: (inputs, shapes) => Promise.resolve(bindCpu(exe, runs, inputs, shapes)),
    [Symbol.dispose]() {},
  };
}

function bindCpu(exe: Executable, runs: readonly Run[], inputs: Inputs, shapes: Shapes): Bound {
  const arrays = new Map<string, TypedArray>(
    exe.buffers.map((
      b,
    ) => [
      b.name,
      b.role === "input" ? (inputs[b.name] as TypedArray).slice() : poisoned(b.dtype, sizeOf(b, shapes)),
    ]),
  );
  const calls = exe.launches.map((l, k) => {
    const buffers = l.bindings.map((b) => arrays.get(b.name) as TypedArray);
    const uniforms = Int32Array.from(l.uniforms, (name) => shapes[name] ?? 0);
    const grid = l.grid.map((g) => evaluate(g, shapes));
    return { prepares: l.prepares, run: () => runs[k]?.(buffers, uniforms, grid) };
  });
  for (const c of calls) if (c.prepares) c.run();
  const each = calls.filter((c) => !c.prepares);
  const own = exe.buffers.filter((b) => b.role === "output" || b.role === "temp");
  return {
    poison: () => own.forEach((b) => arrays.get(b.name)?.set(poisoned(b.dtype, sizeOf(b, shapes)))),
    run(times): Promise<Spent> {
      const cpu = cpuTime(), wall = performance.now();
      for (let t = 0; t < times; t++) for (const c of each) c.run();
      return Promise.resolve({ wall: performance.now() - wall, cpu: cpuTime() - cpu });
    },
    read: () =>
      Promise.resolve(Object.fromEntries(
        own.filter((b) => b.role === "output").map((
          b,
        ) => [b.name, (arrays.get(b.name) as TypedArray).slice()]),
      )),
    [Symbol.dispose]() {},
  };
}
