import { TunerError } from "./error.ts";
import type { Told, TunerOptions } from "./tuner.ts";

/** Rejected points in one question after which a tuner gives up: the rest of such a space is hopeless. */
const PATIENCE = 20_000;
/** The same for points that a constraint of the space refuses, which costs next to nothing to ask. */
const REFUSALS = 2_000_000;

/** What a tuner knows of each point: asked, told, rejected; and its features, computed once. */
export class Ledger {
  readonly #options: TunerOptions;
  readonly #taken = new Set<number>();
  readonly #told = new Map<number, number | undefined>();
  readonly #accepted = new Map<number, boolean>();
  readonly #features = new Map<number, Float64Array | undefined>();

  constructor(options: TunerOptions) {
    this.#options = options;
  }

  /** Everything that was told, in the order of telling. */
  get told(): ReadonlyMap<number, number | undefined> {
    return this.#told;
  }

  /** Number of points that were asked or told. */
  get taken(): number {
    return this.#taken.size;
  }

  /** Whether the point may still be asked for. */
  isOpen(index: number): boolean {
    return !this.#taken.has(index) && this.accepts(index);
  }

  /** Whether the point was neither asked nor told; it may be one that the template rejects. */
  isFresh(index: number): boolean {
    return !this.#taken.has(index);
  }

  /** Whether the template accepts the point, as far as can be told without measuring it. */
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

  /** How `accepts` has answered so far. */
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
    for (const { index, score } of results) {
      this.#options.space.digits(index);
      if (score !== undefined && !(Number.isFinite(score) && score >= 0)) {
        throw new TunerError(
          `cannot learn from score ${score} of configuration ${index}: ` +
            `a score is a finite number, at least 0, or undefined where the candidate failed`,
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
