/** A WebGPU adapter as a device. The only file that touches `navigator.gpu`. */
import type { Executable } from "../codegen/executable.ts";
import type { Target } from "../target/target.ts";
import { targetOfAdapter } from "./adapter_target.ts";
import type { Backend, Loaded } from "./backend.ts";
import { CompileError, RunError } from "./error.ts";
import { Gpu } from "./gpu.ts";
import { checkLaunch } from "./launch_limits.ts";
import { Pipelines } from "./pipelines.ts";
import { Places } from "./places.ts";
import type { Place } from "./webgpu_place.ts";
import { webGpuProgram } from "./webgpu_program.ts";

const FEATURES: readonly GPUFeatureName[] = ["timestamp-query", "shader-f16", "subgroups" as GPUFeatureName];

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

/** The adapter with its full limits, or undefined where there is none. */
export async function openWebGpu(runtime: string): Promise<Backend | undefined> {
  const adapter = await navigator.gpu?.requestAdapter();
  if (!adapter) return undefined;
  const features = FEATURES.filter((f) => adapter.features.has(f));
  const requiredLimits = Object.fromEntries(LIMITS.map((name) => [name, adapter.limits[name]]));
  const device = await adapter.requestDevice({ requiredFeatures: features, requiredLimits });
  const gpu = new Gpu(device, targetOfAdapter(adapter, features, runtime));
  const pipelines = new Pipelines(gpu), places = new Places<Place>();
  // The target says f16 only if a kernel has computed with it: some runtimes return zeros.
  const f16 = gpu.target.f16 && await f16Computes(gpu, pipelines);
  const target = { ...gpu.target, f16 };
  return {
    target,
    load: (exe) => load(gpu, pipelines, places, target, exe),
    [Symbol.dispose]() {
      places[Symbol.dispose]();
      gpu[Symbol.dispose]();
    },
  };
}

async function load(
  gpu: Gpu,
  pipelines: Pipelines,
  places: Places<Place>,
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
  using taken = new DisposableStack();
  const launches = [];
  for (const launch of exe.launches) {
    launches.push({ launch, pipeline: await pipelines.take(launch) });
    taken.defer(() => pipelines.release(launch));
  }
  const held = taken.move();
  return webGpuProgram(gpu, places, exe, launches, () => held.dispose());
}

async function f16Computes(gpu: Gpu, pipelines: Pipelines): Promise<boolean> {
  const source = "enable f16;\n@group(0) @binding(0) var<storage, read_write> y: array<f32>;\n" +
    "@compute @workgroup_size(1) fn main() { var h = f16(y[0]); h = h * 1.5h + 0.25h; y[0] = f32(h); }";
  const { device } = gpu;
  try {
    const pipeline = await pipelines.take({ name: "probe_f16", source });
    const buffer = device.createBuffer({
      size: 16,
      usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST,
    });
    device.queue.writeBuffer(buffer, 0, new Float32Array([2]));
    const group = device.createBindGroup({
      layout: pipeline.getBindGroupLayout(0),
      entries: [{ binding: 0, resource: { buffer } }],
    });
    const [copy] = await gpu.guarded(() =>
      gpu.submit((encoder) => {
        const pass = encoder.beginComputePass();
        pass.setPipeline(pipeline);
        pass.setBindGroup(0, group);
        pass.dispatchWorkgroups(1);
        pass.end();
      }, [{ buffer, bytes: 4 }])
    );
    buffer.destroy();
    return new Float32Array(copy as ArrayBuffer)[0] === 3.25;
  } catch (e) {
    if (e instanceof CompileError || e instanceof RunError) return false;
    throw e;
  }
}
