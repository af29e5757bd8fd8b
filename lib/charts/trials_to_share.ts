/** Counts how many trials tuners need. */
import type { Table } from "npm:apache-arrow@21.2.0";
import { checkOptions, type Fields } from "../base/check_options.ts";
import { arrayOf, number, text } from "../base/option_kinds.ts";
import { rowsOf } from "../records/table.ts";
import { TUNER_COLUMNS, type TunerRow } from "./tuners_compared.ts";

/** The options of {@linkcode trialsToShare}. */
export interface TrialsToShareOptions {
  /** The share of the space's best speed that counts as found, from 0 to 1. Default 0.95. */
  readonly share?: number;
  /** Names like `xgb from preset`, in the order of their columns. Default: all. */
  readonly methods?: readonly string[];
}

const FIELDS = {
  share: number({ above: 0, max: 1 }),
  methods: arrayOf(text),
} satisfies Fields<TrialsToShareOptions>;

/** The quartiles over the seeds; infinite where a search has not found it. */
export interface TrialCount {
  /** The space. */
  readonly space: string;
  /** The method, as `xgb from preset`. */
  readonly method: string;
  /** The lower quartile. */
  readonly low: number;
  /** The median. */
  readonly median: number;
  /** The upper quartile. */
  readonly high: number;
  /** The median and the quartiles in words: `10 (6–14)`, or `not found`. */
  readonly text: string;
}

/**
 * Counts the trials until a search holds a point with a share of the space's best speed: one row a space and method.
 *
 * `table` is one of `tunersCompared`.
 *
 * @throws {RecordError} if the table lacks a column of `TunerRow`
 */
export function trialsToShare(table: Table, options: TrialsToShareOptions = {}): readonly TrialCount[] {
  checkOptions("charts.trialsToShare", options, FIELDS);
  const rows = rowsOf(table, TUNER_COLUMNS), nameOf = (r: TunerRow) => `${r.tuner} from ${r.start}`;
  const { share = 0.95, methods = [...new Set(rows.map(nameOf))] } = options;
  const byMethod = Map.groupBy(rows, nameOf);
  return [...new Set(rows.map((r) => r.space))].flatMap((space) =>
    methods.flatMap((method) => {
      const own = (byMethod.get(method) ?? []).filter((r) => r.space === space);
      if (own.length === 0) return [];
      const found = [...Map.groupBy(own, (r) => r.seed).values()]
        .map((run) => Math.min(...run.filter((r) => r.share >= share).map((r) => r.trial)))
        .toSorted((a, b) => a - b);
      const [low = NaN, median = NaN, high = NaN] = [0.25, 0.5, 0.75]
        .map((q) => found[Math.ceil(q * found.length) - 1]);
      const text = median === Infinity ? "not found" : `${median} (${low}–${high === Infinity ? "…" : high})`;
      return [{ space, method, low, median, high, text }];
    })
  );
}
