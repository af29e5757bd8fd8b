/** Tries the features that an adapter states by a kernel that uses them, since some runtimes fail silently. */
import type { Target } from "../../target/target.ts";
import { CompileError, RunError } from "../error.ts";
import type { Gpu } from "./gpu.ts";
import type { Pipelines } from "./pipelines.ts";

/** Gives the device's target, with the features that compute. */
export async function probedTarget(
  gpu: Gpu,
  pipelines: Pipelines,
  { subgroupMinSize: minSize, subgroupMaxSize: maxSize }: GPUAdapterInfo,
): Promise<Target> {
  const target = { ...gpu.target, f16: gpu.target.f16 && await f16Computes(gpu, pipelines) };
  if (!gpu.device.features.has("subgroups" as GPUFeatureName) || !(minSize > 1)) return target;
  for (const directive of [true, false]) {
    if (await subgroupsMeet(gpu, pipelines, minSize, directive)) {
      return { ...target, subgroups: { minSize, maxSize, directive } };
    }
  }
  return target;
}

async function f16Computes(gpu: Gpu, pipelines: Pipelines): Promise<boolean> {
  const source = "enable f16;\n@group(0) @binding(0) var<storage, read_write> y: array<f32>;\n" +
    "@compute @workgroup_size(1) fn main() { var h = f16(y[0]); h = h * 1.5h + 0.25h; y[0] = f32(h); }";
  const [y] = await tried(gpu, pipelines, { name: "probe_f16", source }, [2]) ?? [];
  return y === 3.25;
}

/**
 * Tells whether clusters of the least size lie along x, which WebGPU leaves open. Each thread asks its neighbours for
 * their numbers, in workgroups of one, two and three dimensions. (Where x is shorter than a subgroup, llvmpipe leaves
 * lanes empty, and other drivers go on in the next row: clusters that divide x are safe from both.)
 */
async function subgroupsMeet(
  gpu: Gpu,
  pipelines: Pipelines,
  minSize: number,
  directive: boolean,
): Promise<boolean> {
  for (const [x, y, z] of [[256, 1, 1], [16, 8, 1], [12, 4, 2]] as const) {
    const masks = [1, 2, 4, 8, 16, 32].filter((m) => 2 * m <= minSize && x % (2 * m) === 0);
    const meet = masks.map((m) => `if (subgroupShuffleXor(i, ${m}u) != (i ^ ${m}u)) { wrong++; }`).join(" ");
    const source = `${directive ? "enable subgroups;\n" : ""}` +
      `@group(0) @binding(0) var<storage, read_write> y: array<f32>;\n` +
      `@compute @workgroup_size(${x}, ${y}, ${z}) fn main(@builtin(local_invocation_index) i: u32) ` +
      `{ var wrong = 0; ${meet} y[i] = f32(wrong); }`;
    const unknown = Array<number>(x * y * z).fill(NaN);
    const wrong = await tried(gpu, pipelines, { name: "probe_subgroups", source }, unknown);
    if (!wrong?.every((n) => n === 0)) return false;
  }
  return true;
}

/** What a kernel of one workgroup makes of `given`; undefined where the device does not take it. */
async function tried(
  gpu: Gpu,
  pipelines: Pipelines,
  kernel: { readonly name: string; readonly source: string },
  given: readonly number[],
): Promise<readonly number[] | undefined> {
  const { device } = gpu;
  try {
    const pipeline = await pipelines.take(kernel);
    const buffer = device.createBuffer({
      size: Math.ceil(given.length / 4) * 16,
      usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST,
    });
    device.queue.writeBuffer(buffer, 0, new Float32Array(given));
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
      }, [{ buffer, bytes: 4 * given.length }])
    );
    buffer.destroy();
    pipelines.release(kernel);
    return [...new Float32Array(copy as ArrayBuffer, 0, given.length)];
  } catch (e) {
    if (e instanceof CompileError || e instanceof RunError) return undefined;
    throw e;
  }
}
