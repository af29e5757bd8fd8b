/** Steps from JSON. They come from files of strangers: every field is checked, and none is let through unread. */
import type { Kind } from "../base/read_json.ts";
import type { Scope } from "../ir/expr.ts";
import type { ThreadTag } from "../ir/stmt.ts";
import { ScheduleError } from "./error.ts";
import type { IndexMap } from "./index_map.ts";
import type { Step } from "./step.ts";
import { OLD_NAMES, type OldNames, presentName } from "./old_names.ts";
import { NAME_LIMIT } from "./query.ts";

/** Longest list in a step: more loops than a nest has. */
const LIST_LIMIT = 64;

const text: Kind<string> = {
  takes: `text of up to ${NAME_LIMIT} characters`,
  read: (x) => typeof x === "string" && x.length <= NAME_LIMIT ? x : undefined,
};
const number: Kind<number> = { takes: "a finite number", read: (x) => isNumber(x) ? x : undefined };
const value: Kind<string | number | boolean> = {
  takes: "text, a finite number or a boolean",
  read: (x) => typeof x === "string" || typeof x === "boolean" || isNumber(x) ? x : undefined,
};
const scope = oneOf<Scope>({ global: true, shared: true, local: true, texture: true, uniform: true });
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

type Fields<S extends Step> = { readonly [K in Exclude<keyof S, "op">]: Kind<S[K]> };

/** The fields of every step, in the order in which they are written. */
const FIELDS: { readonly [Op in Step["op"]]: Fields<Extract<Step, { op: Op }>> } = {
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
  transformBlockLayout: { block: text, map },
  setScope: { name: text, scope },
  storageAlign: { block: text, axis: number, factor: number, offset: number },
  doubleBuffer: { block: text },
  annotate: { name: text, key: text, value },
};

/**
 * The step of `json`; `place` says in messages which step of a trace it is. A step that was renamed is read under its
 * old name, too.
 *
 * @throws {ScheduleError} where it is not a step: an unknown `op`, a field that is missing, strange or not of
 * its kind
 */
export function stepFromJson(json: unknown, place: string, names: OldNames = OLD_NAMES): Step {
  const asked = `cannot read ${place}`;
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    throw new ScheduleError(`${asked}: a step is an object with an op, got ${show(json)}`);
  }
  const given = new Map<string, unknown>(Object.entries(json));
  const written = given.get("op");
  const op = typeof written === "string" ? presentName(written, names.steps) : written;
  if (!isOp(op)) {
    throw new ScheduleError(
      `${asked}: unknown step ${show(op)}; known are ${Object.keys(FIELDS).join(", ")}`,
    );
  }
  const kinds = Object.entries<Kind<unknown>>(FIELDS[op]);
  const strange = [...given.keys()].find((key) => key !== "op" && !kinds.some(([name]) => name === key));
  if (strange !== undefined) {
    const known = kinds.map(([name]) => name).join(", ");
    throw new ScheduleError(`${asked}: ${op} has no field ${show(strange)}; it takes ${known}`);
  }
  const fields = kinds.map(([name, kind]): [string, unknown] => {
    const read = kind.read(given.get(name));
    if (read !== undefined) return [name, read];
    const got = given.has(name) ? `got ${show(given.get(name))}` : "it is missing";
    throw new ScheduleError(`${asked}: ${name} of ${op} is ${kind.takes}, ${got}`);
  });
  // Each field was read by the kind that the table has for it.
  return Object.fromEntries([["op", op], ...fields]) as unknown as Step;
}

function isOp(x: unknown): x is Step["op"] {
  return typeof x === "string" && Object.hasOwn(FIELDS, x);
}
function isNumber(x: unknown): x is number {
  return typeof x === "number" && Number.isFinite(x);
}

/** One of the keys of `all`, which a type error keeps complete. */
function oneOf<T extends string>(all: Readonly<Record<T, true>>): Kind<T> {
  const known = Object.keys(all) as T[];
  return { takes: `one of ${known.join(", ")}`, read: (x) => known.find((k) => k === x) };
}

function listOf<T>(what: string, read: (x: unknown) => T | undefined): Kind<readonly T[]> {
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
function recordOf<T extends object>(kinds: { readonly [K in keyof T]: Kind<T[K]> }): Kind<T> {
  const known = Object.entries<Kind<unknown>>(kinds);
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

/** The start of a value, for messages; it may be of any size and depth. */
function show(x: unknown): string {
  if (!Array.isArray(x)) return showOne(x);
  return `[${x.slice(0, 8).map(showOne).join(", ")}${x.length > 8 ? `, … ${x.length} in all` : ""}]`;
}

function showOne(x: unknown): string {
  if (typeof x === "string") return JSON.stringify(x.length > 60 ? `${x.slice(0, 60)}…` : x);
  if (typeof x === "object" && x !== null) return Array.isArray(x) ? "[…]" : "{…}";
  return String(x);
}
