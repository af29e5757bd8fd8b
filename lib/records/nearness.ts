/** How near a record is to a program on a device. */
import type { PrimFunc } from "../ir/func.ts";
import type { Shapes } from "../ir/shapes.ts";
import { isSameDevice, targetDistance } from "../target/target_distance.ts";
import type { Target } from "../target/target.ts";
import type { ReadRecord } from "./record_reader.ts";
import type { TrialRecord } from "./record.ts";
import { shapeDistance, type WorkloadStructure } from "./workload_similarity.ts";

/** Programs or devices with more doublings between them say nothing of each other. */
const FARTHEST = 6;

/** What a database has for a program on a device. */
export interface Found {
  readonly record: TrialRecord;
  /** Of this very program, shapes and device; of another device, of other shapes, or of both. */
  readonly how: "exact" | "device" | "shape" | "both";
  /** Doublings between what it was measured on and what was asked for; 0 where it is exact. */
  readonly distance: number;
  /** How it was chosen, in words. */
  readonly because: string;
  /** The program that it was measured on. */
  readonly func: PrimFunc;
  readonly shapes: Shapes;
}

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
    : "its time is held against no peaks, as the device's are not measured";
  if (same && own) {
    return { how: "exact", distance: 0, because: `it was measured on this program and device; ${checked}` };
  }
  const program = `the same program but for its numbers, ${task}, ${far(shape)}`;
  const other = `${adapter}, a device of the same kind and vendor, ${far(device)}`;
  const distance = shape + device;
  if (same) return { how: "device", distance, because: `nothing is known of this device; ${other}` };
  if (own) return { how: "shape", distance, because: `nothing is known of these shapes; ${program}` };
  return {
    how: "both",
    distance,
    because: `nothing is known of these shapes or this device; ${program}, on ${other}`,
  };
}

/** A program that differs in nothing but names is as near as can be, and still not the program itself. */
export function rankOf({ how, distance }: Pick<Found, "how" | "distance">): number {
  return how === "exact" ? -1 : distance;
}
