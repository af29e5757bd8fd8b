/** What a reader sees of a chart, as text of a few lines. */
import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { compile, type TopLevelSpec } from "vega-lite";
import { svgOf } from "../../lib/charts/picture.ts";
import type { Spec } from "../../lib/charts/spec.ts";
import { golden } from "../golden.ts";

type Json = null | boolean | number | string | readonly Json[] | Fields;
interface Fields {
  readonly [key: string]: Json;
}

/** Longest line that is filled with several facts, characters. */
const WIDTH = 108;
/** Rows up to which every value is written out. */
const FEW = 24;

/**
 * Gives the facts of a specification, a line each: titles, sizes, and for each layer its mark, its channels and the
 * values of its data, by column. A channel has its field, type, title, scale, axis and legend. What layers have in
 * common is said once. Numbers have four digits.
 */
export function factsOf(spec: Spec): string {
  const { $schema: _, title, config, ...view } = asJson(spec) as Fields;
  const { text = null, subtitle = null, ...style } = isFields(title) ? title : {};
  return [
    `title: ${shown(text)}`,
    ...[subtitle].flat().map((line) => `subtitle: ${shown(line as Json)}`),
    `style of the title: ${list(style)}`,
    `config: ${list(isFields(config) ? config : {})}`,
    ...viewFacts(view, "view", new Map()),
  ].join("\n");
}

/** The lines of a view, its layers, and the view that a facet repeats. `said` has where each thing was said. */
function viewFacts(view: Fields, name: string, said: Map<string, string>): readonly string[] {
  const { mark, encoding, data, layer, spec, ...rest } = view;
  const { type = "", ...look } = isFields(mark) ? mark : mark === undefined ? {} : { type: mark };
  const head = mark === undefined ? name : `${name}, ${shown(type)}: ${list(look)}`.replace(/: $/, "");
  return [
    head,
    ...Object.entries(rest).map(([key, value]) => `  ${key}: ${shown(value)}`),
    ...(isFields(encoding) ? channelFacts(encoding, name, said) : []),
    ...(isFields(data) ? dataFacts(data, name, said) : []),
    ...(Array.isArray(layer) ? layer : []).flatMap((x: Fields, k) => viewFacts(x, `${k + 1}`, said)),
    ...(isFields(spec) ? viewFacts(spec, "each", said) : []),
  ];
}

function channelFacts(encoding: Fields, name: string, said: Map<string, string>): readonly string[] {
  const short: string[] = [], long: string[] = [];
  for (const [channel, value] of Object.entries(encoding)) {
    const { field, ...more } = isFields(value) ? value : { field: value };
    const what = field === undefined ? channel : `${channel} ${shown(field)}`;
    const look = list(more), key = `${channel}: ${look}`;
    const where = said.get(key);
    if (look === "") short.push(what);
    else if (where !== undefined) short.push(`${what} as in ${where}`);
    else if (look.length < 24) short.push(`${what} {${look}}`);
    else {
      long.push(`  ${what}, ${look}`);
      said.set(key, name);
    }
  }
  return [...long, ...filled(short, ", ")];
}

function dataFacts({ values, ...more }: Fields, name: string, said: Map<string, string>): readonly string[] {
  if (!Array.isArray(values)) return [`  data: ${list(more)}`];
  const rows: readonly Json[] = values, key = `data ${JSON.stringify(values)}`;
  const where = said.get(key);
  const other = Object.keys(more).length === 0 ? "" : `, ${list(more)}`;
  if (where !== undefined && rows.length > 0) return [`  data as in ${where}${other}`];
  said.set(key, name);
  const fields = [...new Set(rows.flatMap((row) => isFields(row) ? Object.keys(row) : []))];
  const columns = fields.length === 0 ? rows.map(shown) : fields.map((field) => {
    const column = rows.map((row) => isFields(row) ? row[field] : undefined);
    return `${field} ${columnFacts(column)}`;
  });
  return [`  ${rows.length} ${rows.length === 1 ? "row" : "rows"}${other}`, ...filled(columns, "; ")];
}

/** The values of a column, with repeated neighbours counted; of a long one its ends, range and sum. */
function columnFacts(column: readonly (Json | undefined)[]): string {
  const all = column.map((x) => x === undefined ? "-" : shown(x));
  if (all.length > FEW) {
    const numbers = column.filter((x) => typeof x === "number");
    const sum = numbers.reduce((p, x) => p + x, 0);
    const range = [Math.min(...numbers), Math.max(...numbers), sum].map(shown).join(", ");
    return `${all[0]} … ${all.at(-1)}, ${new Set(all).size} different${numbers.length ? `, ${range}` : ""}`;
  }
  const runs: { readonly text: string; count: number }[] = [];
  for (const text of all) {
    const last = runs.at(-1);
    if (last?.text === text) last.count++;
    else runs.push({ text, count: 1 });
  }
  return runs.map(({ text, count }) => count > 1 ? `${text} x${count}` : text).join(", ");
}

/** Fills lines with parts, up to the longest line. */
function filled(parts: readonly string[], between: string): readonly string[] {
  const lines: string[] = [];
  for (const part of parts) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + part.length < WIDTH) lines[lines.length - 1] += between + part;
    else lines.push(`  ${part}`);
  }
  return lines;
}

function list(fields: Fields): string {
  return Object.entries(fields).map(([key, value]) => `${key} ${shown(value)}`).join(", ");
}

function shown(x: Json): string {
  if (typeof x === "number") return `${Number(x.toPrecision(4))}`;
  if (typeof x === "string") return /^[^\s,;:{}[\]"]+( [^\s,;:{}[\]"]+)*$/.test(x) ? x : JSON.stringify(x);
  if (isFields(x)) return `{${list(x)}}`;
  return Array.isArray(x) ? `[${x.map(shown).join(", ")}]` : x === null ? "none" : `${x}`;
}

function isFields(x: unknown): x is Fields {
  return typeof x === "object" && x !== null && !Array.isArray(x);
}

function asJson(spec: Spec): Json {
  return JSON.parse(JSON.stringify(spec));
}

/**
 * Holds the facts of a chart against goldens/charts/`name`.txt, and what is true of every chart: Vega-Lite takes it
 * as it is, it has a title, it is drawn without a hole, and no value of it can change without changing the facts.
 */
export async function chartShows(name: string, spec: Spec): Promise<void> {
  golden(`charts/${name}.txt`, factsOf(spec));
  assertEquals(complaintsOf(asJson(spec) as never), []);
  const { text } = spec["title"] as { readonly text: string };
  const svg = await svgOf(spec);
  for (const hole of ["NaN", "undefined", "Infinity"]) assertEquals(svg.includes(hole), false, hole);
  assert(text !== "" && svg.includes(`>${text}</text>`), `no title ${text}`);
  const facts = factsOf(spec);
  for (const [path, changed] of changesOf(asJson(spec), "")) {
    if (path !== ".$schema") assertNotEquals(factsOf(changed as Spec), facts, `${path} changed`);
  }
}

/** What Vega-Lite complains of, in a specification. */
function complaintsOf(spec: TopLevelSpec): readonly string[] {
  const heard: string[] = [];
  const listen = (...words: readonly unknown[]) => (heard.push(words.join(" ")), logger);
  const logger: NonNullable<NonNullable<Parameters<typeof compile>[1]>["logger"]> = {
    level: (() => logger) as never,
    error: listen,
    warn: listen,
    info: () => logger,
    debug: () => logger,
  };
  compile(spec, { logger });
  return heard;
}

/** Each copy of `x` in which one value is another one, or is missing, with the path of the value. */
function* changesOf(x: Json, path: string): Generator<readonly [path: string, changed: Json]> {
  if (Array.isArray(x)) {
    for (const [k, value] of (x as readonly Json[]).entries()) {
      yield [`${path}.${k}`, x.toSpliced(k, 1)];
      for (const [at, now] of changesOf(value, `${path}.${k}`)) yield [at, x.with(k, now)];
    }
  } else if (isFields(x)) {
    for (const [key, value] of Object.entries(x)) {
      const { [key]: _, ...without } = x;
      yield [`${path}.${key}`, without];
      for (const [at, now] of changesOf(value, `${path}.${key}`)) yield [at, { ...x, [key]: now }];
    }
  } else {yield [
      path,
      typeof x === "number" ? 2 * x + 1 : typeof x === "string" ? `${x}!` : x === null ? 0 : !x,
    ];}
}
