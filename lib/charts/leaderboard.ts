/** Who stands where in contests with other libraries. */
import type { Table } from "npm:apache-arrow@21.2.0";
import { median } from "../base/statistics.ts";
import type { Column } from "../records/schema.ts";
import { rowsOf } from "../records/table.ts";

/** One sample of one method on one operator. */
export interface ContestRow {
  readonly operator: string;
  readonly contestant: string;
  /** `own`, or `peer`: another library. */
  readonly side: string;
  /** Of one run. */
  readonly ms: number;
  /** What bounds the operator on the device that was measured: `arithmetic` or `memory`. */
  readonly bound: string;
  /** The milliseconds of the bound over those of this sample. */
  readonly shareOfRoofline: number;
}

export const CONTEST_COLUMNS = {
  operator: "text",
  contestant: "text",
  side: "text",
  ms: "float",
  bound: "text",
  shareOfRoofline: "float",
} as const satisfies Readonly<Record<keyof ContestRow, Column>>;

/** A method's median on an operator. */
export interface LeaderboardPlace {
  readonly method: string;
  readonly side: string;
  readonly ms: number;
  readonly shareOfRoofline: number;
}

/** One operator. */
export interface Leaderboard {
  readonly operator: string;
  readonly bound: string;
  /** Milliseconds of the bound. */
  readonly leastMs: number;
  /** Fastest first. */
  readonly places: readonly LeaderboardPlace[];
  /** The fastest of the other libraries, if one has the operator. */
  readonly peer: LeaderboardPlace | undefined;
}

/**
 * The medians of all methods, by operator in the table's order.
 *
 * @throws {RecordError} for a table that lacks a column
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

/** How many times as fast as the fastest peer a method is; NaN where there is no such peer or method. */
export function timesPeer({ places, peer }: Leaderboard, method: string): number {
  return (peer?.ms ?? NaN) / (places.find((p) => p.method === method)?.ms ?? NaN);
}

/** NaN of none; what is not a number does not count. */
export function geometricMean(list: readonly number[]): number {
  const logs = list.filter((x) => !Number.isNaN(x)).map(Math.log);
  return Math.exp(logs.reduce((sum, x) => sum + x, 0) / logs.length);
}
