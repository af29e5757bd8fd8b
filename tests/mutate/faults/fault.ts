/** A planted fault: one changed expression that still compiles and means something else. */
export interface Fault {
  /** The changed file, under `lib`. */
  readonly file: string;
  /** Text that the file has once. */
  readonly from: string;
  /** What replaces it. */
  readonly to: string;
  /** The tests, under `tests`, of which one must fail: the quickest file that notices. */
  readonly tests: readonly string[];
}

/** Writes a fault on few lines. */
export function fault(file: string, from: string, to: string, ...tests: readonly string[]): Fault {
  return { file, from, to, tests };
}
