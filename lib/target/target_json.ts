/** Reads targets from JSON. It is untrusted input: every field is checked, and unknown fields are left out. */
import { TunebookError } from "../base/error.ts";
import {
  fields,
  jsonCount,
  jsonFlag,
  type JsonKind,
  type JsonKinds,
  jsonOneOf,
  jsonText,
  readFields,
} from "../base/read_json.ts";
import { CAPABILITIES, type Capabilities, type KernelLanguage } from "./capabilities.ts";
import { PROFILES } from "./profiles.ts";
import type { Limits, Peaks, Profile, Subgroups, Target } from "./target.ts";

const size: JsonKind<readonly [number, number, number]> = {
  takes: "three numbers",
  read: (x) => {
    if (!Array.isArray(x) || x.length !== 3) return undefined;
    const [a, b, c] = x.map((n) => jsonCount.read(n));
    return a === undefined || b === undefined || c === undefined ? undefined : [a, b, c];
  },
};

const LIMITS: JsonKind<Limits> = fields<Limits>({
  maxInvocations: jsonCount,
  maxWorkgroupSize: size,
  maxSharedBytes: jsonCount,
  maxWorkgroups: jsonCount,
  maxStorageBuffers: jsonCount,
  maxTextures: jsonCount,
  maxTextureSize: jsonCount,
  maxBindingBytes: jsonCount,
  maxLoopIterations: jsonCount,
});
const PEAKS: JsonKind<Peaks> = fields<Peaks>({
  gflops: jsonCount,
  bufferGbps: jsonCount,
  textureGbps: jsonCount,
  copyGbps: jsonCount,
  launchMs: jsonCount,
});
/** WebGPU's bounds, for a device of an older record that states no more than that it has subgroups. */
const SOME_SUBGROUPS: Subgroups = { minSize: 4, maxSize: 128, directive: true };
const SIZES: JsonKind<Subgroups> = fields<Subgroups>({
  minSize: jsonCount,
  maxSize: jsonCount,
  directive: jsonFlag,
});
const SUBGROUPS: JsonKind<Subgroups | "none"> = {
  takes: `a boolean, or ${SIZES.takes}`,
  read: (x) => x === undefined || x === false ? "none" : x === true ? SOME_SUBGROUPS : SIZES.read(x),
};

/** What every target has, in records of every version. */
type Required = Omit<Target, "peaks" | "subgroups" | "relaxedSimd" | "threads" | keyof Capabilities>;
const TARGET: JsonKinds<Required> = {
  kind: jsonOneOf(["webgpu", "cpu"]),
  profile: jsonOneOf(Object.keys(PROFILES) as Profile[]),
  name: jsonText,
  vendor: jsonText,
  architecture: jsonText,
  runtime: jsonText,
  limits: LIMITS,
  f16: jsonFlag,
  timestamps: jsonFlag,
  textures: jsonOneOf(["sampled", "storage", "none"]),
  clock: jsonOneOf(["timestamp", "wall", "cpu"]),
};

const LANES: JsonKind<1 | 4> = { takes: "1 or 4", read: (x) => x === 1 || x === 4 ? x : undefined };
const CAPABILITY_FIELDS: JsonKinds<Capabilities> = {
  language: jsonOneOf(Object.keys(CAPABILITIES) as KernelLanguage[]),
  lanes: LANES,
  uniforms: jsonFlag,
  unsignedDivision: jsonFlag,
};

/**
 * Reads a target from JSON data. Fields that a target does not have are left out. A record of version 0.1.0 states no
 * capabilities: it gets those that devices of its kind had.
 *
 * @throws {TunebookError} where a field is missing or not of its kind
 */
export function targetFromJson(json: unknown): Target {
  const refuse = (why: string) => new TunebookError(`cannot read a target: ${why}`);
  let why = "it is not an object";
  const target = readFields<Required>(json, TARGET, (name, takes) => {
    why = `its ${name} is not ${takes}`;
  });
  if (!target) throw refuse(why);
  const given = json as {
    readonly peaks?: unknown;
    readonly subgroups?: unknown;
    readonly language?: unknown;
    readonly threads?: unknown;
  };
  const old = given.language === undefined;
  const capabilities = old
    ? CAPABILITIES[target.kind === "cpu" ? "js" : "wgsl"]
    : readFields<Capabilities>(json, CAPABILITY_FIELDS, (name, takes) => {
      why = `its ${name} is not ${takes}`;
    });
  if (!capabilities) throw refuse(why);
  const subgroups = SUBGROUPS.read(given.subgroups);
  if (!subgroups) throw refuse(`its subgroups is not ${SUBGROUPS.takes}`);
  const threads = given.threads === undefined ? 1 : jsonCount.read(given.threads);
  if (threads === undefined) throw refuse(`its threads is not ${jsonCount.takes}`);
  const peaks = given.peaks === undefined ? "none" : PEAKS.read(given.peaks);
  if (!peaks) throw refuse(`its peaks are not ${PEAKS.takes}`);
  return {
    ...capabilities,
    ...target,
    // Version 0.1.0 recorded that a CPU samples textures, which was wrong.
    ...(old && target.kind === "cpu" ? { textures: "none" } : {}),
    ...((json as { readonly relaxedSimd?: unknown }).relaxedSimd === true ? { relaxedSimd: true } : {}),
    ...(threads > 1 ? { threads } : {}),
    ...(subgroups === "none" ? {} : { subgroups }),
    ...(peaks === "none" ? {} : { peaks }),
  };
}
