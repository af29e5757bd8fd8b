/** The kinds of values that a call's options can have: the rows of the tables that `checkOptions` reads. */
import {
  type AnyFields,
  type AnyKind,
  fieldsProblem,
  isPlainObject,
  type Kind,
  type RequiredKind,
  valueProblem,
} from "./check_options.ts";
import { withArticle } from "./shown_value.ts";

/** The type of a kind's values. */
export type ValueOf<K> = K extends Kind<infer T> ? T : never;

/** Marks an option that a call can't leave out. */
export function required<T>(kind: Kind<T>): RequiredKind<T> {
  return { ...kind, required: true };
}

/** True or false. */
export const flag: Kind<boolean> = { takes: "true or false", is: (x) => typeof x === "boolean" };

/** Text of any length. */
export const text: Kind<string> = { takes: "text", is: (x) => typeof x === "string" };

/** Text of at least one character, such as a name or a path. */
export const name: Kind<string> = {
  takes: "text of at least one character",
  is: (x) => typeof x === "string" && x !== "",
};

/** The numbers that an option can be; without a limit, any finite number. */
export interface NumberRange {
  /** The least number. */
  readonly min?: number;
  /** The greatest number. */
  readonly max?: number;
  /** Every number must be above this one. */
  readonly above?: number;
  /** Every number must be below this one. */
  readonly below?: number;
}

/** A finite number in `range`. `takes` describes it where the range alone isn't clear. */
export function number(range: NumberRange = {}, takes = inWords("a finite number", range)): Kind<number> {
  return { takes, is: (x) => typeof x === "number" && Number.isFinite(x) && within(range, x) };
}

/** An integer in `range`, at most 2^53 in magnitude. `takes` describes it where the range alone isn't clear. */
export function integer(range: NumberRange = {}, takes = inWords("an integer", range)): Kind<number> {
  return { takes, is: (x) => typeof x === "number" && Number.isSafeInteger(x) && within(range, x) };
}

/** An integer of at least 0. */
export const count: Kind<number> = integer({ min: 0 });

/** An integer of at least 1. */
export const positive: Kind<number> = integer({ min: 1 });

function within(
  { min = -Infinity, max = Infinity, above = -Infinity, below = Infinity }: NumberRange,
  x: number,
) {
  return x >= min && x <= max && x > above && x < below;
}

function inWords(what: string, range: NumberRange): string {
  const limits = limitsOf(range);
  if (limits === "") return what;
  return `${what} ${limits.startsWith("at") ? "of " : ""}${limits}`;
}

function limitsOf({ min, max, above, below }: NumberRange): string {
  if (min !== undefined && max !== undefined) return `from ${min} to ${max}`;
  return [
    ...(min === undefined ? [] : [`at least ${min}`]),
    ...(above === undefined ? [] : [`above ${above}`]),
    ...(max === undefined ? [] : [`at most ${max}`]),
    ...(below === undefined ? [] : [`below ${below}`]),
  ].join(" and ");
}

/** One of the given words, numbers or truth values. */
export function oneOf<const V extends readonly (string | number | boolean)[]>(...values: V): Kind<V[number]> {
  return {
    takes: `${values.length > 1 ? "one of " : ""}${values.map(String).join(", ")}`,
    is: (x) => values.some((v) => v === x),
    words: values.filter((v) => typeof v === "string"),
  };
}

/** A list of values of one kind; `length` is the number of them, or their range. */
export function arrayOf<T>(kind: Kind<T>, length: number | NumberRange = {}): Kind<readonly T[]> {
  const range = typeof length === "number" ? { min: length, max: length } : length;
  const limits = limitsOf(range);
  const size = typeof length === "number"
    ? ` of length ${length}`
    : limits === ""
    ? ""
    : ` whose length is ${limits}`;
  return {
    takes: `a list${size}, each element ${kind.takes}`,
    is: (x) => Array.isArray(x) && within(range, x.length),
    inside: (where, name, x) =>
      firstOf((x as readonly unknown[]).map((v, k) => () => valueProblem(where, `${name}[${k}]`, v, kind))),
  };
}

/** One value of a kind, or a list of two of them: [vertical, horizontal]. */
export function pairOf<T>(kind: Kind<T>): Kind<T | readonly [T, T]> {
  const two = arrayOf(kind, 2);
  return {
    takes: `${kind.takes}, or two of them in a list`,
    is: (x) => two.is(x) || kind.is(x),
    inside: (where, name, x) => two.is(x) ? two.inside?.(where, name, x) : kind.inside?.(where, name, x),
  };
}

/** A list with one value of each kind, in this order. */
export function tupleOf<const K extends readonly AnyKind[]>(
  ...kinds: K
): Kind<{ readonly [I in keyof K]: ValueOf<K[I]> }> {
  return {
    takes: `a list of ${kinds.length}: ${kinds.map((k) => k.takes).join(", ")}`,
    is: (x) => Array.isArray(x) && x.length === kinds.length,
    inside: (where, name, x) =>
      firstOf(
        kinds.map((kind, k) => () =>
          valueProblem(where, `${name}[${k}]`, (x as readonly unknown[])[k], kind)
        ),
      ),
  };
}

/** An object whose keys are free, such as the values of shape variables, and whose values are of one kind. */
export function recordOf<T>(kind: Kind<T>): Kind<Readonly<Record<string, T>>> {
  return {
    takes: `an object, each value ${kind.takes}`,
    is: isPlainObject,
    inside: (where, name, x) =>
      firstOf(
        Object.entries(x as object).map(([key, v]) => () => valueProblem(where, `${name}.${key}`, v, kind)),
      ),
  };
}

/** The object that a table of options describes. */
export type Described<F> =
  & { readonly [K in keyof F as F[K] extends { readonly required: true } ? K : never]: ValueOf<F[K]> }
  & { readonly [K in keyof F as F[K] extends { readonly required: true } ? never : K]?: ValueOf<F[K]> };

/** An object with options of its own. */
export function nested<F extends AnyFields>(fields: F): Kind<Described<F>> {
  return {
    takes: `an object with ${Object.keys(fields).join(", ")}`,
    is: isPlainObject,
    inside: (where, name, x) => fieldsProblem(where, x as object, fields, { inside: `${name}.` }),
  };
}

/** A value of any of several kinds. */
export function anyOf<const K extends readonly AnyKind[]>(...kinds: K): Kind<ValueOf<K[number]>> {
  const fitting = (x: unknown) => kinds.filter((kind) => kind.is(x));
  return {
    takes: kinds.map((kind) => kind.takes).join(", or "),
    is: (x) => fitting(x).length > 0,
    inside: (where, name, x) => {
      const problems = fitting(x).map((kind) => kind.inside?.(where, name, x));
      return problems.includes(undefined) ? undefined : problems[0];
    },
    words: kinds.flatMap((kind) => kind.words ?? []),
  };
}

/** A function; `takes` says what it is for. */
export function aFunction<T>(takes = "a function"): Kind<T> {
  return { takes, is: (x) => typeof x === "function" };
}

/** An instance of a class, whose constructor may be private; `takes` describes it. */
export function instanceOf<T extends object>(
  type: { readonly prototype: T; readonly name: string },
  takes: string = withArticle(type.name),
): Kind<T> {
  return { takes, is: (x) => Object.prototype.isPrototypeOf.call(type.prototype, Object(x)) };
}

/** An object that has certain methods, such as an implementation of an interface; `takes` describes it. */
export function having<T extends object>(takes: string, ...methods: readonly (keyof T & string)[]): Kind<T> {
  return {
    takes,
    is: (x) =>
      typeof x === "object" && x !== null &&
      methods.every((m) => typeof (x as Readonly<Record<string, unknown>>)[m] === "function"),
  };
}

/**
 * An object of any class with at least these fields; other fields are free, as in the rows of a table. `takes` describes
 * it.
 */
export function withFields<T extends object>(takes: string, fields: AnyFields): Kind<T> {
  const needed = Object.entries(fields).filter(([, kind]) => kind.required).map(([key]) => key);
  return {
    takes,
    is: (x) => typeof x === "object" && x !== null && needed.every((key) => key in x),
    inside: (where, name, x) =>
      firstOf(
        Object.entries(fields).map(([key, kind]) => () => {
          const value = (x as Readonly<Record<string, unknown>>)[key];
          return value === undefined && !kind.required
            ? undefined
            : valueProblem(where, `${name}.${key}`, value, kind);
        }),
      ),
  };
}

/** A value that passes a test, for what no other kind describes; `takes` describes it. */
export function passing<T>(takes: string, is: (value: unknown) => boolean): Kind<T> {
  return { takes, is };
}

function firstOf(problems: readonly (() => string | undefined)[]): string | undefined {
  for (const problem of problems) {
    const found = problem();
    if (found !== undefined) return found;
  }
  return undefined;
}
