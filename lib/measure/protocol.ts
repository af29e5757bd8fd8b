/** What the measuring process is told and answers: one JSON value a line. */
import type { Executable } from "../codegen/executable.ts";
import type { FuncJson } from "../ir/func_json.ts";
import type { Measurement } from "./measurement.ts";

export interface MeasureOptions {
  /** Samples to take of a candidate. Default 5. */
  readonly repeats?: number;
  /** Shortest sample, milliseconds: runs are batched until one lasts so long. Default 20. */
  readonly minSampleMs?: number;
  /** A candidate whose first run takes longer gets that one sample only, milliseconds. Default: none. */
  readonly dropAboveMs?: number;
}

export type Request =
  | {
    readonly kind: "prepare";
    readonly prefer: "webgpu" | "cpu";
    readonly func: FuncJson;
    readonly shapes: Readonly<Record<string, number>>;
    readonly seed: number;
  }
  | { readonly kind: "measure"; readonly executable: Executable; readonly options: MeasureOptions }
  | {
    readonly kind: "race";
    readonly executables: readonly Executable[];
    readonly rounds: number;
    readonly options: MeasureOptions;
  };

export type Response =
  | { readonly kind: "prepared" }
  | { readonly kind: "measured"; readonly measurement: Measurement }
  | { readonly kind: "raced"; readonly measurements: readonly Measurement[] }
  | { readonly kind: "failed"; readonly message: string };

/** Starts every line of the protocol, so that anything else on the pipe is not taken for it. */
export const MARK = "\u0001tunebook ";
