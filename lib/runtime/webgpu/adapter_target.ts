import { CAPABILITIES } from "../../target/capabilities.ts";
import { profileOf, PROFILES } from "../../target/profiles.ts";
import type { Target } from "../../target/target.ts";

/** An adapter as plain data, with the features that its device is asked for. */
export function targetOfAdapter(
  adapter: GPUAdapter,
  features: readonly GPUFeatureName[],
  runtime: string,
): Target {
  const { info, limits } = adapter;
  const profile = profileOf(info);
  const facts = PROFILES[profile];
  const timestamps = features.includes("timestamp-query");
  return {
    ...CAPABILITIES.wgsl,
    kind: "webgpu",
    profile,
    name: info.description || info.device || info.vendor || "unknown adapter",
    vendor: info.vendor,
    architecture: info.architecture,
    runtime,
    limits: {
      maxInvocations: limits.maxComputeInvocationsPerWorkgroup,
      maxWorkgroupSize: [
        limits.maxComputeWorkgroupSizeX,
        limits.maxComputeWorkgroupSizeY,
        limits.maxComputeWorkgroupSizeZ,
      ],
      maxSharedBytes: limits.maxComputeWorkgroupStorageSize,
      maxWorkgroups: limits.maxComputeWorkgroupsPerDimension,
      maxStorageBuffers: limits.maxStorageBuffersPerShaderStage,
      maxTextures: facts.textures === "storage"
        ? limits.maxStorageTexturesPerShaderStage
        : limits.maxSampledTexturesPerShaderStage,
      maxTextureSize: limits.maxTextureDimension2D,
      maxBindingBytes: Math.min(limits.maxStorageBufferBindingSize, limits.maxBufferSize),
      maxLoopIterations: facts.maxLoopIterations,
    },
    f16: features.includes("shader-f16"),
    timestamps,
    clock: facts.clock === "timestamp" && !timestamps ? "wall" : facts.clock,
    textures: facts.textures,
  };
}
