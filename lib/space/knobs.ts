/** What a template may ask about its free numbers, and the answers. */
import { TunebookError } from "../ir/error.ts";

/** The value of one knob as JSON: a choice, or the factors of a split. */
export type KnobValue = string | number | boolean | readonly number[];

/** A point of a space: one value a knob. */
export type Config = Readonly<Record<string, KnobValue>>;

/** The factors of a split into so many parts, outermost first. */
export interface Factors {
  readonly 1: readonly [number | null];
  readonly 2: readonly [number | null, number];
  readonly 3: readonly [number | null, number, number];
  readonly 4: readonly [number | null, number, number, number];
}
export type Parts = keyof Factors;

export interface SplitOptions<P extends Parts = Parts> {
  /** Number of factors, the derived outermost one included. */
  readonly parts: P;
  /** The inner `parts - 1` factors that a good rule would take. */
  readonly preset: readonly number[];
  /** Inner factors: divisors of the extent (default), or powers of two with a tail to guard. */
  readonly policy?: "factors" | "power2";
  /** Largest inner factor, one for all or one each. */
  readonly max?: number | readonly number[];
}

/**
 * A template declares each number that may vary where it uses it. Every run of a
 * template declares the same knobs in the same order, whatever their values.
 */
export interface Knobs {
  /**
   * Factors of a loop of `extent` (undefined where it is symbolic), outermost first; the first is
   * ceil(extent / product of the others), or null where the extent is symbolic.
   */
  split<P extends Parts>(name: string, extent: number | undefined, options: SplitOptions<P>): Factors[P];
  /** One of `options`. */
  choice<T extends string | number>(name: string, options: readonly T[], preset: T): T;
  flag(name: string, preset: boolean): boolean;
  /** Rejects the configuration, before anything is compiled, unless `ok`. */
  require(ok: boolean, reason: string): void;
}

/** A configuration that its template rejects. */
export class RejectedConfig extends TunebookError {
  override readonly name = "RejectedConfig";
}
