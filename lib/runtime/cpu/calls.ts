/** The launches of a program on the CPU: compiled, and called on arrays. */
import { messageOf } from "../../base/error.ts";
import { layoutArena } from "../../codegen/arena.ts";
import type { BufferSpec, Launch } from "../../codegen/executable.ts";
import { withSharedMemory } from "../../codegen/wasm/assemble.ts";
import { evaluate } from "../../ir/json.ts";
import { lengthOf, type Shapes } from "../arguments.ts";
import type { TypedArray } from "../arrays.ts";
import { CompileError } from "../error.ts";
import { Arena } from "./arena.ts";
import { CpuArray, type CpuDevice } from "./cpu_memory.ts";
import type { SharedModule } from "./threads.ts";

/** Workgroups of one call. Engines compile a function better once it was called a few times, and never while it runs. */
const CHUNK = 512;

type JavaScript = (buffers: readonly TypedArray[], uniforms: Int32Array, grid: readonly number[]) => void;
type Wasm = (...numbers: readonly number[]) => void;

/** A launch with its function. Threads have the module of it in memory, until it is disposed. */
export interface Compiled extends Disposable {
  readonly launch: Launch;
  readonly run:
    | { readonly kind: "js"; readonly f: JavaScript }
    | { readonly kind: "wasm"; readonly f: Wasm; readonly module?: SharedModule };
}

/** Arrays by the names of the buffers that they are. */
export type ArraysByName = ReadonlyMap<string, CpuArray>;

/** @throws {CompileError} for source that the host refuses */
export function compileLaunch(on: CpuDevice, launch: Launch): Compiled {
  try {
    if (launch.module === undefined) {
      const f = new Function("buffers", "uniforms", "grid", launch.source) as JavaScript;
      return { launch, run: { kind: "js", f }, [Symbol.dispose]: () => {} };
    }
    const given = Uint8Array.fromBase64(launch.module), { memory } = on.arena;
    const bytes = memory.buffer instanceof ArrayBuffer ? given : withSharedMemory(given, Arena.mostPages);
    const module = new WebAssembly.Module(bytes);
    const { run } = new WebAssembly.Instance(module, { env: { memory } }).exports;
    if (typeof run !== "function") throw new CompileError("its module has no function run");
    const f = run as Wasm;
    // What is atomic on a GPU is not so here: one thread runs it.
    const isAlone = !on.threads || launch.bindings.some((b) => b.access === "atomic");
    if (isAlone) return { launch, run: { kind: "wasm", f }, [Symbol.dispose]: () => {} };
    const block = on.arena.take(bytes.length);
    new Uint8Array(memory.buffer, block.pointer).set(bytes);
    return {
      launch,
      run: { kind: "wasm", f, module: on.threads.add(block.pointer, bytes.length) },
      [Symbol.dispose]: () => block[Symbol.dispose](),
    };
  } catch (e) {
    throw new CompileError(`cannot compile ${launch.name}: ${messageOf(e)}`);
  }
}

/** Makes a function of each launch that runs it on arrays. `own` has the arena of a graph, if there is one. */
export function callsOf(
  on: CpuDevice,
  launches: readonly Compiled[],
  own: readonly BufferSpec[],
  arrays: ArraysByName,
  shapes: Shapes,
): readonly (() => void)[] {
  const slots = own.find((b) => b.slots)?.slots;
  const layout = slots && layoutArena(slots, shapes);
  return launches.map(({ launch, run }) => {
    const buffers = launch.bindings.map(({ name, view, slot }): CpuArray => {
      const array = arrays.get(name) as CpuArray;
      if (!view) return array;
      const offset = slot === undefined ? 0 : layout?.offsets[slot] ?? 0;
      return new CpuArray(array.arena, array.block, view.dtype, lengthOf(view, shapes), offset);
    });
    const uniforms = Int32Array.from(launch.uniforms, (name) => shapes[name] ?? 0);
    const grid = launch.grid.map((g) => evaluate(g, shapes));
    return run.kind === "js"
      ? () => run.f(buffers.map((b) => b.elements), uniforms, grid)
      : wasmCall(on, run, buffers, uniforms, grid, launch.scratchBytes ?? 0);
  });
}

function wasmCall(
  on: CpuDevice,
  { f: run, module }: { readonly f: Wasm; readonly module?: SharedModule },
  buffers: readonly CpuArray[],
  uniforms: Int32Array,
  [x = 1, y = 1, z = 1]: readonly number[],
  scratchBytes: number,
): () => void {
  const known = [
    ...buffers.map((b) => b.pointer),
    ...buffers.map((b) => b.length),
    ...uniforms,
    x,
    y,
  ];
  const groups = x * y * z, { threads } = on;
  if (module && threads) {
    return () => {
      const scratch = on.scratch(scratchBytes * threads.count);
      threads.run({
        module,
        args: known,
        scratch,
        scratchBytes,
        run: (begin, end) => run(...known, scratch, begin, end),
        groups,
        chunk: CHUNK,
      });
    };
  }
  return () => {
    const scratch = on.scratch(scratchBytes);
    for (let begin = 0; begin < groups; begin += CHUNK) {
      run(...known, scratch, begin, Math.min(groups, begin + CHUNK));
    }
  };
}
