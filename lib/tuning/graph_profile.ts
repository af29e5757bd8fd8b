import type { Table } from "npm:apache-arrow@21.2.0";
import type { Chart } from "../charts/chart.ts";
import type { FunctionRow } from "../records/graph_functions.ts";

/** Where the time of a graph goes: what `profile` of a built graph returns. */
export class GraphProfile {
  /** The graph's name. */
  readonly name: string;
  /** One row a function, each once, with the number of its calls. */
  readonly rows: readonly FunctionRow[];
  /** The rows as an Arrow table, as `charts.whereTimeGoes` and `charts.underRoofline` take it. */
  readonly table: Table;
  /** One run of the whole graph, milliseconds: the median. */
  readonly ms: number;
  /** The functions alone, each times its calls, milliseconds. */
  readonly sumMs: number;
  /** The time by function. */
  readonly chart: Chart;

  /** Takes the parts of a profile. */
  constructor(of: GraphProfile) {
    this.name = of.name;
    this.rows = of.rows;
    this.table = of.table;
    this.ms = of.ms;
    this.sumMs = of.sumMs;
    this.chart = of.chart;
  }
}
