/** The runs of one candidate whose results were compared with the reference. */
import type { TypedArray } from "../runtime/arrays.ts";
import type { Bound } from "../runtime/backend.ts";
import { checkOutput } from "./check.ts";
import type { InputSet } from "./input_sets.ts";

/** Checked runs of a winner: they catch an error in 5% of the runs with a probability of 99%. */
export const CHECKED_RUNS = 90;

/** Checked runs of a candidate that becomes the incumbent, on top of those that it has. */
export const CHECKED_ON_PROMOTION = 8;

/** Milliseconds that the checked runs of one candidate may take: a slow one has fewer of them. */
export const CHECKING_MS = 2500;

/** Counts checked runs, and keeps what is wrong. */
export class CheckedRuns {
  /** Runs whose results were right, in every set. */
  count = 0;
  /** Milliseconds that were spent on them. */
  spentMs = 0;
  /** Largest relative error so far. */
  maxError = 0;
  /** The first thing that was wrong. */
  wrong: string | undefined;
  /** Milliseconds of the longest of them. */
  #longest = 0;
  /** Results that were right: the same bits are right again. */
  readonly #right = new Map<InputSet, Readonly<Record<string, TypedArray>>>();

  /** Holds what is on the device against the reference. False if something is wrong. */
  async check(bound: Bound, set: InputSet): Promise<boolean> {
    const begin = performance.now();
    const results = await bound.read();
    const right = this.#right.get(set);
    for (const [name, { values, bounds }] of Object.entries(set.outputs)) {
      const result = results[name];
      if (!result) {
        this.wrong ??= `the program has no output ${name}`;
        return false;
      }
      const known = right?.[name];
      if (known && sameBits(known, result)) continue;
      const { wrong, maxError } = checkOutput(name, result, values, bounds);
      if (wrong !== undefined) {
        this.wrong ??= `${set.says}${wrong}`;
        return false;
      }
      this.maxError = Math.max(this.maxError, maxError);
    }
    this.#right.set(set, results);
    this.count++;
    this.spentMs += performance.now() - begin;
    return true;
  }

  /**
   * Runs with poisoned results and checks, up to `runs` times, while there is time. False if something is wrong.
   */
  async run(bound: Bound, set: InputSet, runs: number): Promise<boolean> {
    for (let k = 0; k < runs && this.spentMs + this.#longest < CHECKING_MS; k++) {
      bound.poison();
      const { wall } = await bound.run(1);
      this.spentMs += wall;
      this.#longest = Math.max(this.#longest, wall);
      if (!await this.check(bound, set)) return false;
    }
    return true;
  }
}

function sameBits(a: TypedArray, b: TypedArray): boolean {
  if (a.length !== b.length) return false;
  const x = bitsOf(a), y = bitsOf(b);
  for (let i = 0; i < x.length; i++) if (x[i] !== y[i]) return false;
  return true;
}

function bitsOf(a: TypedArray): Uint16Array | Uint32Array {
  return a instanceof Float16Array
    ? new Uint16Array(a.buffer, a.byteOffset, a.length)
    : new Uint32Array(a.buffer, a.byteOffset, a.length);
}
