import type { Peaks, Target } from "./target.ts";

/** Times measured on both can be compared: it is the same device, read by the same clock. */
export function isSameDevice(a: Target, b: Target): boolean {
  return a.kind === b.kind && a.name === b.name && a.clock === b.clock;
}

/**
 * How unlike two devices are, as far as schedules go; undefined where what is good for one says nothing of the
 * other: another kind, or another vendor. 0 for the same device; else 1, and the doublings between their limits
 * and, where both were measured, between their peaks, and 1 for each feature that one of them lacks.
 */
export function targetDistance(a: Target, b: Target): number | undefined {
  if (isSameDevice(a, b)) return 0;
  if (a.kind !== b.kind || a.profile !== b.profile) return undefined;
  const limits = (["maxInvocations", "maxSharedBytes"] as const).map((k) =>
    doublings(a.limits[k], b.limits[k])
  );
  const features = (["f16", "textures"] as const).filter((k) => a[k] !== b[k]).length +
    (!a.subgroups === !b.subgroups ? 0 : 1);
  return 1 + sum(limits) + features + (a.peaks && b.peaks ? peaksDistance(a.peaks, b.peaks) : 0);
}

function peaksDistance(a: Peaks, b: Peaks): number {
  return sum(
    (["gflops", "bufferGbps", "textureGbps", "copyGbps"] as const).map((k) => doublings(a[k], b[k])),
  );
}

/** How often one number must be doubled to be the other; what either lacks is not compared. */
export function doublings(a: number, b: number): number {
  return a > 0 && b > 0 ? Math.abs(Math.log2(a / b)) : 0;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((a, b) => a + b, 0);
}
