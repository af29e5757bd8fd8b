/** Targets from JSON. They come from files of strangers: every field is checked, and none is let through unread. */
import { TunebookError } from "../ir/error.ts";
import { count, fields, flag, type Kind, type Kinds, oneOf, readFields, text } from "../ir/read_json.ts";
import { PROFILES } from "./profiles.ts";
import type { Limits, Peaks, Profile, Target } from "./target.ts";

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
const TARGET: Kinds<Omit<Target, "peaks">> = {
  kind: oneOf(["webgpu", "cpu"]),
  profile: oneOf(Object.keys(PROFILES) as Profile[]),
  name: text,
  vendor: text,
  architecture: text,
  runtime: text,
  limits: LIMITS,
  f16: flag,
  timestamps: flag,
  subgroups: flag,
  textures: oneOf(["sampled", "storage"]),
  clock: oneOf(["timestamp", "wall", "cpu"]),
};

/**
 * The target of JSON data. Fields that a target does not have are left out.
 *
 * @throws {TunebookError} where it is none
 */
export function targetFromJson(json: unknown): Target {
  let why = "it is no object";
  const target = readFields<Omit<Target, "peaks">>(json, TARGET, (name, takes) => {
    why = `its ${name} is not ${takes}`;
  });
  if (!target) throw new TunebookError(`cannot read a target: ${why}`);
  const { peaks } = json as { readonly peaks?: unknown };
  if (peaks === undefined) return target;
  const measured = PEAKS.read(peaks);
  if (!measured) throw new TunebookError(`cannot read a target: its peaks are not ${PEAKS.takes}`);
  return { ...target, peaks: measured };
}
