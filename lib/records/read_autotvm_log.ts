import { checkArgument } from "../base/check_options.ts";
import { median } from "../base/statistics.ts";
import { finite, integerFrom, type JsonKind, jsonText, listOf } from "../base/read_json.ts";
import type { Failure } from "../measure/measurement.ts";
import { RecordError } from "./error.ts";
import { pathKind } from "./kinds.ts";
import { MOST_ROWS, parseJson, readText } from "./outside_space.ts";

/** A tensor that an operator takes. */
export interface AutotvmTensor {
  /** Its extents. */
  readonly shape: readonly number[];
  /** Its type, as TVM writes it: `float32`. */
  readonly dtype: string;
}

/** One line of a log of TVM's AutoTVM. */
export interface AutotvmTrial {
  /** TVM's name of the task: `conv2d_nchw.cuda`. */
  readonly task: string;
  /** The target, as TVM writes it. */
  readonly target: string;
  /** The tensors that the task takes, in order. */
  readonly tensors: readonly AutotvmTensor[];
  /** `ok`, or where the trial failed. */
  readonly status: "ok" | Failure;
  /** Median milliseconds of one run; NaN if the trial failed. */
  readonly ms: number;
  /** The samples, milliseconds; empty if the trial failed. */
  readonly samples: readonly number[];
  /** Seconds that the trial took, including compilation. */
  readonly seconds: number;
}

/** AutoTVM's numbers of errors (MeasureErrorNo), from 0. */
const STATUSES = [
  "ok",
  "instantiate",
  "compile",
  "compile",
  "run",
  "wrongAnswer",
  "timeout",
  "timeout",
  "run",
] as const satisfies readonly ("ok" | Failure)[];

const list: JsonKind<readonly unknown[]> = { takes: "a list", read: (x) => Array.isArray(x) ? x : undefined };
const sizes = listOf(integerFrom(0), 32);
const seconds = listOf(finite, 100_000);

/**
 * Reads a log of TVM's AutoTVM, one JSON a line, of its versions 0.1 and 0.2: shapes, target and times of each trial, so
 * that they can be compared. Its configurations are points of TVM's own templates, so they are left out.
 *
 * @throws {OptionError} for an argument of a wrong kind
 * @throws {RecordError} if the file can't be read, or has a line that is no trial
 */
export async function readAutotvmLog(path: string): Promise<readonly AutotvmTrial[]> {
  checkArgument("records.readAutotvmLog", "path", path, pathKind);
  const what = "a log of AutoTVM";
  const lines = (await readText(path, what)).split("\n").map((text, i) => ({ text, at: i + 1 }))
    .filter(({ text }) => text.trim() !== "" && !text.startsWith("#"));
  if (lines.length > MOST_ROWS) {
    throw new RecordError(`expected at most ${MOST_ROWS} trials, got ${lines.length}, reading ${path}`);
  }
  return lines.map(({ text, at }) =>
    trialOf(`line ${at} of ${path}`, parseJson(`line ${at} of ${path}`, what, text))
  );
}

function trialOf(where: string, line: unknown): AutotvmTrial {
  const fields = typeof line === "object" && line !== null
    ? { ...line } as Readonly<Record<string, unknown>>
    : {};
  const input = read(where, "input", list, fields.input ?? fields.i);
  const result = read(where, "result", list, fields.result ?? fields.r);
  const target = read(where, "the target", jsonText, input[0]);
  const task = read(where, "the task's name", jsonText, input[1]);
  const tensors = read(where, "the task's arguments", list, input[2]).flatMap(tensorOf);
  const error = read(where, "the number of the error", integerFrom(0), result[1]);
  const status = STATUSES[error] ?? "run";
  const samples = status === "ok" ? read(where, "the times", seconds, result[0]).map((s) => 1000 * s) : [];
  if (status === "ok" && !samples.every((ms) => ms > 0) || (status === "ok" && samples.length === 0)) {
    throw new RecordError(`expected times above 0 of a trial without an error, got others, reading ${where}`);
  }
  return {
    task,
    target,
    tensors,
    status,
    ms: median(samples),
    samples,
    seconds: Math.max(0, read(where, "the trial's seconds", finite, result[2])),
  };
}

/** An argument that is a tensor: `["TENSOR", shape, dtype]`. */
function tensorOf(argument: unknown): readonly AutotvmTensor[] {
  if (!Array.isArray(argument) || argument[0] !== "TENSOR") return [];
  const shape = sizes.read(argument[1]), dtype = jsonText.read(argument[2]);
  return shape && dtype !== undefined ? [{ shape, dtype }] : [];
}

function read<T>(where: string, what: string, kind: JsonKind<T>, x: unknown): T {
  const value = kind.read(x);
  if (value !== undefined) return value;
  throw new RecordError(`expected ${what} to be ${kind.takes}, got another value, reading ${where}`);
}
