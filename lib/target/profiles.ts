/** Profiles of devices, and the target of each profile without a device. */
import { checkArgument } from "../base/check_options.ts";
import { oneOf } from "../base/option_kinds.ts";
import { CAPABILITIES, type KernelLanguage } from "./capabilities.ts";
import type { Limits, Profile, Target } from "./target.ts";

/** The facts of a profile that adapters do not state. */
export interface ProfileFacts {
  /** The API that runs its kernels. */
  readonly kind: Target["kind"];
  /** The language of its kernels. */
  readonly language: KernelLanguage;
  /** Loop iterations after which its driver ends a thread. */
  readonly maxLoopIterations: number;
  /** The clock that measures best. */
  readonly clock: Target["clock"];
  /** How kernels read textures. */
  readonly textures: Target["textures"];
}

const UNLIMITED = 2 ** 31 - 1;

/** A GPU whose driver ends no thread early. */
const GPU: ProfileFacts = {
  kind: "webgpu",
  language: "wgsl",
  maxLoopIterations: UNLIMITED,
  clock: "timestamp",
  textures: "sampled",
};

/** The facts of each profile. */
export const PROFILES: Readonly<Record<Profile, ProfileFacts>> = {
  "generic-webgpu": GPU,
  nvidia: GPU,
  amd: GPU,
  intel: GPU,
  apple: GPU,
  "qualcomm-adreno": GPU,
  "arm-mali": GPU,
  // Mesa's llvmpipe silently ends a thread after 65,535 iterations of its loops (the loop limit of lp_bld_flow.c).
  // For a texel of a sampled texture it calls a function that computes the sizes of a mip level for every lane. A texel
  // of a storage texture takes a third of the instructions, in line.
  llvmpipe: { ...GPU, maxLoopIterations: 65535, clock: "cpu", textures: "storage" },
  cpu: { kind: "cpu", language: "wasm", maxLoopIterations: UNLIMITED, clock: "cpu", textures: "none" },
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

/** Finds the profile of an adapter from its description and vendor. */
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

/** Generous limits: a workgroup is a loop there. */
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

/** The limits of a profile where they are not the default ones, which every GPU has at least. */
const LIMITS: Partial<Readonly<Record<Profile, typeof DEFAULT_LIMITS>>> = {
  llvmpipe: LLVMPIPE_LIMITS,
  cpu: CPU_LIMITS,
};

/**
 * Gives the target of a profile, for scheduling and printing without a device.
 *
 * @throws {OptionError} for an unknown profile
 */
export function targetOf(profile: Profile): Target {
  checkArgument("targetOf", "profile", profile, oneOf(...Object.keys(PROFILES)));
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
