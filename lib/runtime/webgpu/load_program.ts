/** A program on a WebGPU device, with none of its inputs there or with some. */
import type { BufferSpec, Executable, Launch } from "../../codegen/executable.ts";
import type { Inputs, Shapes } from "../arguments.ts";
import type { TypedArray } from "../arrays.ts";
import type { Bound, Loaded, Runnable, Spent, Weights } from "../backend.ts";
import { stopwatch } from "../platform.ts";
import type { Gpu } from "./gpu.ts";
import type { BufferPool } from "../buffer_pool.ts";
import { planPreparation, type Preparation } from "../preparation.ts";
import { makeStorage, type Storage, uploadInto } from "./storage.ts";
import { BoundBuffers, type Compiled } from "./bound_buffers.ts";

/** The program of `exe`, whose launches are compiled. Calls `release` when it is disposed. */
export function webGpuProgram(
  gpu: Gpu,
  places: BufferPool<BoundBuffers>,
  exe: Executable,
  launches: readonly Compiled[],
  release: () => void,
): Loaded {
  const { own } = planPreparation(exe, []);
  const runnable = runnableOf(gpu, places, own, launches, new Map(), release);
  return {
    ...runnable,
    prepare: (inputs, shapes, plan) => prepare(gpu, places, launches, inputs, shapes, plan),
  };
}

function runnableOf(
  gpu: Gpu,
  places: BufferPool<BoundBuffers>,
  own: readonly BufferSpec[],
  launches: readonly Compiled[],
  held: ReadonlyMap<string, Storage>,
  release: () => void,
): Runnable {
  const owner = {};
  let open = true;
  const make = (shapes: Shapes) => new BoundBuffers(gpu, own, launches, shapes, held);
  return {
    async bind(inputs: Inputs, shapes: Shapes): Promise<Bound> {
      using stack = new DisposableStack();
      const place = await gpu.guarded(async () => {
        const made = stack.use(make(shapes));
        made.upload(inputs);
        if (made.prepares) await made.submit({ prepares: true });
        return made;
      });
      stack.move();
      const first = place.updated.map((name) => [name, (inputs[name] as TypedArray).slice()] as const);
      return boundOf(gpu, place, Object.fromEntries(first));
    },
    async run(inputs: Inputs, shapes: Shapes): Promise<Record<string, TypedArray>> {
      using stack = new DisposableStack();
      const [place, { results }] = await gpu.guarded(async () => {
        const taken = stack.use(places.take(owner, shapes) ?? make(shapes));
        taken.upload(inputs);
        return [taken, await taken.submit({ prepares: true, times: 1, reads: true })] as const;
      });
      // A program that was disposed while it ran keeps nothing.
      if (open) {
        stack.move();
        places.give(owner, shapes, place);
      }
      return results;
    },
    [Symbol.dispose]() {
      open = false;
      places.clear(owner);
      release();
    },
  };
}

/** `first` has what is updated in place, as it was given. */
function boundOf(gpu: Gpu, place: BoundBuffers, first: Inputs): Bound {
  return {
    poison() {
      place.poison();
      place.upload(first);
    },
    async run(times: number): Promise<Spent> {
      return (await gpu.guarded(() => place.submit({ times }))).spent;
    },
    async read(): Promise<Record<string, TypedArray>> {
      return (await gpu.guarded(() => place.submit({ reads: true }))).results;
    },
    [Symbol.dispose]: () => place[Symbol.dispose](),
  };
}

async function prepare(
  gpu: Gpu,
  places: BufferPool<BoundBuffers>,
  launches: readonly Compiled[],
  inputs: Inputs,
  shapes: Shapes,
  plan: Preparation,
): Promise<Weights> {
  using stack = new DisposableStack(), passing = new DisposableStack();
  const among = (some: readonly Launch[]) => launches.filter((c) => some.includes(c.launch));
  const kept = new Map<string, Storage>();
  const spentSoFar = stopwatch();
  const [place, before] = await gpu.guarded(async () => {
    for (const b of plan.kept) {
      kept.set(b.name, stack.use(makeStorage(gpu.device, b, shapes, gpu.target)));
    }
    const place = passing.use(new BoundBuffers(gpu, plan.passing, among(plan.launches), shapes, kept));
    const bytes = uploadInto(kept, inputs) + place.upload(inputs);
    await place.submit({});
    return [place, bytes] as const;
  });
  const upload = spentSoFar();
  const preparing = place.prepares
    ? (await gpu.guarded(() => place.submit({ prepares: true }))).spent
    : { wall: 0, cpu: 0 };
  const held = stack.move();
  return {
    ...runnableOf(gpu, places, plan.own, among(plan.rest), kept, () => held.dispose()),
    upload,
    preparing,
    bytes: { before, after: kept.values().reduce((n, s) => n + s.bytes, 0) },
  };
}
