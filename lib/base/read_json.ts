/** Data of strangers, read field by field: each is of its kind, and none is let through unread. */

/** What a value is in words, and how it is read: undefined for anything else. */
export interface Kind<T> {
  readonly takes: string;
  readonly read: (x: unknown) => T | undefined;
  /** It may be missing. */
  readonly optional?: boolean;
}

/** The kind of each field of an object. */
export type Kinds<T> = { readonly [K in keyof T]-?: Kind<T[K]> };

export const text: Kind<string> = textUpTo(1000);
export const flag: Kind<boolean> = {
  takes: "a boolean",
  read: (x) => typeof x === "boolean" ? x : undefined,
};
export const count: Kind<number> = {
  takes: "a number that is not negative",
  read: (x) => typeof x === "number" && Number.isFinite(x) && x >= 0 ? x : undefined,
};

export function textUpTo(letters: number): Kind<string> {
  return {
    takes: `text of up to ${letters} characters`,
    read: (x) => typeof x === "string" && x.length <= letters ? x : undefined,
  };
}

export function oneOf<T extends string>(all: readonly T[]): Kind<T> {
  return { takes: `one of ${all.join(", ")}`, read: (x) => all.find((a) => a === x) };
}

export function listOf<T>(kind: Kind<T>, most: number): Kind<readonly T[]> {
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

/** An object whose names are anyone's, up to so many of them. */
export function mapOf<T>(kind: Kind<T>, most: number): Kind<Readonly<Record<string, T>>> {
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

export function optional<T>(kind: Kind<T>): Kind<T | undefined> {
  return { ...kind, optional: true };
}

export function fields<T extends object>(kinds: Kinds<T>): Kind<T> {
  return { takes: `an object of ${Object.keys(kinds).join(", ")}`, read: (x) => readFields(x, kinds) };
}

/** The fields of `x` that `kinds` has, each read by its kind; undefined if one is not of its kind. */
export function readFields<T extends object>(
  x: unknown,
  kinds: Kinds<T>,
  wrong: (name: string, takes: string) => void = () => {},
): T | undefined {
  const own = fieldsOf(x);
  if (!own) return undefined;
  const given = new Map<string, unknown>(Object.entries(own));
  const read: [string, unknown][] = [];
  for (const [name, kind] of Object.entries<Kind<unknown>>(kinds)) {
    if (kind.optional && given.get(name) === undefined) continue;
    const value = kind.read(given.get(name));
    if (value === undefined) return void wrong(name, kind.takes);
    read.push([name, value]);
  }
  // Each field was read by the kind that `kinds` has for it.
  return Object.fromEntries(read) as T;
}

/** An object that is no list. */
export function fieldsOf(x: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof x === "object" && x !== null && !Array.isArray(x) ? { ...x } : undefined;
}
