/** The columns of a log, in Arrow's types. */
import { type DataType, Field, Float64, Int32, List, Schema, Utf8 } from "npm:apache-arrow@21.2.0";
import type { TrialRecord } from "./record.ts";

/** Raised whenever a reader of today could misread a log of tomorrow. */
export const SCHEMA_VERSION = 2;

/** Columns that an older log lacks, and what they hold then. */
export const SINCE_FIRST = { againstMs: NaN, againstSamples: [] } as const;

export type Column = "text" | "int" | "float" | "floats";

/** Every field of a record, in order. */
export const TRIAL_COLUMNS = {
  task: "text",
  fingerprint: "text",
  program: "text",
  adapter: "text",
  target: "text",
  contestant: "text",
  rule: "text",
  tuner: "text",
  start: "text",
  seed: "int",
  trial: "int",
  config: "text",
  trace: "text",
  status: "text",
  message: "text",
  samples: "floats",
  againstMs: "float",
  againstSamples: "floats",
  clock: "text",
  medianMs: "float",
  gflops: "float",
  gbps: "float",
  maxError: "float",
  compileMs: "float",
  secondsSinceStart: "float",
  time: "float",
} as const satisfies Readonly<Record<keyof TrialRecord, Column>>;

/** Plain types: a dictionary would differ from batch to batch. */
export function arrowType(column: Column): DataType {
  switch (column) {
    case "text":
      return new Utf8();
    case "int":
      return new Int32();
    case "float":
      return new Float64();
    case "floats":
      return new List(new Field("item", new Float64(), false));
    default:
      return column satisfies never;
  }
}

export function schemaOf(
  columns: Readonly<Record<string, Column>>,
  metadata: Readonly<Record<string, string>> = {},
): Schema {
  const fields = Object.entries(columns).map(([name, column]) => new Field(name, arrowType(column), false));
  return new Schema(fields, new Map([["tunebook.schema", `${SCHEMA_VERSION}`], ...Object.entries(metadata)]));
}
