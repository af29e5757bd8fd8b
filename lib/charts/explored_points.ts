/** What is known of the points of a space, from a space that was measured whole or from the trials of searches. */
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

/** Letters of a knob's name that are shown. */
const KNOB = 24;

export interface ExploredPoints {
  /** Those of which more than one value was explored, each with those values in order. */
  readonly knobs: readonly ExploredKnob[];
  /** A point a configuration. */
  readonly points: readonly ExploredPoint[];
  readonly unit: "GFLOP/s" | "GB/s";
}
export interface ExploredKnob {
  readonly name: string;
  readonly values: readonly string[];
}
export interface ExploredPoint {
  /** The value of each knob, in the order of `knobs`: its place among the knob's values. */
  readonly places: readonly number[];
  /** NaN where it failed. */
  readonly speed: number;
  readonly status: string;
  /** The rule's own point. */
  readonly preset: boolean;
}
interface PointAt {
  readonly config: Config;
  readonly speed: number;
  readonly status: string;
  readonly preset: boolean;
}

/**
 * The points of a table: of a recorded space (`autotvm.recordSpace`, `notebooks/data/space_*.arrows`), or of trials.
 * Of a configuration that was tried several times, the median counts. Where methods of several rules are in a
 * table, the points are those of the rule with most trials: others have other knobs.
 *
 * @throws {RecordError} for another table
 * @throws {ChartError} for trials of several programs
 */
export function exploredPoints(table: Table): ExploredPoints {
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

/** The fastest point, if one has succeeded. */
export function fastestOf(points: readonly ExploredPoint[]): ExploredPoint | undefined {
  return points.reduce<ExploredPoint | undefined>((a, b) => b.speed > (a?.speed ?? 0) ? b : a, undefined);
}

/** @throws {ChartError} where a knob is unknown, or had one value only */
export function knobAt(explored: ExploredPoints, name: string): number {
  const at = explored.knobs.findIndex((k) => k.name === shownName(name, KNOB));
  if (at >= 0) return at;
  const known = explored.knobs.map((k) => k.name).join(", ") || "none";
  throw new ChartError(
    `cannot draw knob ${shownName(name)}: knobs of which several values were tried are ${known}`,
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
  // A search from the preset tries it first.
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

/** A value as a chart shows it: `8×4`, `texture`, `true`. */
function textOf(value: KnobValue): string {
  const text = showValue(value);
  return shownName(isNumbers(value) ? text.replaceAll("x", "×") : text, 24);
}

/** Numbers by size, splits by their product and then from the outermost factor on, others by their letters. */
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
