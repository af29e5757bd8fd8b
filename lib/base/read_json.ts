/** Readers of untrusted JSON: every field is checked against its kind, and unknown fields are left out. */

/** One kind of value. */
export interface JsonKind<T> {
  /** What it takes, in words, for errors. */
  readonly takes: string;
  /** Reads a value; undefined for one of another kind. */
  readonly read: (x: unknown) => T | undefined;
  /** Whether the value may be missing. */
  readonly optional?: boolean;
}

/** The kind of each field of an object. */
export type JsonKinds<T> = { readonly [K in keyof T]-?: JsonKind<T[K]> };

/** Text of up to 1,000 characters. */
export const jsonText: JsonKind<string> = textUpTo(1000);
/** A boolean. */
export const jsonFlag: JsonKind<boolean> = {
  takes: "a boolean",
  read: (x) => typeof x === "boolean" ? x : undefined,
};
/** A finite number that is not negative. */
export const jsonCount: JsonKind<number> = {
  takes: "a number that is not negative",
  read: (x) => typeof x === "number" && Number.isFinite(x) && x >= 0 ? x : undefined,
};

/** A finite number. */
export const finite: JsonKind<number> = {
  takes: "a finite number",
  read: (x) => typeof x === "number" && Number.isFinite(x) ? x : undefined,
};

/** An integer from `least` on that a double holds exactly. */
export function integerFrom(least: number): JsonKind<number> {
  return {
    takes: `an integer of at least ${least}`,
    read: (x) => typeof x === "number" && Number.isSafeInteger(x) && x >= least ? x : undefined,
  };
}

/** A value of one of several kinds: the first that reads it. */
export function jsonAnyOf<T>(...kinds: readonly JsonKind<T>[]): JsonKind<T> {
  return {
    takes: kinds.map((k) => k.takes).join(" or "),
    read: (x) => {
      for (const kind of kinds) {
        const value = kind.read(x);
        if (value !== undefined) return value;
      }
      return undefined;
    },
  };
}

/** Text of up to `letters` characters. */
export function textUpTo(letters: number): JsonKind<string> {
  return {
    takes: `text of up to ${letters} characters`,
    read: (x) => typeof x === "string" && x.length <= letters ? x : undefined,
  };
}

/** One of a list of texts. */
export function jsonOneOf<T extends string>(all: readonly T[]): JsonKind<T> {
  return { takes: `one of ${all.join(", ")}`, read: (x) => all.find((a) => a === x) };
}

/** A list of up to `most` values of a kind. */
export function listOf<T>(kind: JsonKind<T>, most: number): JsonKind<readonly T[]> {
  return {
    takes: `a list of up to ${most}, each ${kind.takes}`,
    read: (x) => {
      if (!Array.isArray(x) || x.length > most) return undefined;
      const read = x.flatMap((one): readonly T[] => {
        const value = kind.read(one);
        return value === undefined ? [] : [value];
      });
      return read.length === x.length ? read : undefined;
    },
  };
}

/** An object of up to `most` fields with any names, each value of a kind. */
export function mapOf<T>(kind: JsonKind<T>, most: number): JsonKind<Readonly<Record<string, T>>> {
  return {
    takes: `an object of up to ${most} fields, each ${kind.takes}`,
    read: (x) => {
      const entries = Object.entries(fieldsOf(x) ?? {});
      const read = listOf(kind, most).read(entries.map(([, value]) => value));
      if (!fieldsOf(x) || !read) return undefined;
      return Object.fromEntries(entries.map(([name], k) => [name, read[k] as T]));
    },
  };
}

/** A value of a kind that may be missing. */
export function optional<T>(kind: JsonKind<T>): JsonKind<T | undefined> {
  return { ...kind, optional: true };
}

/** An object with the fields of `kinds`; fields of other names are left out. */
export function fields<T extends object>(kinds: JsonKinds<T>): JsonKind<T> {
  return { takes: `an object of ${Object.keys(kinds).join(", ")}`, read: (x) => readFields(x, kinds) };
}

/**
 * Reads the fields of `x` that `kinds` has; undefined if one is not of its kind.
 *
 * @param wrong receives the first field that is not of its kind, and what its kind takes
 */
export function readFields<T extends object>(
  x: unknown,
  kinds: JsonKinds<T>,
  wrong: (name: string, takes: string) => void = () => {},
): T | undefined {
  const own = fieldsOf(x);
  if (!own) return undefined;
  const given = new Map<string, unknown>(Object.entries(own));
  const read: [string, unknown][] = [];
  for (const [name, kind] of Object.entries<JsonKind<unknown>>(kinds)) {
    if (kind.optional && given.get(name) === undefined) continue;
    const value = kind.read(given.get(name));
    if (value === undefined) return void wrong(name, kind.takes);
    read.push([name, value]);
  }
  // Each field was read by the kind that `kinds` has for it.
  return Object.fromEntries(read) as T;
}

/** Gives the own fields of an object; undefined for a list and for anything else. */
export function fieldsOf(x: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof x === "object" && x !== null && !Array.isArray(x) ? { ...x } : undefined;
}
