/** A program on a WebGPU device, with none of its inputs there or with some. */
import type { BufferSpec, Executable } from "../../codegen/executable.ts";
import { lengthOf, type Shapes } from "../arguments.ts";
import type { TypedArray } from "../arrays.ts";
import type { Arrays, Bound, Given, Loaded, Runnable, Spent } from "../backend.ts";
import type { BufferPool } from "../buffer_pool.ts";
import type { DeviceMemory } from "../device_memory.ts";
import type { MemoryKind } from "../ledger.ts";
import { planPreparation } from "../preparation.ts";
import { BoundBuffers, type Parts, type Tensors } from "./bound_buffers.ts";
import type { Compiled } from "./bound_launch.ts";
import type { Gpu } from "./gpu.ts";
import { GpuMemory } from "./gpu_memory.ts";
import { prepareOnGpu } from "./prepare_on_gpu.ts";
import type { Storage } from "./storage.ts";

/** The program of `exe`, whose launches are compiled. Calls `release` when it is disposed. */
export function webGpuProgram(
  gpu: Gpu,
  places: BufferPool<BoundBuffers>,
  exe: Executable,
  launches: readonly Compiled[],
  release: () => void,
): Loaded {
  const { own } = planPreparation(exe, []);
  const runnable = (parts: Parts, release: () => void) => runnableOf(gpu, places, parts, release);
  return {
    ...runnable({ own, launches, held: new Map() }, release),
    device: gpu,
    prepare: (inputs, shapes, plan, constants) =>
      prepareOnGpu(gpu, launches, { inputs, shapes, plan, constants }, runnable),
  };
}

function runnableOf(
  gpu: Gpu,
  places: BufferPool<BoundBuffers>,
  { own, launches, held }: Parts,
  release: () => void,
): Runnable {
  const owner = {};
  let open = true;
  const make = (shapes: Shapes, kind: MemoryKind) => new BoundBuffers(gpu, own, launches, shapes, held, kind);
  // A program that was disposed while it ran keeps nothing.
  const keep = (shapes: Shapes, place: BoundBuffers) =>
    open ? places.give(owner, shapes, place) : place[Symbol.dispose]();
  return {
    async bind(inputs: Given, shapes: Shapes): Promise<Bound> {
      const { arrays, memories, tensors } = parted(
        isTextured(own, inputs) ? await inArrays(own, inputs) : inputs,
      );
      using stack = new DisposableStack();
      const place = await gpu.guarded(async () => {
        const made = stack.use(make(shapes, "bound"));
        made.makeAll(tensors);
        made.upload(arrays);
        if (made.prepares) await made.submit({ prepares: true }, tensors);
        return made;
      });
      for (const m of memories) stack.adopt(m.hold(), () => m.release());
      return boundOf(gpu, place, tensors, firstOf(own, arrays), stack.move());
    },
    async run(inputs: Given, shapes: Shapes): Promise<Record<string, TypedArray>> {
      const { arrays, tensors } = parted(isTextured(own, inputs) ? await inArrays(own, inputs) : inputs);
      using stack = new DisposableStack();
      const [place, { results }] = await gpu.guarded(async () => {
        const taken = stack.use(places.take(owner, shapes) ?? make(shapes, "activations"));
        taken.upload(arrays);
        return [taken, await taken.submit({ prepares: true, times: 1, reads: true }, tensors)] as const;
      });
      stack.move();
      keep(shapes, place);
      return results;
    },
    async submit(inputs: Given, shapes: Shapes): Promise<Record<string, DeviceMemory>> {
      const { arrays, tensors } = parted(isTextured(own, inputs) ? await inArrays(own, inputs) : inputs);
      using stack = new DisposableStack();
      const results = await gpu.guarded(() => {
        const place = stack.use(places.take(owner, shapes) ?? make(shapes, "activations"));
        const made = resultsOf(gpu, own, arrays, tensors, shapes);
        for (const m of made.values()) stack.adopt(m, () => m.release());
        place.upload(Object.fromEntries(Object.entries(arrays).filter(([name]) => !made.has(name))));
        const all = new Map([...tensors, ...made.entries().map(([name, m]) => [name, m.storage] as const)]);
        place.send({ prepares: true, times: 1 }, all);
        return { place, made };
      });
      stack.move();
      // What the next run does comes after this one, on the same buffers.
      keep(shapes, results.place);
      return Object.fromEntries(results.made);
    },
    [Symbol.dispose]() {
      open = false;
      places.clear(owner);
      release();
    },
  };
}

/** Arguments: arrays, and memory by name with its storage. */
interface Parted {
  readonly arrays: Arrays;
  readonly memories: readonly DeviceMemory[];
  readonly tensors: Tensors;
}

function parted(inputs: Given): Parted {
  const arrays: Record<string, TypedArray> = {}, memories: GpuMemory[] = [];
  const tensors = new Map<string, Storage>();
  for (const [name, given] of Object.entries(inputs)) {
    if (given instanceof GpuMemory) {
      memories.push(given);
      tensors.set(name, given.storage);
    } else arrays[name] = given as TypedArray;
  }
  return { arrays, memories, tensors };
}

function isTextured(own: readonly BufferSpec[], inputs: Given): boolean {
  return own.some((b) => b.storage.kind === "texture" && inputs[b.name] instanceof GpuMemory);
}

/** Reads what a program wants in textures back to the host: kernels write no textures. */
async function inArrays(own: readonly BufferSpec[], inputs: Given): Promise<Given> {
  const entries = Object.entries(inputs).map(async ([name, given]) => {
    const spec = own.find((b) => b.name === name);
    const textured = spec?.storage.kind === "texture" && given instanceof GpuMemory;
    return [name, textured ? await given.read() : given] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}

/** Makes memory for the results that are not in tensors already. What is updated in place starts as it was given. */
function resultsOf(
  gpu: Gpu,
  own: readonly BufferSpec[],
  arrays: Arrays,
  tensors: Tensors,
  shapes: Shapes,
): ReadonlyMap<string, GpuMemory> {
  const made = new Map<string, GpuMemory>();
  try {
    for (const b of own) {
      if (b.role !== "output" && (b.role !== "inPlace" || tensors.has(b.name))) continue;
      const memory = new GpuMemory(gpu, b.dtype, lengthOf(b, shapes), false);
      made.set(b.name, memory);
      if (b.role === "inPlace") memory.write(arrays[b.name] as TypedArray, 0);
    }
  } catch (e) {
    for (const m of made.values()) m.release();
    throw e;
  }
  return made;
}

/** Copies of the arrays that a run updates in place. */
function firstOf(own: readonly BufferSpec[], arrays: Arrays): Arrays {
  const names = own.filter((b) => b.role === "inPlace" && Object.hasOwn(arrays, b.name)).map((b) => b.name);
  return Object.fromEntries(names.map((name) => [name, (arrays[name] as TypedArray).slice()]));
}

/** `first` has what is updated in place, as it was given. */
function boundOf(
  gpu: Gpu,
  place: BoundBuffers,
  tensors: Tensors,
  first: Arrays,
  held: DisposableStack,
): Bound {
  return {
    poison() {
      place.poison();
      place.upload(first);
    },
    async run(times: number): Promise<Spent> {
      return (await gpu.guarded(() => place.submit({ times }, tensors))).spent;
    },
    async read(): Promise<Record<string, TypedArray>> {
      return (await gpu.guarded(() => place.submit({ reads: true }, tensors))).results;
    },
    [Symbol.dispose]: () => held.dispose(),
  };
}
