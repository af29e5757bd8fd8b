/** Ranks methods and other libraries by their speed, operator by operator. */
import { checkArgument, type Kind } from "../base/check_options.ts";
import { arrayOf, required, text, withFields } from "../base/option_kinds.ts";
import type { Table } from "npm:apache-arrow@21.2.0";
import { median, samplesKind } from "../base/statistics.ts";
import type { Column } from "../records/schema.ts";
import { rowsOf } from "../records/table.ts";

/** One sample of one method on one operator. */
export interface ContestRow {
  /** The operator's name. */
  readonly operator: string;
  /** The method or library. */
  readonly contestant: string;
  /** `own`; `peer`: another library; or `mark`: what is shown, and not compared with. */
  readonly side: string;
  /** Milliseconds of one run. */
  readonly ms: number;
  /** What bounds the operator on the measured device: `arithmetic` or `memory`. */
  readonly bound: string;
  /** The time of the roofline over that of this sample, from 0 to about 1. */
  readonly shareOfRoofline: number;
}

/** The columns of a table of samples. */
export const CONTEST_COLUMNS = {
  operator: "text",
  contestant: "text",
  side: "text",
  ms: "float",
  bound: "text",
  shareOfRoofline: "float",
} as const satisfies Readonly<Record<keyof ContestRow, Column>>;

/** A method's median time on an operator. */
export interface LeaderboardPlace {
  /** The method or library. */
  readonly method: string;
  /** `own`; `peer`: another library; or `mark`: what is shown, and not compared with. */
  readonly side: string;
  /** Median milliseconds of one run. */
  readonly ms: number;
  /** The time of the roofline over the median, from 0 to about 1. */
  readonly shareOfRoofline: number;
}

/** The ranking of one operator. */
export interface Leaderboard {
  /** The operator's name. */
  readonly operator: string;
  /** What bounds it on the measured device: `arithmetic` or `memory`. */
  readonly bound: string;
  /** Milliseconds that the roofline allows at least. */
  readonly leastMs: number;
  /** All methods and libraries, the fastest first. */
  readonly places: readonly LeaderboardPlace[];
  /** The fastest other library; undefined if none has the operator. */
  readonly peer: LeaderboardPlace | undefined;
}

/**
 * Ranks all methods by their medians, one ranking an operator, in the table's order.
 *
 * @throws {RecordError} if the table lacks a column
 */
export function leaderboards(table: Table): readonly Leaderboard[] {
  const rows = rowsOf(table, CONTEST_COLUMNS);
  return [...Map.groupBy(rows, (r) => r.operator)].map(([operator, own]) => {
    const [first] = own as [ContestRow, ...ContestRow[]];
    const leastMs = first.shareOfRoofline * first.ms;
    const places = [...Map.groupBy(own, (r) => r.contestant)].map(
      ([method, samples]): LeaderboardPlace => {
        const ms = median(samples.map((r) => r.ms));
        return { method, side: samples[0]?.side ?? "", ms, shareOfRoofline: leastMs / ms };
      },
    ).toSorted((a, b) => a.ms - b.ms);
    return { operator, bound: first.bound, leastMs, places, peer: places.find((p) => p.side === "peer") };
  });
}

const BOARD: Kind<Leaderboard> = withFields("a ranking, as charts.leaderboards gives", {
  places: required(arrayOf(withFields("a place of a ranking", { method: required(text) }))),
});

/**
 * Computes the speedup of a method over the fastest other library; NaN if either is missing.
 *
 * @throws {OptionError} for an argument of a wrong kind
 */
export function timesPeer(board: Leaderboard, method: string): number {
  checkArgument("charts.timesPeer", "board", board, BOARD);
  checkArgument("charts.timesPeer", "method", method, text);
  const { places, peer } = board;
  return (peer?.ms ?? NaN) / (places.find((p) => p.method === method)?.ms ?? NaN);
}

/**
 * Computes the geometric mean, ignoring NaN; NaN for an empty list.
 *
 * @throws {OptionError} for an argument of a wrong kind
 */
export function geometricMean(list: readonly number[]): number {
  checkArgument("charts.geometricMean", "list", list, samplesKind);
  const logs = list.filter((x) => !Number.isNaN(x)).map(Math.log);
  return Math.exp(logs.reduce((sum, x) => sum + x, 0) / logs.length);
}
