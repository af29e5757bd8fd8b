/** A WebGPU adapter as a device. The only file that touches `navigator.gpu`. */
import type { Executable } from "../../codegen/executable.ts";
import type { Target } from "../../target/target.ts";
import { targetOfAdapter } from "./adapter_target.ts";
import type { Backend, Loaded } from "../backend.ts";
import { CompileError } from "../error.ts";
import { Gpu } from "./gpu.ts";
import { GpuMemory } from "./gpu_memory.ts";
import { Ledger } from "../ledger.ts";
import { checkLaunch } from "./launch_limits.ts";
import { Pipelines } from "./pipelines.ts";
import { BufferPool } from "../buffer_pool.ts";
import { probedTarget } from "./probe_features.ts";
import type { BoundBuffers } from "./bound_buffers.ts";
import { webGpuProgram } from "./load_program.ts";

const SUBGROUPS = "subgroups" as GPUFeatureName;
const FEATURES: readonly GPUFeatureName[] = ["timestamp-query", "shader-f16", SUBGROUPS];

/** Limits that are asked for at the adapter's own value. */
const LIMITS = [
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupSizeX",
  "maxComputeWorkgroupSizeY",
  "maxComputeWorkgroupSizeZ",
  "maxComputeWorkgroupStorageSize",
  "maxStorageBufferBindingSize",
  "maxBufferSize",
  "maxStorageBuffersPerShaderStage",
  "maxSampledTexturesPerShaderStage",
  "maxStorageTexturesPerShaderStage",
  "maxTextureDimension2D",
  "maxComputeWorkgroupsPerDimension",
] as const;

/**
 * Opens the adapter with its full limits; undefined without an adapter. `subgroups` requests subgroup operations even
 * if the adapter does not list them, as Deno's adapters never do. `memoryLimit` is the most bytes that are taken.
 */
export async function openWebGpu(
  runtime: string,
  { subgroups = false, memoryLimit }: { readonly subgroups?: boolean; readonly memoryLimit?: number } = {},
): Promise<Backend | undefined> {
  // Not every host has a navigator, and not every navigator has WebGPU.
  const adapter = typeof navigator === "undefined" ? null : await navigator.gpu?.requestAdapter();
  if (!adapter) return undefined;
  const requiredFeatures = FEATURES.filter((f) => adapter.features.has(f) || (subgroups && f === SUBGROUPS));
  const requiredLimits = Object.fromEntries(LIMITS.map((name) => [name, adapter.limits[name]]));
  let device: GPUDevice;
  try {
    device = await adapter.requestDevice({ requiredFeatures, requiredLimits });
  } catch (e) {
    // An adapter is good for one device, so there has to be another one.
    if (subgroups) return await openWebGpu(runtime, memoryLimit === undefined ? {} : { memoryLimit });
    throw e;
  }
  const places = new BufferPool<BoundBuffers>();
  const ledger: Ledger = new Ledger(memoryLimit, () => {
    places.drain();
    gpu.spare.clear();
  });
  const gpu = new Gpu(device, targetOfAdapter(adapter, requiredFeatures, runtime), ledger);
  const pipelines = new Pipelines(gpu);
  const target = await probedTarget(gpu, pipelines, adapter.info);
  return {
    target,
    load: (exe) => load(gpu, pipelines, places, target, exe),
    get memory() {
      return ledger.use;
    },
    hold(dtype, length, zeroed) {
      gpu.checkLost();
      return new GpuMemory(gpu, dtype, length, zeroed);
    },
    [Symbol.dispose]() {
      places[Symbol.dispose]();
      gpu[Symbol.dispose]();
    },
  };
}

async function load(
  gpu: Gpu,
  pipelines: Pipelines,
  places: BufferPool<BoundBuffers>,
  target: Target,
  exe: Executable,
): Promise<Loaded> {
  gpu.checkLost();
  if (exe.language !== "wgsl") {
    throw new CompileError(
      `cannot load ${exe.name} on WebGPU: it is compiled to ${exe.language}; compile it for device.target`,
    );
  }
  exe.launches.forEach((l) => checkLaunch(l, target));
  const launches = await pipelines.takeAll(exe.launches);
  return webGpuProgram(
    gpu,
    places,
    exe,
    launches,
    () => exe.launches.forEach((l) => pipelines.release(l)),
  );
}
