/** The times of a graph at several levels, one row a level. */
import type { Table } from "npm:apache-arrow@21.2.0";
import type { Column } from "./schema.ts";
import { rowsOf, tableOf } from "./table.ts";

/** A graph as one level built it, and its confirmed time. */
export interface LevelRow {
  /** The graph's name. */
  readonly graph: string;
  /** The level: 0 to 3. */
  readonly level: number;
  /** Its results agree with the expected ones, or they don't. */
  readonly status: "ok" | "wrongAnswer";
  /** What is wrong; empty where nothing is. */
  readonly message: string;
  /** Kernels that a run launches. */
  readonly launches: number;
  /** Functions that a run calls. */
  readonly calls: number;
  /** Bytes of the storages between the calls. */
  readonly bytes: number;
  /** Functions whose schedule is a record of a search. */
  readonly tuned: number;
  /** Seconds from the graph to a program on the device, the search at level 3 apart. */
  readonly buildSeconds: number;
  /** Seconds of the search. */
  readonly searchSeconds: number;
  /** The median over interleaved rounds, milliseconds; NaN without a right result. */
  readonly medianMs: number;
  /** The low end of the 95% confidence interval of `medianMs`. */
  readonly lowMs: number;
  /** The high end of the 95% confidence interval of `medianMs`. */
  readonly highMs: number;
  /** The time of the first level over this one, round by round: the median; NaN if one of the two is missing. */
  readonly speedup: number;
  /** The low end of the 95% confidence interval of `speedup`. */
  readonly lowSpeedup: number;
  /** The high end of the 95% confidence interval of `speedup`. */
  readonly highSpeedup: number;
  /** Largest error against the expected results: |got - expected| / (|expected| + their root mean square). */
  readonly maxError: number;
  /** The samples, milliseconds, one per round. */
  readonly samples: readonly number[];
}

/** The columns of a table of levels. */
export const LEVEL_COLUMNS = {
  graph: "text",
  level: "int",
  status: ["ok", "wrongAnswer"],
  message: "text",
  launches: "int",
  calls: "int",
  bytes: "float",
  tuned: "int",
  buildSeconds: "float",
  searchSeconds: "float",
  medianMs: "float",
  lowMs: "float",
  highMs: "float",
  speedup: "float",
  lowSpeedup: "float",
  highSpeedup: "float",
  maxError: "float",
  samples: "floats",
} as const satisfies Readonly<Record<keyof LevelRow, Column>>;

/** Makes a table of levels, which `charts.levels` draws. */
export function levelTable(rows: readonly LevelRow[]): Table {
  return tableOf(rows, LEVEL_COLUMNS);
}

/**
 * Reads a table of levels.
 *
 * @throws {RecordError} if a column is missing, or a value is not of its column
 */
export function levelRows(table: Table): readonly LevelRow[] {
  return rowsOf(table, LEVEL_COLUMNS);
}
