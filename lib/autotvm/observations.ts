import { checkArgument, type Kind } from "../base/check_options.ts";
import { arrayOf, count, passing, required, withFields } from "../base/option_kinds.ts";
import { TunerError } from "./error.ts";
import type { Told, TunerOptions } from "./tuner.ts";

/** Rejected points in one call after which a tuner gives up. */
const PATIENCE = 20_000;
/** The same for points that a constraint of the space refuses; such a check costs almost nothing. */
const REFUSALS = 2_000_000;

const RESULTS: Kind<readonly Told[]> = arrayOf(
  withFields<Told>("a result { index, score }", { index: required(count) }),
);
const ASKED: Kind<number> = passing("a number of points, at least 0", (x) => typeof x === "number" && x >= 0);

/** Checks the number of points that a tuner is asked for. */
export function checkAsked(n: number): void {
  checkArgument("tuner.ask", "n", n, ASKED);
}

/** The state of each point in a tuner: asked, told, rejected; and its features, computed once. */
export class Ledger {
  readonly #options: TunerOptions;
  readonly #taken = new Set<number>();
  readonly #told = new Map<number, number | undefined>();
  readonly #accepted = new Map<number, boolean>();
  readonly #features = new Map<number, Float64Array | undefined>();

  constructor(options: TunerOptions) {
    this.#options = options;
  }

  /** All measured points, in the order of their results. */
  get told(): ReadonlyMap<number, number | undefined> {
    return this.#told;
  }

  /** Number of points that were asked or told. */
  get taken(): number {
    return this.#taken.size;
  }

  /** Tells whether the tuner may still ask for the point. */
  isOpen(index: number): boolean {
    return !this.#taken.has(index) && this.accepts(index);
  }

  /** Tells whether the point was neither asked nor told. The template may reject it. */
  isFresh(index: number): boolean {
    return !this.#taken.has(index);
  }

  /** Tells whether the template accepts the point. Measuring it may still fail. */
  accepts(index: number): boolean {
    let ok = this.#accepted.get(index);
    if (ok === undefined) {
      const { space, valid, features } = this.#options;
      ok = space.accepts(index) &&
        (valid ? valid(index) : features ? this.features(index) !== undefined : true);
      this.#accepted.set(index, ok);
    }
    return ok;
  }

  /** The answers of `accepts` so far. */
  get checked(): ReadonlyMap<number, boolean> {
    return this.#accepted;
  }

  /** The features of the point, or undefined where there are none. */
  features(index: number): Float64Array | undefined {
    if (!this.#features.has(index)) this.#features.set(index, this.#options.features?.(index));
    return this.#features.get(index);
  }

  /** Marks the point as asked. */
  take(index: number): void {
    this.#taken.add(index);
  }

  /** Takes up to `n` open points from the front of a sequence. */
  takeFrom(sequence: Iterator<number>, n: number): readonly number[] {
    const out: number[] = [];
    for (let misses = 0, refused = 0; out.length < n && misses < PATIENCE && refused < REFUSALS;) {
      const next = sequence.next();
      if (next.done) break;
      if (this.#taken.has(next.value)) continue;
      if (!this.#options.space.accepts(next.value)) {
        refused++;
        continue;
      }
      if (!this.accepts(next.value)) {
        misses++;
        continue;
      }
      this.take(next.value);
      out.push(next.value);
    }
    return out;
  }

  tell(results: readonly Told[]): void {
    checkArgument("tuner.tell", "results", results, RESULTS);
    for (const { index, score } of results) {
      this.#options.space.digits(index);
      if (score !== undefined && !(Number.isFinite(score) && score >= 0)) {
        throw new TunerError(
          `expected the score of configuration ${index} to be a finite number of at least 0, or undefined for a ` +
            `failure, got ${score}`,
        );
      }
      this.#taken.add(index);
      this.#told.set(index, score);
    }
  }

  /** The points with a score, best first. */
  ranked(): readonly { readonly index: number; readonly score: number }[] {
    const out: { index: number; score: number }[] = [];
    for (const [index, score] of this.#told) if (score !== undefined) out.push({ index, score });
    return out.sort((a, b) => b.score - a.score);
  }
}
