import type { Peaks, Target } from "./target.ts";

/** Tells whether times on two targets can be compared: it is one device, read by one clock. */
export function isSameDevice(a: Target, b: Target): boolean {
  return a.kind === b.kind && a.name === b.name && a.clock === b.clock;
}

/**
 * Measures how much two devices differ for schedules. It is undefined between devices of different kinds or vendors: a
 * good schedule for one tells nothing about the other. It is 0 for the same device. Otherwise it is 1, plus the doublings
 * between their limits and between their peaks, where both were measured, plus 1 for each feature that one of them lacks.
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

/** Counts how often one number must be doubled to be the other; 0 where one of them is not positive. */
export function doublings(a: number, b: number): number {
  return a > 0 && b > 0 ? Math.abs(Math.log2(a / b)) : 0;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((a, b) => a + b, 0);
}
