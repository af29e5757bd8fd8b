/** Reads targets from JSON. It is untrusted input: every field is checked, and unknown fields are left out. */
import { TunebookError } from "../base/error.ts";
import { count, fields, flag, type Kind, type Kinds, oneOf, readFields, text } from "../base/read_json.ts";
import { CAPABILITIES, type Capabilities, type KernelLanguage } from "./capabilities.ts";
import { PROFILES } from "./profiles.ts";
import type { Limits, Peaks, Profile, Subgroups, Target } from "./target.ts";

const size: Kind<readonly [number, number, number]> = {
  takes: "three numbers",
  read: (x) => {
    if (!Array.isArray(x) || x.length !== 3) return undefined;
    const [a, b, c] = x.map((n) => count.read(n));
    return a === undefined || b === undefined || c === undefined ? undefined : [a, b, c];
  },
};

const LIMITS: Kind<Limits> = fields<Limits>({
  maxInvocations: count,
  maxWorkgroupSize: size,
  maxSharedBytes: count,
  maxWorkgroups: count,
  maxStorageBuffers: count,
  maxTextures: count,
  maxTextureSize: count,
  maxBindingBytes: count,
  maxLoopIterations: count,
});
const PEAKS: Kind<Peaks> = fields<Peaks>({
  gflops: count,
  bufferGbps: count,
  textureGbps: count,
  copyGbps: count,
  launchMs: count,
});
/** WebGPU's bounds, for a device of an older record that states no more than that it has subgroups. */
const SOME_SUBGROUPS: Subgroups = { minSize: 4, maxSize: 128, directive: true };
const SIZES: Kind<Subgroups> = fields<Subgroups>({ minSize: count, maxSize: count, directive: flag });
const SUBGROUPS: Kind<Subgroups | "none"> = {
  takes: `a boolean, or ${SIZES.takes}`,
  read: (x) => x === undefined || x === false ? "none" : x === true ? SOME_SUBGROUPS : SIZES.read(x),
};

/** What every target has, in records of every version. */
type Required = Omit<Target, "peaks" | "subgroups" | keyof Capabilities>;
const TARGET: Kinds<Required> = {
  kind: oneOf(["webgpu", "cpu"]),
  profile: oneOf(Object.keys(PROFILES) as Profile[]),
  name: text,
  vendor: text,
  architecture: text,
  runtime: text,
  limits: LIMITS,
  f16: flag,
  timestamps: flag,
  textures: oneOf(["sampled", "storage", "none"]),
  clock: oneOf(["timestamp", "wall", "cpu"]),
};

const LANES: Kind<1 | 4> = { takes: "1 or 4", read: (x) => x === 1 || x === 4 ? x : undefined };
const CAPABILITY_FIELDS: Kinds<Capabilities> = {
  language: oneOf(Object.keys(CAPABILITIES) as KernelLanguage[]),
  lanes: LANES,
  uniforms: flag,
  unsignedDivision: flag,
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
  const peaks = given.peaks === undefined ? "none" : PEAKS.read(given.peaks);
  if (!peaks) throw refuse(`its peaks are not ${PEAKS.takes}`);
  return {
    ...capabilities,
    ...target,
    // Version 0.1.0 recorded that a CPU samples textures, which was wrong.
    ...(old && target.kind === "cpu" ? { textures: "none" } : {}),
    ...(subgroups === "none" ? {} : { subgroups }),
    ...(peaks === "none" ? {} : { peaks }),
  };
}
