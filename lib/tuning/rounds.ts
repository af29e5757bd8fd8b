/** The rounds of a measurement that confirms. */
import { TunebookError } from "../base/error.ts";

/** Default rounds of a confirmation: enough for an interval without the extremes. */
export const CONFIRM_ROUNDS = 11;
/** How a confirmation measures. */
export interface ConfirmOptions {
  /** Rounds of the interleaved measurement. Default 11. */
  readonly rounds?: number;
  /**
   * Processes that share the rounds, one after the other. What differs from one start to the next, such as where memory
   * lies, then widens the intervals. Default 1.
   */
  readonly processes?: number;
}

/** Shortest sample of a confirmation, milliseconds. It is long, because few trials are confirmed. */
export const MIN_SAMPLE_MS = 50;

/** @throws {TunebookError} for a number of rounds that is not a positive integer */
export function checkRounds(rounds: number): void {
  if (Number.isSafeInteger(rounds) && rounds > 0) return;
  throw new TunebookError(`expected rounds to be a positive integer, got ${rounds}`);
}
