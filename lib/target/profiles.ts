/** What is known of kinds of devices, and the target of each without a device at hand. */
import { TunebookError } from "../base/error.ts";
import { CAPABILITIES, type KernelLanguage } from "./capabilities.ts";
import type { Limits, Profile, Target } from "./target.ts";

/** What adapters don't tell. */
interface ProfileFacts {
  readonly kind: Target["kind"];
  readonly language: KernelLanguage;
  readonly maxLoopIterations: number;
  readonly clock: Target["clock"];
  readonly textures: Target["textures"];
}

const UNLIMITED = 2 ** 31 - 1;

/** A GPU whose driver cuts nothing off. */
const GPU: ProfileFacts = {
  kind: "webgpu",
  language: "wgsl",
  maxLoopIterations: UNLIMITED,
  clock: "timestamp",
  textures: "sampled",
};

export const PROFILES: Readonly<Record<Profile, ProfileFacts>> = {
  "generic-webgpu": GPU,
  nvidia: GPU,
  amd: GPU,
  intel: GPU,
  apple: GPU,
  "qualcomm-adreno": GPU,
  "arm-mali": GPU,
  // Mesa's llvmpipe ends an invocation after 65,535 turns of its loops, silently (lp_bld_flow.c's loop limit).
  // For a texel of a sampled texture it calls a function that works out the sizes of a mip level for every lane; one
  // of a storage texture is a third of the instructions, in line.
  llvmpipe: { ...GPU, maxLoopIterations: 65535, clock: "cpu", textures: "storage" },
  cpu: { kind: "cpu", language: "js", maxLoopIterations: UNLIMITED, clock: "cpu", textures: "none" },
};

/**
 * Vendors as adapters name them: by the names of WebGPU's registry, or, as native runtimes do, by their PCI
 * (or, for Mesa's software, Khronos) number.
 */
const VENDORS: Readonly<Record<string, Profile>> = {
  nvidia: "nvidia",
  "4318": "nvidia",
  amd: "amd",
  "4098": "amd",
  intel: "intel",
  "32902": "intel",
  apple: "apple",
  "4203": "apple",
  qualcomm: "qualcomm-adreno",
  "20803": "qualcomm-adreno",
  arm: "arm-mali",
  "5045": "arm-mali",
};

/** The profile that an adapter's own words tell. */
export function profileOf(info: { readonly description: string; readonly vendor: string }): Profile {
  if (/llvmpipe/i.test(`${info.description} ${info.vendor}`)) return "llvmpipe";
  const vendor = info.vendor.toLowerCase();
  return Object.hasOwn(VENDORS, vendor) ? VENDORS[vendor] as Profile : "generic-webgpu";
}

/** The limits that every WebGPU device has (WebGPU specification, default limits). */
export const DEFAULT_LIMITS: Omit<Limits, "maxLoopIterations"> = {
  maxInvocations: 256,
  maxWorkgroupSize: [256, 256, 64],
  maxSharedBytes: 16384,
  maxWorkgroups: 65535,
  maxStorageBuffers: 8,
  maxTextures: 16,
  maxTextureSize: 8192,
  maxBindingBytes: 128 * 2 ** 20,
};

const LLVMPIPE_LIMITS: typeof DEFAULT_LIMITS = {
  ...DEFAULT_LIMITS,
  maxInvocations: 1024,
  maxWorkgroupSize: [1024, 1024, 1024],
  maxSharedBytes: 32768,
  maxStorageBuffers: 32,
  maxTextureSize: 16384,
};

/** Generous: a workgroup is a loop there. */
const CPU_LIMITS: typeof DEFAULT_LIMITS = {
  maxInvocations: 1024,
  maxWorkgroupSize: [1024, 1024, 1024],
  maxSharedBytes: 2 ** 20,
  maxWorkgroups: UNLIMITED,
  maxStorageBuffers: 64,
  maxTextures: 64,
  maxTextureSize: UNLIMITED,
  maxBindingBytes: 2 ** 31 - 1,
};

/** Where a device is not at hand: every GPU has WebGPU's default limits at least. */
const LIMITS: Partial<Readonly<Record<Profile, typeof DEFAULT_LIMITS>>> = {
  llvmpipe: LLVMPIPE_LIMITS,
  cpu: CPU_LIMITS,
};

/**
 * The target of a profile, for scheduling and printing without a device.
 *
 * @throws {TunebookError} for an unknown profile
 */
export function targetOf(profile: Profile): Target {
  if (!Object.hasOwn(PROFILES, profile)) {
    throw new TunebookError(`unknown target ${profile}: known are ${Object.keys(PROFILES).join(", ")}`);
  }
  const facts = PROFILES[profile];
  return {
    ...CAPABILITIES[facts.language],
    kind: facts.kind,
    profile,
    name: profile,
    vendor: "",
    architecture: "",
    runtime: "",
    limits: { ...(LIMITS[profile] ?? DEFAULT_LIMITS), maxLoopIterations: facts.maxLoopIterations },
    f16: true,
    timestamps: facts.clock === "timestamp",
    clock: facts.clock,
    textures: facts.textures,
  };
}
