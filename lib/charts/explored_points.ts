/** Collects the explored points of a space, from a recorded space or from the trials of searches. */
import { checkTable } from "../records/table.ts";
import type { Table } from "npm:apache-arrow@21.2.0";
import { flopsOf, trafficOf } from "../estimate/work.ts";
import { median } from "../base/statistics.ts";
import { configOf } from "../records/config.ts";
import { tableToSpace } from "../records/recorded_space.ts";
import { tableToRecords } from "../records/table.ts";
import { showValue } from "../space/knob.ts";
import type { Config, KnobValue } from "../space/knobs.ts";
import { shownName } from "./methods.ts";
import { ChartError } from "./error.ts";
import { oneTask } from "./one_task.ts";
import { speedOf } from "./spec.ts";

/** Most visible characters of a knob's name. */
const KNOB = 24;

/** The explored points of a space. */
export interface ExploredPoints {
  /** The knobs with more than one explored value, each with its values in order. */
  readonly knobs: readonly ExploredKnob[];
  /** One point a configuration. */
  readonly points: readonly ExploredPoint[];
  /** The unit of the speeds. */
  readonly unit: "GFLOP/s" | "GB/s";
}
/** A knob with several explored values. */
export interface ExploredKnob {
  /** The knob's name, as a chart shows it. */
  readonly name: string;
  /** The explored values in order, as a chart shows them. */
  readonly values: readonly string[];
}
/** An explored configuration. */
export interface ExploredPoint {
  /** For each knob, in the order of `knobs`: the index of its value; -1 if the configuration lacks the knob. */
  readonly places: readonly number[];
  /** Its speed; NaN if it failed. */
  readonly speed: number;
  /** `ok`, or where it failed. */
  readonly status: string;
  /** True for the rule's preset. */
  readonly preset: boolean;
}
/** A point and its configuration. */
interface PointAt {
  readonly config: Config;
  readonly speed: number;
  readonly status: string;
  readonly preset: boolean;
}

/**
 * Collects the points of a table: a recorded space (`autotvm.recordSpace`, `notebooks/data/space_*.arrows`), or trials.
 * A configuration with several trials has their median. If the trials belong to several rules, only the rule with the
 * most trials counts, as each rule has its own knobs.
 *
 * @throws {RecordError} if the table is neither
 * @throws {ChartError} if the trials belong to several programs
 */
export function exploredPoints(table: Table): ExploredPoints {
  checkTable(table);
  const { points, unit } = table.schema.metadata.has("tunebook.space") ? fromSpace(table) : fromTrials(table);
  const names = [...new Set(points.flatMap((p) => Object.keys(p.config)))];
  const texts = (name: string) =>
    [
      ...new Map(
        points.flatMap(({ config }) => {
          const value = config[name];
          return value === undefined ? [] : [[textOf(value), value] as const];
        }),
      ),
    ].sort(([, a], [, b]) => order(a, b)).map(([text]) => text);
  const knobs = names.map((name) => ({ name, values: texts(name) })).filter((k) => k.values.length > 1);
  return {
    unit,
    knobs: knobs.map((k) => ({ name: shownName(k.name, KNOB), values: k.values })),
    points: points.map(({ config, ...rest }) => ({
      ...rest,
      places: knobs.map((k) => {
        const value = config[k.name];
        return value === undefined ? -1 : k.values.indexOf(textOf(value));
      }),
    })),
  };
}

/** Finds the fastest point; undefined if none succeeded. */
export function fastestOf(points: readonly ExploredPoint[]): ExploredPoint | undefined {
  return points.reduce<ExploredPoint | undefined>((a, b) => b.speed > (a?.speed ?? 0) ? b : a, undefined);
}

/**
 * Finds the index of a knob by its name.
 *
 * @throws {ChartError} if the knob is unknown, or has only one explored value
 */
export function knobAt(explored: ExploredPoints, name: string): number {
  const at = explored.knobs.findIndex((k) => k.name === shownName(name, KNOB));
  if (at >= 0) return at;
  const known = explored.knobs.map((k) => k.name).join(", ") || "none";
  throw new ChartError(
    `expected a knob with several explored values, got ${
      shownName(name)
    }, drawing a space; such knobs are ${known}`,
  );
}

function fromSpace(
  table: Table,
): { readonly points: readonly PointAt[]; readonly unit: ExploredPoints["unit"] } {
  const { func, space, points } = tableToSpace(table);
  const speed = speedOf([{ gflops: flopsOf(func), gbps: trafficOf(func) }]);
  const work = speed.of({ gflops: flopsOf(func), gbps: trafficOf(func) });
  return {
    unit: speed.unit,
    points: [...points.values()].map(({ index, status, ms }) => ({
      config: space.at(index),
      speed: status === "ok" ? work / ms / 1e6 : NaN,
      status,
      preset: index === space.preset,
    })),
  };
}

function fromTrials(
  table: Table,
): { readonly points: readonly PointAt[]; readonly unit: ExploredPoints["unit"] } {
  const all = tableToRecords(table);
  oneTask(all);
  const [records = []] = [...Map.groupBy(all, (r) => r.rule).values()].sort((a, b) => b.length - a.length);
  const speed = speedOf(records.filter((r) => r.status === "ok"));
  // A search that starts from the preset measures it first.
  const preset = records.find((r) => r.contestant === "dlight") ??
    records.find((r) => r.start === "preset" && r.trial === 0);
  return {
    unit: speed.unit,
    points: [...Map.groupBy(records, (r) => r.config)].map(([config, own]) => {
      const good = own.filter((r) => r.status === "ok").map(speed.of).filter(Number.isFinite);
      return {
        config: configOf(config),
        speed: median(good),
        status: good.length > 0 ? "ok" : own[0]?.status ?? "",
        preset: config === preset?.config,
      };
    }),
  };
}

/** Writes a knob's value as a chart shows it: `8×4`, `texture`, `true`. */
function textOf(value: KnobValue): string {
  const text = showValue(value);
  return shownName(isNumbers(value) ? text.replaceAll("x", "×") : text, 24);
}

/** Compares values: numbers by size, splits by their product and then from the outermost factor, others as text. */
function order(a: KnobValue, b: KnobValue): number {
  if (typeof a === "number" && typeof b === "number") return a - b;
  if (isNumbers(a) && isNumbers(b)) {
    const product = (list: readonly number[]) => list.reduce((x, y) => x * y, 1);
    const at = a.findIndex((x, i) => x !== b[i]);
    return product(a) - product(b) || (at < 0 ? 0 : (a[at] ?? 0) - (b[at] ?? 0));
  }
  const [s, t] = [showValue(a), showValue(b)];
  return s < t ? -1 : s > t ? 1 : 0;
}

function isNumbers(value: KnobValue): value is readonly number[] {
  return Array.isArray(value) && value.every((x) => typeof x === "number");
}
