/** Targets from JSON. They come from files of strangers: every field is checked, and none is let through unread. */
import { TunebookError } from "../ir/error.ts";
import { PROFILES } from "./profiles.ts";
import type { Limits, Peaks, Profile, Target } from "./target.ts";

/** What a field is in words, and how it is read: undefined for anything else. */
interface Kind<T> {
  readonly takes: string;
  readonly read: (x: unknown) => T | undefined;
}

const text: Kind<string> = {
  takes: "text of up to 1000 characters",
  read: (x) => typeof x === "string" && x.length <= 1000 ? x : undefined,
};
const flag: Kind<boolean> = { takes: "a boolean", read: (x) => typeof x === "boolean" ? x : undefined };
const count: Kind<number> = {
  takes: "a number that is not negative",
  read: (x) => typeof x === "number" && Number.isFinite(x) && x >= 0 ? x : undefined,
};
const size: Kind<readonly [number, number, number]> = {
  takes: "three numbers",
  read: (x) => {
    if (!Array.isArray(x) || x.length !== 3) return undefined;
    const [a, b, c] = x.map((n) => count.read(n));
    return a === undefined || b === undefined || c === undefined ? undefined : [a, b, c];
  },
};

function oneOf<T extends string>(all: readonly T[]): Kind<T> {
  return { takes: `one of ${all.join(", ")}`, read: (x) => all.find((a) => a === x) };
}

function fields<T extends object>(kinds: { readonly [K in keyof T]-?: Kind<T[K]> }): Kind<T> {
  return { takes: `an object of ${Object.keys(kinds).join(", ")}`, read: (x) => readFields(x, kinds) };
}

/** The fields of `x` that `kinds` has, each read by its kind; undefined if one is not of its kind. */
function readFields<T extends object>(
  x: unknown,
  kinds: { readonly [K in keyof T]-?: Kind<T[K]> },
  wrong: (name: string, takes: string) => void = () => {},
): T | undefined {
  if (typeof x !== "object" || x === null || Array.isArray(x)) return undefined;
  const given = new Map<string, unknown>(Object.entries(x));
  const read: [string, unknown][] = [];
  for (const [name, kind] of Object.entries<Kind<unknown>>(kinds)) {
    const value = kind.read(given.get(name));
    if (value === undefined) return void wrong(name, kind.takes);
    read.push([name, value]);
  }
  // Each field was read by the kind that `kinds` has for it.
  return Object.fromEntries(read) as T;
}

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
const TARGET: { readonly [K in keyof Omit<Target, "peaks">]: Kind<Target[K]> } = {
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
