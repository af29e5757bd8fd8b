/** The kinds of records and rows, as public calls take them. */
import type { Kind } from "../base/check_options.ts";
import { arrayOf, name, oneOf, passing, required, text, withFields } from "../base/option_kinds.ts";
import { samplesKind } from "../base/statistics.ts";
import type { TrialRecord } from "./record.ts";
import { type Column, type Columns, type RowOf, TRIAL_COLUMNS } from "./schema.ts";

/** A path, as text. */
export const pathKind: Kind<string> = { ...name, takes: "a path, text of at least one character" };

/** Any number; a time without a result is NaN. */
export const figureKind: Kind<number> = passing("a number", (x) => typeof x === "number");

/** Rows of a table; `takes` describes one. */
export function rowsKind<C extends Columns>(takes: string, columns: C): Kind<readonly RowOf<C>[]> {
  const fields = Object.entries(columns).map(([key, column]) => [key, required(cellKind(column))]);
  return arrayOf(withFields<RowOf<C>>(takes, Object.fromEntries(fields)));
}

function cellKind(column: Column): Kind<unknown> {
  if (typeof column !== "string") return oneOf(...column) as Kind<unknown>;
  switch (column) {
    case "text":
    case "status":
      return text as Kind<unknown>;
    case "int":
    case "float":
      return figureKind as Kind<unknown>;
    case "floats":
      return samplesKind as Kind<unknown>;
    default:
      return column satisfies never;
  }
}

/** Records that are written or drawn, so each of their fields is needed. */
export const recordsKind: Kind<readonly TrialRecord[]> = rowsKind(
  "a record, as await records.readLog(path) gives",
  TRIAL_COLUMNS,
) as Kind<readonly TrialRecord[]>;

/** A record that its reader checks field by field. */
export const recordKind: Kind<TrialRecord> = withFields("a record, as readLog gives", {
  trace: required(text),
});
