/** The fields of schedule steps: the one table by which calls and traces are checked. */
import { nearest } from "../base/nearest.ts";
import { isPromise, shownValue } from "../base/shown_value.ts";
import type { Scope } from "../ir/expr.ts";
import type { ThreadTag } from "../ir/stmt.ts";
import type { IndexMap } from "./index_map.ts";
import { NAME_LIMIT } from "./fresh_names.ts";
import type { Step } from "./step.ts";

/** Longest list in a step: more loops than a nest has. */
const LIST_LIMIT = 64;

/** A kind of field: its values in words, and its reader, which returns undefined for a value of another kind. */
export interface FieldKind<T> {
  /** Its values in words, after "expected … to be". */
  readonly takes: string;
  /** Reads a value: undefined for one of another kind. */
  readonly read: (x: unknown) => T | undefined;
  /** The words of an enumeration. */
  readonly words?: readonly string[];
  /** Words of other compilers and languages, each with the word that it means here. */
  readonly synonyms?: Readonly<Record<string, string>>;
}

const text: FieldKind<string> = {
  takes: `text of up to ${NAME_LIMIT} characters`,
  read: (x) => typeof x === "string" && x.length <= NAME_LIMIT ? x : undefined,
};
const number: FieldKind<number> = { takes: "a finite number", read: (x) => isNumber(x) ? x : undefined };
const value: FieldKind<string | number | boolean> = {
  takes: "text, a finite number or a boolean",
  read: (x) => typeof x === "string" || typeof x === "boolean" || isNumber(x) ? x : undefined,
};
const scope: FieldKind<Scope> = {
  ...oneOf<Scope>({ global: true, shared: true, local: true, texture: true, uniform: true }),
  synonyms: {
    register: "local",
    registers: "local",
    private: "local",
    function: "local",
    workgroup: "shared",
    storage: "global",
    constant: "uniform",
    image: "texture",
  },
};
const thread = oneOf<ThreadTag | "vthread">({
  "blockIdx.x": true,
  "blockIdx.y": true,
  "blockIdx.z": true,
  "threadIdx.x": true,
  "threadIdx.y": true,
  "threadIdx.z": true,
  vthread: true,
});
const texts = listOf("texts", (x) => text.read(x));
const numbers = listOf("finite numbers", (x) => number.read(x));
const factors = listOf("finite numbers and nulls", (x) => x === null ? null : number.read(x));
const map = recordOf<IndexMap>({
  split: listOf("lists of finite numbers", (x) => numbers.read(x)),
  order: listOf("finite numbers and lists of them", (x) => number.read(x) ?? numbers.read(x)),
});

type Fields<S extends Step> = { readonly [K in Exclude<keyof S, "op">]: FieldKind<S[K]> };

/** The fields of every step, in the order in which a call gives them. */
export const STEP_FIELDS: { readonly [Op in Step["op"]]: Fields<Extract<Step, { op: Op }>> } = {
  split: { loop: text, factors },
  fuse: { loops: texts },
  mergeLoops: { loops: texts },
  reorder: { loops: texts },
  bind: { loop: text, thread },
  vectorize: { loop: text },
  unroll: { loop: text },
  parallel: { loop: text },
  addUnitLoop: { block: text },
  cacheRead: { block: text, buffer: text, scope },
  cacheWrite: { block: text, scope },
  computeAt: { block: text, loop: text },
  reverseComputeAt: { block: text, loop: text },
  computeInline: { block: text },
  reverseComputeInline: { block: text },
  decomposeReduction: { block: text, loop: text },
  rfactor: { loop: text, axis: number },
  streamK: { block: text, tile: numbers, step: number, workers: number },
  loopPartition: { loop: text, at: numbers },
  decomposePadding: { block: text, loop: text },
  blockize: { loop: text },
  padEinsum: { block: text, padding: numbers },
  reindex: { block: text, buffer: text },
  transformLayout: { buffer: text, map },
  collapseAxes: {},
  transformBlockLayout: { block: text, map },
  setScope: { name: text, scope },
  storageAlign: { block: text, axis: number, factor: number, offset: number },
  doubleBuffer: { block: text },
  annotate: { name: text, key: text, value },
};

/**
 * Reads the fields of a step by the table. The result is a copy that shares nothing with `given`.
 *
 * @param refuse throws what is wrong
 */
export function readStepFields(
  op: Step["op"],
  given: ReadonlyMap<string, unknown>,
  refuse: (why: string) => never,
): Step {
  const fields = Object.entries<FieldKind<unknown>>(STEP_FIELDS[op]).map(
    ([name, kind]): [string, unknown] => {
      const value = given.get(name), read = kind.read(value);
      if (read !== undefined) return [name, read];
      if (value === undefined) return refuse(`missing ${name} of ${op}: expected ${kind.takes}, got nothing`);
      const got = isPromise(value) ? "a Promise: did you forget await?" : shownValue(value) + longer(value);
      return refuse(`expected ${name} of ${op} to be ${kind.takes}, got ${got}${hint(value, kind)}`);
    },
  );
  // Each field was read by the kind that the table has for it.
  return Object.fromEntries([["op", op], ...fields]) as unknown as Step;
}

/** Gives the length of a list that is too long. */
function longer(value: unknown): string {
  return Array.isArray(value) && value.length > LIST_LIMIT ? `, ${value.length} in all` : "";
}

/** Suggests valid words for a wrong one. */
function hint(value: unknown, { words = [], synonyms = {} }: FieldKind<unknown>): string {
  if (typeof value !== "string") return "";
  const begun = words.filter((w) => value.length > 1 && w.toLowerCase().startsWith(value.toLowerCase()));
  const meant = Object.hasOwn(synonyms, value) ? synonyms[value] : nearest(value, words);
  const near = begun.length > 0 ? begun : meant === undefined ? [] : [meant];
  const quoted = near.map((w) => JSON.stringify(w));
  const last = quoted.pop();
  if (last === undefined) return "";
  return `; did you mean ${quoted.length > 0 ? `${quoted.join(", ")} or ${last}` : last}?`;
}

function isNumber(x: unknown): x is number {
  return typeof x === "number" && Number.isFinite(x);
}

/** One of the keys of `all`, which a type error keeps complete. */
function oneOf<T extends string>(all: Readonly<Record<T, true>>): FieldKind<T> {
  const known = Object.keys(all) as T[];
  return { takes: `one of ${known.join(", ")}`, read: (x) => known.find((k) => k === x), words: known };
}

function listOf<T>(what: string, read: (x: unknown) => T | undefined): FieldKind<readonly T[]> {
  return {
    takes: `a list of up to ${LIST_LIMIT} ${what}`,
    read: (x) => {
      if (!Array.isArray(x) || x.length > LIST_LIMIT) return undefined;
      const list = Array.from(x, (y) => read(y)).filter((y) => y !== undefined);
      return list.length === x.length ? list : undefined;
    },
  };
}

/** An object with just these fields. */
function recordOf<T extends object>(kinds: { readonly [K in keyof T]: FieldKind<T[K]> }): FieldKind<T> {
  const known = Object.entries<FieldKind<unknown>>(kinds);
  return {
    takes: `{ ${known.map(([name, kind]) => `${name}: ${kind.takes}`).join(", ")} }`,
    read: (x) => {
      if (typeof x !== "object" || x === null || Array.isArray(x)) return undefined;
      const given = new Map<string, unknown>(Object.entries(x));
      const fields = known.map(([name, kind]): [string, unknown] => [name, kind.read(given.get(name))]);
      if (given.size !== known.length || fields.some(([, read]) => read === undefined)) return undefined;
      // Each field was read by the kind that `kinds` has for it.
      return Object.fromEntries(fields) as T;
    },
  };
}
