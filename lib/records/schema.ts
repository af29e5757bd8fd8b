/** The columns of a log, in Arrow's types. */
import { type DataType, Field, Float64, Int32, List, Schema, Utf8 } from "npm:apache-arrow@21.2.0";
import type { Failure } from "../measure/measurement.ts";
import type { TrialRecord } from "./record.ts";

/** The version of the schema. It rises whenever an older reader could misread a newer log. */
export const SCHEMA_VERSION = 2;

/** Columns that an older log may lack, and their values in that case. */
export const SINCE_FIRST = { againstMs: NaN, againstSamples: [], worker: "", inFlight: 1 } as const;

/** The storage of a column: text, 32-bit integers, 64-bit floats, or lists of them. */
export type Stored = "text" | "int" | "float" | "floats";

/**
 * The kind of a column: its storage; a list of the texts that it may hold; or the status of a trial. A file of a later
 * version may hold statuses that this version does not know.
 */
export type Column = Stored | "status" | readonly string[];

/** The columns of a table, by name and in order. */
export type Columns = Readonly<Record<string, Column>>;

type ValueOf<C> = C extends readonly (infer T)[] ? T
  : C extends "text" ? string
  : C extends "status" ? "ok" | Failure
  : C extends "floats" ? readonly number[]
  : number;

/** One row of a table with these columns. */
export type RowOf<C extends Columns> = { readonly [K in keyof C]: ValueOf<C[K]> };

/** The columns of a table of trials: every field of a record, in order. */
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
  status: "status",
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
  worker: "text",
  inFlight: "int",
  secondsSinceStart: "float",
  time: "float",
} as const satisfies Readonly<Record<keyof TrialRecord, Column>>;

/** Returns the storage of a column. */
export function storedOf(column: Column): Stored {
  return typeof column === "string" && column !== "status" ? column : "text";
}

/** Returns the Arrow type of a column. Types are plain, as a dictionary would differ from batch to batch. */
export function arrowType(column: Column): DataType {
  const stored = storedOf(column);
  switch (stored) {
    case "text":
      return new Utf8();
    case "int":
      return new Int32();
    case "float":
      return new Float64();
    case "floats":
      return new List(new Field("item", new Float64(), false));
    default:
      return stored satisfies never;
  }
}

/** Makes the schema of a table with these columns. Its metadata get the version of the schema. */
export function schemaOf(
  columns: Columns,
  metadata: Readonly<Record<string, string>> = {},
): Schema {
  const fields = Object.entries(columns).map(([name, column]) => new Field(name, arrowType(column), false));
  return new Schema(fields, new Map([["tunebook.schema", `${SCHEMA_VERSION}`], ...Object.entries(metadata)]));
}
