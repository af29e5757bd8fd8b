/** What is known of kinds of devices, and the target of each without a device at hand. */
import { TunebookError } from "../ir/error.ts";
import type { Limits, Profile, Target } from "./target.ts";

/** What adapters don't tell. */
interface ProfileFacts {
  readonly maxLoopIterations: number;
  readonly clock: Target["clock"];
}

const UNLIMITED = 2 ** 31 - 1;

export const PROFILES: Readonly<Record<Profile, ProfileFacts>> = {
  "generic-webgpu": { maxLoopIterations: UNLIMITED, clock: "timestamp" },
  // Mesa's llvmpipe ends an invocation after 65,535 turns of its loops, silently (lp_bld_flow.c's loop limit).
  llvmpipe: { maxLoopIterations: 65535, clock: "cpu" },
  cpu: { maxLoopIterations: UNLIMITED, clock: "cpu" },
};

/** The profile that an adapter's own words tell. */
export function profileOf(info: { readonly description: string; readonly vendor: string }): Profile {
  return /llvmpipe/i.test(`${info.description} ${info.vendor}`) ? "llvmpipe" : "generic-webgpu";
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

const LIMITS: Readonly<Record<Profile, typeof DEFAULT_LIMITS>> = {
  "generic-webgpu": DEFAULT_LIMITS,
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
    kind: profile === "cpu" ? "cpu" : "webgpu",
    profile,
    name: profile,
    vendor: "",
    architecture: "",
    runtime: "",
    limits: { ...LIMITS[profile], maxLoopIterations: facts.maxLoopIterations },
    f16: true,
    timestamps: facts.clock === "timestamp",
    subgroups: false,
    clock: facts.clock,
  };
}
