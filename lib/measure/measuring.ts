/** The interface between a search and what measures for it: plain data in, plain data out, wherever that runs. */
import type { PrimFunc } from "../ir/func.ts";
import type { Shapes } from "../ir/shapes.ts";
import type { TypedArray } from "../runtime/arrays.ts";
import type { TraceJson } from "../schedule/trace.ts";
import type { Target } from "../target/target.ts";
import type { KernelSource } from "./kernel_source.ts";
import type { Measurement } from "./measurement.ts";

/** What is measured: a program at given shapes on a device, checked on given or random inputs. */
export interface MeasuringOptions {
  /** The program. */
  readonly func: PrimFunc;
  /** The device: candidates are lowered and compiled for it. */
  readonly target: Target;
  /** Values of the shape variables. Default: none. */
  readonly shapes?: Shapes;
  /** Seed of the random inputs, a 32-bit integer. Default 0. */
  readonly seed?: number;
  /** Inputs by parameter name, row-major; a parameter that is not named gets random numbers. Default: none. */
  readonly inputs?: Readonly<Record<string, TypedArray>>;
  /** Longest time for one candidate, from its trace to its last sample, milliseconds. Default 30,000. */
  readonly deadlineMs?: number;
  /** Largest resident memory of the process that measures, bytes. Default: half of the machine's memory. */
  readonly maxMemory?: number;
}

/**
 * What is to be measured. A trace is replayed on the program; on `program`, where it is given, which must have the
 * parameters of the session's. A source is the user's own kernel.
 */
export type Candidate =
  | { readonly trace: TraceJson; readonly program?: PrimFunc }
  | { readonly source: KernelSource };

/** The candidate that others are sampled in turn with, and what it is known to take, milliseconds. */
export interface Incumbent {
  /** What is measured. */
  readonly candidate: Candidate;
  /** Milliseconds that one run is known to take. */
  readonly ms: number;
}

/** When a candidate is given up, as multiples: times of one machine mean nothing on another. */
export interface MeasureLimits {
  /** A candidate that takes this many times what the incumbent takes gets one sample. Default: none. */
  readonly hopeless?: number;
  /** The same, as a multiple of the roofline's bound, while there is no incumbent. Default: none. */
  readonly hopelessRoofline?: number;
  /** A candidate that takes a long compilation and this many times what the incumbent takes hangs. Default: none. */
  readonly hanging?: number;
}

/** How a candidate is sampled. */
export interface SampleOptions {
  /** Samples to take, at most where it is `adaptive`. Default 5, or 12. */
  readonly repeats?: number;
  /**
   * Takes the samples in turn with those of the incumbent, and only as many as tell which of the two is faster.
   * Default false.
   */
  readonly adaptive?: boolean;
  /** Shortest sample, milliseconds: runs are batched until one lasts so long. Default 20. */
  readonly minSampleMs?: number;
}

/** One comparison: a candidate, the incumbent, and when to give up. */
export interface MeasureRequest extends SampleOptions {
  /** What is measured. */
  readonly candidate: Candidate;
  /** Travels with the candidate, so that any worker can interleave the two. */
  readonly incumbent?: Incumbent;
  /** Default: none. */
  readonly limits?: MeasureLimits;
}

/** A measurement, and whether the candidate is faster than the incumbent beyond doubt. */
export interface Measured {
  /** What came of the candidate. */
  readonly measurement: Measurement;
  /** True if it should be the incumbent from now on; the first candidate that succeeds is. */
  readonly promoted: boolean;
}

/**
 * Measures candidates of one program. Scheduling, lowering and compiling happen behind it, under its deadline. What is
 * wrong with a candidate is a value; an error means that nothing can be measured.
 */
export interface Measuring extends AsyncDisposable {
  /** What it was opened for. */
  readonly options: MeasuringOptions;
  /** Milliseconds that were spent on candidates so far. */
  readonly busyMs: number;
  /** True if `warm` would do something now. */
  readonly canWarm: boolean;
  /** Checks a candidate and times it, in turn with the incumbent if the request says so. */
  measure(request: MeasureRequest): Promise<Measured>;
  /** Has the driver compile a candidate that is to be measured soon. What is wrong with it shows when it is measured. */
  warm(candidate: Candidate): Promise<void>;
  /** Checks candidates and times them in turn, `rounds` times, so that drift hits all alike. */
  race(
    candidates: readonly Candidate[],
    rounds: number,
    options?: Pick<SampleOptions, "minSampleMs">,
  ): Promise<readonly Measurement[]>;
  /** Gives up what is being measured. The next request works again. */
  abandon(): Promise<void>;
}

/** Opens a `Measuring`; undefined if the signal is aborted first. */
export type OpenMeasuring = (
  options: MeasuringOptions,
  signal?: AbortSignal,
) => Promise<Measuring | undefined>;
