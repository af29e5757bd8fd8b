import { CAPABILITIES } from "../../target/capabilities.ts";
import { profileOf, PROFILES } from "../../target/profiles.ts";
import { clockOf } from "../platform.ts";
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
    name: nameOf(info),
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
    clock: clockOf(facts.clock, timestamps),
    textures: facts.textures,
  };
}

/** The adapter's own description. A browser gives none, so there the name is its vendor and architecture. */
function nameOf({ description, device, vendor, architecture }: GPUAdapterInfo): string {
  return description || device || [vendor, architecture].filter((word) => word).join(" ") ||
    "unknown adapter";
}
