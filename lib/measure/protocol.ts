/** What the measuring process is told and answers: one JSON value a line. */
import type { Executable } from "../codegen/executable.ts";
import type { FuncJson } from "../ir/func_json.ts";
import type { Measurement } from "./measurement.ts";

export interface MeasureOptions {
  /** Samples to take of a candidate, at most where it is `adaptive`. Default 5, or 12. */
  readonly repeats?: number;
  /**
   * Takes a candidate's samples in turn with those of the incumbent, and no more of them than it takes to tell
   * which is faster. One that is faster becomes the incumbent, as does the first that succeeds.
   */
  readonly adaptive?: boolean;
  /** Shortest sample, milliseconds: runs are batched until one lasts so long. Default 20. */
  readonly minSampleMs?: number;
  /** A candidate whose first run takes longer gets that one sample only, milliseconds. Default: none. */
  readonly dropAboveMs?: number;
}

/** What the measuring process opens: the device that candidates are compiled for. */
export interface MeasuringDevice {
  readonly prefer: "webgpu" | "cpu";
  /** Whether candidates may use subgroups, also where the adapter does not list them. */
  readonly subgroups?: boolean;
}

export type Request =
  | {
    readonly kind: "prepare";
    readonly device: MeasuringDevice;
    readonly func: FuncJson;
    readonly shapes: Readonly<Record<string, number>>;
    readonly seed: number;
  }
  | { readonly kind: "measure"; readonly executable: Executable; readonly options: MeasureOptions }
  /** Brings back an incumbent into a process that has not seen it. */
  | { readonly kind: "adopt"; readonly executable: Executable; readonly ms: number }
  /** Lets the driver compile, so that its cache knows the program; nothing is timed. */
  | {
    readonly kind: "warm";
    readonly device: MeasuringDevice;
    readonly executable: Executable;
    readonly shapes: Readonly<Record<string, number>>;
  }
  | {
    readonly kind: "race";
    readonly executables: readonly Executable[];
    readonly rounds: number;
    readonly options: MeasureOptions;
  };

export type Response =
  | { readonly kind: "prepared" }
  | {
    readonly kind: "measured";
    readonly measurement: Measurement;
    /** Whether the candidate has become the incumbent. */
    readonly promoted: boolean;
    /** Milliseconds that the process was busy with it. */
    readonly busyMs: number;
  }
  | { readonly kind: "raced"; readonly measurements: readonly Measurement[] }
  | { readonly kind: "done" }
  | { readonly kind: "failed"; readonly message: string };

/** Starts every line of the protocol, so that anything else on the pipe is not taken for it. */
export const MARK = "\u0001tunebook ";
