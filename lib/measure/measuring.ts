/** The interface between a search and its measuring device, local or remote: plain data in, plain data out. */
import type { Kind } from "../base/check_options.ts";
import { required, withFields } from "../base/option_kinds.ts";
import { programKind, shapesKind } from "../ir/kinds.ts";
import { targetKind } from "../target/kinds.ts";
import type { PrimFunc } from "../ir/func.ts";
import type { Shapes } from "../ir/shapes.ts";
import type { TraceJson } from "../schedule/trace.ts";
import type { Target } from "../target/target.ts";
import type { KernelSource } from "./kernel_source.ts";
import type { Measurement } from "./measurement.ts";
import type { GivenInputs } from "./random_inputs.ts";

/** The subject of a session: a program at given shapes on a device, checked on given or random inputs. */
export interface MeasuringOptions {
  /** The program. */
  readonly func: PrimFunc;
  /** The device: candidates are lowered and compiled for it. */
  readonly target: Target;
  /** Values of the shape variables. Default: none. */
  readonly shapes?: Shapes;
  /** Seed of the random inputs, a 32-bit integer. Default 0. */
  readonly seed?: number;
  /**
   * Inputs by parameter name: an array, row-major, or a range that random numbers are drawn from, as
   * `{ ids: { below: 200 } }`. Default: random numbers of the parameter's dtype, or of the values that the program
   * declares for it.
   */
  readonly inputs?: GivenInputs;
  /** Longest time for one candidate, from its trace to its last sample, milliseconds. Default 30,000. */
  readonly deadlineMs?: number;
  /** Largest resident memory of the process that measures, bytes. Default: half of the machine's memory. */
  readonly maxMemory?: number;
}

/** The kind of an argument that is the subject of a session. */
export const measuringOptions: Kind<MeasuringOptions> = withFields("an object with func and target", {
  func: required(programKind),
  target: required(targetKind),
  shapes: shapesKind,
});

/**
 * A candidate. A trace is replayed on the session's program, or on `program`, which must have the same parameters. A
 * source is the user's own kernel.
 */
export type Candidate =
  | { readonly trace: TraceJson; readonly program?: PrimFunc }
  | { readonly source: KernelSource };

/** The candidate that others are interleaved with, and its known time. */
export interface Incumbent {
  /** The candidate. */
  readonly candidate: Candidate;
  /** The known time of one run, milliseconds. */
  readonly ms: number;
}

/** Limits of a candidate, as multiples, because absolute times do not carry over to another machine. */
export interface MeasureLimits {
  /** A candidate above this multiple of the incumbent's time gets one sample. Default: none. */
  readonly hopeless?: number;
  /** The same, as a multiple of the roofline's bound, before the first incumbent. Default: none. */
  readonly hopelessRoofline?: number;
  /** A candidate hangs after a long compilation and this multiple of the incumbent's time. Default: none. */
  readonly hanging?: number;
}

/** How a candidate is sampled. */
export interface SampleOptions {
  /** Samples to take; the maximum if `adaptive`. Default 5, or 12 if `adaptive`. */
  readonly repeats?: number;
  /**
   * Interleaves the samples with those of the incumbent, and stops when it is clear which of the two is faster. Default
   * false.
   */
  readonly adaptive?: boolean;
  /** Shortest sample, milliseconds: runs are batched until one lasts so long. Default 20. */
  readonly minSampleMs?: number;
}

/** One comparison: a candidate, the incumbent, and the limits. */
export interface MeasureRequest extends SampleOptions {
  /** The candidate. */
  readonly candidate: Candidate;
  /** Travels with the candidate, so that any worker can interleave the two. */
  readonly incumbent?: Incumbent;
  /** Default: none. */
  readonly limits?: MeasureLimits;
}

/** A measurement, and whether the candidate is significantly faster than the incumbent. */
export interface Measured {
  /** The result of the candidate. */
  readonly measurement: Measurement;
  /** True if it should be the next incumbent; the first success always is. */
  readonly promoted: boolean;
  /** The worker of a fleet that measured it. Absent where it was this machine. */
  readonly worker?: string;
}

/**
 * Measures candidates of one program. Scheduling, lowering and compiling happen behind it, under its deadline. A
 * candidate's failure is a value; an error means that nothing can be measured.
 */
export interface Measuring extends AsyncDisposable {
  /** The subject that it was opened for. */
  readonly options: MeasuringOptions;
  /** Milliseconds that were spent on candidates so far. */
  readonly busyMs: number;
  /** True if `warm` would do something now. */
  readonly canWarm: boolean;
  /** Requests at one time that keep it busy. Default 1. */
  readonly inFlight?: number;
  /** Checks a candidate and times it, interleaved with the incumbent if the request says so. */
  measure(request: MeasureRequest): Promise<Measured>;
  /** Lets the driver compile a candidate that is measured soon. Its failures are reported when it is measured. */
  warm(candidate: Candidate): Promise<void>;
  /** Checks candidates and times them interleaved, in `rounds` rounds, so that drift affects all equally. */
  race(
    candidates: readonly Candidate[],
    rounds: number,
    options?: Pick<SampleOptions, "minSampleMs">,
  ): Promise<readonly Measurement[]>;
  /** Abandons the current measurement. The next request works again. */
  abandon(): Promise<void>;
}

/** Opens a `Measuring`; undefined if the signal is aborted first. */
export type OpenMeasuring = (
  options: MeasuringOptions,
  signal?: AbortSignal,
) => Promise<Measuring | undefined>;
