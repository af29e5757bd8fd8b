/** Checks a call's options as strictly as a file's fields, because cells of a notebook are not type-checked. */
import { OptionError } from "./error.ts";
import { nearest } from "./nearest.ts";
import { isPromise, shownValue } from "./shown_value.ts";

/** A kind of value, whatever its type. `option_kinds.ts` has the kinds. */
export interface AnyKind {
  /** The values of this kind in words, after "expected … to be". */
  readonly takes: string;
  /** Tells whether `value` is of this kind, without looking into it. */
  readonly is: (value: unknown) => boolean;
  /** Says what is wrong inside a value that `is` of this kind; undefined if nothing is wrong. */
  readonly inside?: (where: string, name: string, value: unknown) => string | undefined;
  /** The words of an enumeration; the error suggests the nearest one. */
  readonly words?: readonly string[];
  /** A call without this option is an error. */
  readonly required?: boolean;
}

/** A kind of exactly the values of type `T`: an option's row in a table must match the option's type. */
export interface Kind<T> extends AnyKind {
  /** Never set: it ties the kind to `T` in both directions. */
  readonly type?: (value: T) => T;
}

/** The kind of an option that a call can't leave out. */
export type RequiredKind<T> = Kind<T> & { readonly required: true };

/**
 * The kinds of all options of type `T`, under their names. Write a table as `{ … } satisfies Fields<MatmulOptions>`: then
 * an option without a row, a row without an option, and a kind that isn't the option's type are type errors.
 */
export type Fields<T> = {
  readonly [K in keyof T]-?: Record<never, never> extends Pick<T, K> ? Kind<Exclude<T[K], undefined>>
    : RequiredKind<T[K]>;
};

/** A table of options as {@linkcode checkOptions} reads it. */
export type AnyFields = Readonly<Record<string, AnyKind>>;

/** What has replaced an option of an earlier version, by the option's old name: `{ prefer: "backend" }`. */
export type RenamedOptions = Readonly<Record<string, string>>;

/**
 * Checks the options of a call. An option whose value is undefined counts as left out; so do missing options where none
 * is required.
 *
 * @param where the call as its caller writes it, for example `te.matmul`
 * @param given what the call was given as its options
 * @param fields the kind of each option
 * @param renamed options of earlier versions, with what has replaced them
 * @throws {OptionError} for an unknown option, a missing one, or a value that the option can't have
 */
export function checkOptions(
  where: string,
  given: unknown,
  fields: AnyFields,
  renamed: RenamedOptions = {},
): void {
  const problem = given === undefined || isPlainObject(given)
    ? fieldsProblem(where, given ?? {}, fields, { renamed })
    : `expected the options of ${where} as an object with ${listed(fields)}, got ${got(given)}`;
  if (problem !== undefined) throw new OptionError(problem);
}

/**
 * Checks one argument of a call.
 *
 * @param where the call as its caller writes it, for example `build`
 * @param name the argument, for example `device`
 * @throws {OptionError} if the value isn't of that kind
 */
export function checkArgument(where: string, name: string, value: unknown, kind: AnyKind): void {
  const problem = valueProblem(where, name, value, kind);
  if (problem !== undefined) throw new OptionError(problem);
}

/** Says what is wrong with one value; undefined if nothing is wrong. */
export function valueProblem(where: string, name: string, value: unknown, kind: AnyKind): string | undefined {
  if (kind.is(value)) return kind.inside?.(where, name, value);
  const near = typeof value === "string" ? nearest(value, kind.words ?? []) : undefined;
  const hint = near === undefined ? "" : `; did you mean ${JSON.stringify(near)}?`;
  return `expected ${name} of ${where} to be ${kind.takes}, got ${got(value)}${hint}`;
}

/**
 * Says what is wrong with an object of options; undefined if nothing is wrong.
 *
 * @param inside the path of an object inside of the options, with a dot at its end: `budget.`
 */
export function fieldsProblem(
  where: string,
  given: object,
  fields: AnyFields,
  { renamed = {}, inside = "" }: { readonly renamed?: RenamedOptions; readonly inside?: string } = {},
): string | undefined {
  const values = new Map<string, unknown>(Object.entries(given));
  for (const key of values.keys()) {
    if (Object.hasOwn(fields, key)) continue;
    const unknown = `unknown option ${shownValue(`${inside}${key}`)} of ${where}`;
    if (Object.hasOwn(renamed, key)) return `${unknown}: ${renamed[key]} has replaced it`;
    const near = nearest(key, Object.keys(fields));
    const hint = near === undefined ? "." : `; did you mean ${JSON.stringify(inside + near)}?`;
    return `${unknown}${hint} ${inside === "" ? "It" : inside.slice(0, -1)} has ${listed(fields)}`;
  }
  for (const [key, kind] of Object.entries(fields)) {
    const value = values.get(key);
    if (value === undefined) {
      if (!kind.required) continue;
      return `missing option ${
        JSON.stringify(inside + key)
      } of ${where}: expected ${kind.takes}, got nothing`;
    }
    const problem = valueProblem(where, `${inside}${key}`, value, kind);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

/** Tells whether a value is an object literal, and no list and no instance of a class. */
export function isPlainObject(value: unknown): value is object {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  // Another realm's Object.prototype counts, too: its own prototype is null.
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function listed(fields: AnyFields): string {
  return Object.keys(fields).join(", ") || "no options";
}

function got(value: unknown): string {
  return isPromise(value) ? "a Promise: did you forget await?" : shownValue(value);
}
