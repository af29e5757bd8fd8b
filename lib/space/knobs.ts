/** The interface by which a template declares its free numbers and gets their values. */
import { TunebookError } from "../base/error.ts";

/** The value of one knob as JSON: a choice, the inner factors of a split, an order, or one annotation per loop. */
export type KnobValue = string | number | boolean | readonly number[] | readonly string[];

/** A point of a space: one value per knob. */
export type Config = Readonly<Record<string, KnobValue>>;

/** The factors of a split, by the number of its parts; outermost first. */
export interface Factors {
  /** One factor. */
  readonly 1: readonly [number | null];
  /** An outer factor, which follows from the extent, and an inner one. */
  readonly 2: readonly [number | null, number];
  /** Three factors, the outer one free. */
  readonly 3: readonly [number | null, number, number];
  /** Four factors, the outer one free. */
  readonly 4: readonly [number | null, number, number, number];
}

/** The number of factors of a split. */
export type PartCount = keyof Factors;

/** The options of {@linkcode Knobs.split}. */
export interface SplitOptions<P extends PartCount = PartCount> {
  /** Number of factors, the derived outermost one included. */
  readonly parts: P;
  /** The inner `parts - 1` factors that a good rule would take. */
  readonly preset: readonly number[];
  /**
   * Inner factors: divisors of the extent (default); powers of two, with a tail to guard; `verbose`, both of
   * them; or those that `candidates` lists.
   */
  readonly policy?: "factors" | "power2" | "verbose" | "candidates";
  /** Largest inner factor, one for all or one each. */
  readonly max?: number | readonly number[];
  /** The tuples of inner factors of policy `candidates`. */
  readonly candidates?: readonly (readonly number[])[];
}

/**
 * The allowed orders of some loops. `all`: every order. `interval`: permutations of the loops at places `from` to
 * `to - 1`. `interleave`: merges of chains; each chain keeps its order. `candidates`: a list.
 */
export type OrderPolicy =
  | { readonly policy: "all" }
  | { readonly policy: "interval"; readonly interval: readonly [from: number, to: number] }
  | { readonly policy: "interleave"; readonly chains: readonly (readonly string[])[] }
  | { readonly policy: "candidates"; readonly candidates: readonly (readonly string[])[] };

/** What a loop may be annotated with. */
export type Annotation = "none" | "unroll" | "vectorize";

/** The options of {@linkcode Knobs.annotate}. */
export interface AnnotateOptions {
  /** What a loop may take; `vectorize` is for the last loop only. */
  readonly among: readonly Annotation[];
  /** One per loop. */
  readonly preset: readonly Annotation[];
}

/** The answer to a template for one knob. */
export type Answer = KnobValue | readonly (number | null)[];

/**
 * A template declares each number that may vary where it uses it. Every run of a
 * template declares the same knobs in the same order, whatever their values.
 */
export interface Knobs {
  /**
   * Factors of a loop of `extent` (undefined where it is symbolic), outermost first; the first is
   * ceil(extent / product of the others), or null where the extent is symbolic.
   */
  split<P extends PartCount>(name: string, extent: number | undefined, options: SplitOptions<P>): Factors[P];
  /** One of `options`. */
  choice<T extends string | number>(name: string, options: readonly T[], preset: T): T;
  /** A choice between true and false. */
  flag(name: string, preset: boolean): boolean;
  /** The loops in one of the orders that the policy allows; the preset is the order in which they are given. */
  reorder(name: string, loops: readonly string[], options: OrderPolicy): readonly string[];
  /** What each of some loops, outermost first, is annotated with. */
  annotate(name: string, options: AnnotateOptions): readonly Annotation[];
  /**
   * Adds a constraint between knobs that were declared before. `refuse` gets their values in the same order. It returns
   * the reason for a refusal, or undefined. It must depend on these values alone: it is called for millions of
   * configurations, before anything is scheduled.
   */
  require<A extends readonly Answer[]>(
    knobs: { readonly [I in keyof A]: string },
    refuse: (...answers: A) => string | undefined,
  ): void;
}

/** A constraint that {@linkcode Knobs.require} added. */
export interface Constraint {
  /** Names of the knobs that it ties to each other. */
  readonly knobs: readonly string[];
  /** Gets their values in the same order. Returns the reason for a refusal, or undefined. */
  readonly refuse: (...answers: readonly Answer[]) => string | undefined;
}

/** A configuration that its template rejects. */
export class RejectedConfig extends TunebookError {
  /** The name of the error's class. */
  override readonly name = "RejectedConfig";
}
