import type { Table } from "npm:apache-arrow@21.2.0";
import type { Chart } from "../charts/chart.ts";
import type { FunctionRow } from "../records/graph_functions.ts";
import type { LevelRow } from "../records/graph_levels.ts";
import type { SuiteLog } from "./suite_log.ts";

/** What `compare` returns for a graph. */
export class GraphComparison {
  /** One row a level: its confirmed time, and how many times as fast as the first level it is. */
  readonly rows: readonly LevelRow[];
  /** The rows as an Arrow table. */
  readonly levels: Table;
  /** The time of each function at each level, timed alone: rule, launches, time, share; a table as `profile` has it. */
  readonly functions: Table;
  /** The rows of `functions`. */
  readonly functionRows: readonly FunctionRow[];
  /** The search of level 3, if there was one. */
  readonly search: SuiteLog | undefined;
  /** The time at each level, and by function at the last one. */
  readonly charts: { readonly levels: Chart; readonly whereTimeGoes: Chart };

  /** Takes the parts of a comparison. */
  constructor(of: GraphComparison) {
    this.rows = of.rows;
    this.levels = of.levels;
    this.functions = of.functions;
    this.functionRows = of.functionRows;
    this.search = of.search;
    this.charts = of.charts;
  }
}
