/** The distance between a record and a program on a device. */
import type { PrimFunc } from "../ir/func.ts";
import type { Shapes } from "../ir/shapes.ts";
import { isSameDevice, targetDistance } from "../target/target_distance.ts";
import type { Target } from "../target/target.ts";
import type { ReadRecord } from "./record_reader.ts";
import type { TrialRecord } from "./record.ts";
import { shapeDistance, type WorkloadStructure } from "./workload_similarity.ts";

/** Largest useful distance, in doublings: a record further away tells nothing. */
const FARTHEST = 6;

/** A record that a database found for a program on a device. */
export interface Found {
  /** The record. */
  readonly record: TrialRecord;
  /** What matches: everything (`exact`), or all but the `device`, the `shape`, or `both`. */
  readonly how: "exact" | "device" | "shape" | "both";
  /** Doublings between the measured and the requested extents and device rates; 0 for an exact match. */
  readonly distance: number;
  /** The reason for the choice, in words. */
  readonly because: string;
  /** The program that it was measured on. */
  readonly func: PrimFunc;
  /** The values of that program's shape variables. */
  readonly shapes: Shapes;
}

/** Measures how near a record is to a program on a device; undefined if it is too far, or not comparable. */
export function nearness(
  candidate: ReadRecord,
  asked: { readonly fingerprint: string; readonly structure: WorkloadStructure; readonly target: Target },
): Pick<Found, "how" | "distance" | "because"> | undefined {
  const shape = shapeDistance(candidate.structure, asked.structure);
  const device = targetDistance(candidate.target, asked.target);
  if (shape === undefined || device === undefined || shape + device > FARTHEST) return undefined;
  const same = shape === 0 && candidate.record.fingerprint === asked.fingerprint;
  const own = isSameDevice(candidate.target, asked.target);
  const { task, adapter } = candidate.record;
  const far = (n: number) => `${Number(n.toFixed(2))} doublings away`;
  const checked = asked.target.peaks
    ? "its time is within the device's measured peaks"
    : "its time is not checked against peaks, as the device's peaks are not measured";
  if (same && own) {
    return { how: "exact", distance: 0, because: `it was measured on this program and device; ${checked}` };
  }
  const program = `the same program with other numbers, ${task}, ${far(shape)}`;
  const other = `${adapter}, a device of the same kind and vendor, ${far(device)}`;
  const distance = shape + device;
  if (same) return { how: "device", distance, because: `there is no record of this device; ${other}` };
  if (own) return { how: "shape", distance, because: `there is no record of these shapes; ${program}` };
  return {
    how: "both",
    distance,
    because: `there is no record of these shapes or this device; ${program}, on ${other}`,
  };
}

/** Ranks a match, the best first. An exact match comes before a program that differs only in names. */
export function rankOf({ how, distance }: Pick<Found, "how" | "distance">): number {
  return how === "exact" ? -1 : distance;
}
