import type { BufferSpec, Launch } from "../../codegen/executable.ts";
import type { Shapes } from "../arguments.ts";
import type { TypedArray } from "../arrays.ts";
import type { Given, Runnable, Weights } from "../backend.ts";
import { stopwatch } from "../platform.ts";
import type { Preparation } from "../preparation.ts";
import { BoundBuffers, type Parts } from "./bound_buffers.ts";
import type { Compiled } from "./bound_launch.ts";
import type { Gpu } from "./gpu.ts";
import { GpuMemory } from "./gpu_memory.ts";
import { makeStorage, type Storage } from "./storage.ts";

/** What is prepared. */
export interface Asked {
  /** The inputs. */
  readonly inputs: Given;
  /** The shape variables that preparing needs. */
  readonly shapes: Shapes;
  /** What is kept and what runs. */
  readonly plan: Preparation;
  /** The inputs that are constants of a graph. */
  readonly constants: ReadonlySet<string>;
}

/**
 * Puts inputs on a device, in the layouts that launches read. Tensors that are there already are read where they lie, or in
 * a texture that all programs with the same layout share.
 */
export async function prepareOnGpu(
  gpu: Gpu,
  launches: readonly Compiled[],
  { inputs, shapes, plan, constants }: Asked,
  runnable: (parts: Parts, release: () => void) => Runnable,
): Promise<Weights> {
  using stack = new DisposableStack(), passing = new DisposableStack();
  const among = (some: readonly Launch[]) => launches.filter((c) => some.includes(c.launch));
  const elements = await elementsOf([...plan.kept, ...plan.passing], inputs);
  const kept = new Map<string, Storage>(), tensors = new Map<string, Storage>();
  const spentSoFar = stopwatch();
  let before = 0;
  const place = await gpu.guarded(async () => {
    for (const b of plan.kept) {
      const given = inputs[b.name];
      const storage = given instanceof GpuMemory
        ? tensorIn(stack, given, b, shapes, elements)
        : stack.use(makeStorage(gpu, b, shapes, constants.has(b.name) ? "constants" : "weights"));
      if (given && !(given instanceof GpuMemory)) storage.upload(given as TypedArray);
      if (given) before += storage.bytes;
      kept.set(b.name, storage);
    }
    for (const b of plan.passing) {
      const given = inputs[b.name];
      if (!(given instanceof GpuMemory)) continue;
      tensors.set(b.name, tensorIn(passing, given, b, shapes, elements));
      before += given.bytes;
    }
    const arrays = Object.fromEntries(
      plan.passing.flatMap(({ name }) => inputs[name] && !tensors.has(name) ? [[name, inputs[name]]] : []),
    ) as Record<string, TypedArray>;
    const passed = passing.use(
      new BoundBuffers(gpu, plan.passing, among(plan.launches), shapes, kept, "weights"),
    );
    before += passed.upload(arrays);
    await passed.submit({});
    return passed;
  });
  const upload = spentSoFar();
  const preparing = place.prepares
    ? (await gpu.guarded(() => place.submit({ prepares: true }, tensors))).spent
    : { wall: 0, cpu: 0 };
  const held = stack.move();
  return {
    ...runnable({ own: plan.own, launches: among(plan.rest), held: kept }, () => held.dispose()),
    upload,
    preparing,
    bytes: { before, after: kept.values().reduce((n, s) => n + s.bytes, 0) },
  };
}

/** The elements of tensors that some launch wants in a texture. */
async function elementsOf(
  specs: readonly BufferSpec[],
  inputs: Given,
): Promise<ReadonlyMap<GpuMemory, TypedArray>> {
  const wanted = specs.filter((b) => b.storage.kind === "texture").map((b) => inputs[b.name]);
  const memories = new Set(wanted.filter((m) => m instanceof GpuMemory));
  return new Map(await Promise.all([...memories].map(async (m) => [m, await m.read()] as const)));
}

/** The storage of a tensor as a launch wants it, until the stack is disposed. */
function tensorIn(
  stack: DisposableStack,
  memory: GpuMemory,
  spec: BufferSpec,
  shapes: Shapes,
  elements: ReadonlyMap<GpuMemory, TypedArray>,
): Storage {
  stack.adopt(memory.hold(), () => memory.release());
  if (spec.storage.kind !== "texture") return memory.storage;
  return stack.use(memory.texture(spec, shapes, elements.get(memory) as TypedArray));
}
