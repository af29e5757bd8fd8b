/** The requests and responses of the measuring process: one JSON value per line. */
import { TunebookError } from "../base/error.ts";
import { ARRAYS, type TypedArray } from "../runtime/arrays.ts";
import { intervalOf } from "../ir/domain.ts";
import { funcFromJson, type FuncJson, funcToJson } from "../ir/func_json.ts";
import type { PrimFunc } from "../ir/func.ts";
import { inputsOf } from "../ir/parameters.ts";
import type { Shapes } from "../ir/shapes.ts";
import { Trace, type TraceJson } from "../schedule/trace.ts";
import { targetFromJson } from "../target/target_json.ts";
import type { Target } from "../target/target.ts";
import type { KernelSource } from "./kernel_source.ts";
import type { Failed, Measurement } from "./measurement.ts";
import type { Candidate, MeasuringOptions, SampleOptions } from "./measuring.ts";
import { type GivenInputs, type InputRange, isRange } from "./random_inputs.ts";

/** How one candidate is sampled on this machine, with its limit in this machine's milliseconds. */
export interface MeasureOptions extends SampleOptions {
  /** A candidate with a longer first sample gets only that one, milliseconds. Default: none. */
  readonly dropAboveMs?: number;
}

/** A program to measure candidates of, as JSON. */
export interface SessionJson {
  readonly func: FuncJson;
  readonly target: unknown;
  readonly shapes: Shapes;
  readonly seed: number;
  readonly inputs: Readonly<Record<string, InputJson>>;
}

/** An input as JSON: its bytes, or a range. */
type InputJson = { readonly dtype: keyof typeof ARRAYS; readonly base64: string } | InputRange;

/** A candidate as JSON. */
export type CandidateJson =
  | { readonly trace: TraceJson; readonly program?: FuncJson }
  | { readonly source: KernelSource };

export type Request =
  /** Schedules a program by the first rule that matches it; needs no session. */
  | { readonly kind: "schedule"; readonly func: FuncJson; readonly target: unknown }
  /** Opens the device; computes the reference if candidates are to be checked. */
  | { readonly kind: "prepare"; readonly session: SessionJson; readonly check: boolean }
  | {
    readonly kind: "measure";
    readonly candidate: CandidateJson;
    /** Whether samples are interleaved with those of the adopted or promoted incumbent. */
    readonly interleave: boolean;
    readonly options: MeasureOptions;
  }
  /** Makes a candidate the incumbent. */
  | { readonly kind: "adopt"; readonly candidate: CandidateJson; readonly ms: number }
  /** Lets the driver compile, so that its cache knows the kernels; nothing is timed. */
  | { readonly kind: "warm"; readonly candidate: CandidateJson }
  | {
    readonly kind: "race";
    readonly candidates: readonly CandidateJson[];
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
  | {
    readonly kind: "scheduled";
    readonly scheduled: { readonly rule: string; readonly trace: TraceJson } | Failed;
  }
  | { readonly kind: "raced"; readonly measurements: readonly Measurement[] }
  | { readonly kind: "done" }
  | { readonly kind: "failed"; readonly message: string };

/** The exit code of a worker that met an error and has told of it. */
export const ERROR_CODE = 70;

/** Begins what the measuring process writes to its error output before it ends for the memory that it takes. */
export const MEMORY_MARK = "\u0001tunebook memory ";

/** Starts every line of the protocol, to tell it from other output on the pipe. */
export const MARK = "\u0001tunebook ";

/** Reads a response. JSON has no NaN: the compilation time of a failure may be null there. */
export function responseFromJson(text: string): Response {
  const response = JSON.parse(text) as Response;
  switch (response.kind) {
    case "measured":
      return { ...response, measurement: measurementFromJson(response.measurement) };
    case "raced":
      return { ...response, measurements: response.measurements.map(measurementFromJson) };
    case "scheduled":
      return "status" in response.scheduled
        ? { ...response, scheduled: { ...response.scheduled, compileMs: NaN } }
        : response;
    case "prepared":
    case "done":
    case "failed":
      return response;
    default:
      return response satisfies never;
  }
}

function measurementFromJson(m: Measurement): Measurement {
  return { ...m, compileMs: m.compileMs ?? NaN };
}

/** A session, read. */
export interface Session {
  readonly func: PrimFunc;
  readonly target: Target;
  readonly shapes: Shapes;
  readonly seed: number;
  readonly inputs: GivenInputs;
}

/** @throws {TunebookError} for an input that the program doesn't have, or of a type or range that no parameter has */
export function sessionToJson(
  { func, target, shapes = {}, seed = 0, inputs = {} }: MeasuringOptions,
): SessionJson {
  const takes = inputsOf(func);
  const given = Object.entries(inputs).map(([name, array]): [string, InputJson] => {
    const parameter = takes.find((b) => b.name === name);
    if (!parameter) {
      const names = takes.map((b) => b.name).join(", ");
      throw new TunebookError(
        `expected inputs among ${names}, got ${JSON.stringify(name)}, measuring ${func.name}`,
      );
    }
    if (isRange(array)) {
      intervalOf(name, parameter.dtype, array, shapes);
      return [name, array];
    }
    const dtype = Object.entries(ARRAYS).find(([, kind]) => array instanceof kind)?.[0];
    if (dtype === undefined) {
      throw new TunebookError(
        `expected a Float32Array, Float16Array, Int32Array or Uint32Array, got ${array.constructor.name}, as input ${name}`,
      );
    }
    const bytes = new Uint8Array(array.buffer as ArrayBuffer, array.byteOffset, array.byteLength);
    return [name, { dtype: dtype as keyof typeof ARRAYS, base64: bytes.toBase64() }];
  });
  return { func: funcToJson(func), target, shapes, seed, inputs: Object.fromEntries(given) };
}

/** Reads a session field by field. */
export function sessionFromJson({ func, target, shapes, seed, inputs }: SessionJson): Session {
  const given = Object.entries(inputs).map(([name, input]): [string, TypedArray | InputRange] => {
    if (!("base64" in input)) return [name, input];
    return [name, new ARRAYS[input.dtype](Uint8Array.fromBase64(input.base64).buffer) as TypedArray];
  });
  return {
    func: funcFromJson(func),
    target: targetFromJson(target),
    shapes,
    seed,
    inputs: Object.fromEntries(given),
  };
}

export function candidateToJson(candidate: Candidate): CandidateJson {
  if ("source" in candidate) return candidate;
  const { trace, program } = candidate;
  return program ? { trace, program: funcToJson(program) } : { trace };
}

/** Reads a candidate; its trace is checked step by step. */
export function candidateFromJson(candidate: CandidateJson): Candidate {
  if ("source" in candidate) return candidate;
  const trace = Trace.fromJSON(candidate.trace).toJSON();
  return candidate.program ? { trace, program: funcFromJson(candidate.program) } : { trace };
}
