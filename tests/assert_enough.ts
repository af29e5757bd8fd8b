import { assert } from "@std/assert";

/**
 * Asserts that of `runs` random trials about the share `least` succeeded: fewer than four standard deviations below that are
 * no chance.
 */
export function assertEnough(succeeded: number, runs: number, least: number): void {
  const enough = least * runs - 4 * Math.sqrt(runs * least * (1 - least));
  assert(succeeded >= enough, `expected at least ${enough.toFixed(1)} of ${runs} to run, got ${succeeded}`);
}
