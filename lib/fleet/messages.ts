/**
 * The messages of a fleet: offers, jobs and answers, as JSON. All are untrusted input: every field is checked, unknown ones
 * are left out, and a program or a trace is data that is never run as it came.
 */
import {
  fields,
  fieldsOf,
  finite,
  integerFrom,
  jsonCount,
  jsonFlag,
  type JsonKind,
  type JsonKinds,
  jsonOneOf,
  jsonText,
  listOf,
  optional,
  readFields,
  textUpTo,
} from "../base/read_json.ts";
import type { Kind } from "../base/check_options.ts";
import { TunebookError } from "../base/error.ts";
import { passing } from "../base/option_kinds.ts";
import type { Failed, Failure, Measurement, Success } from "../measure/measurement.ts";
import type { Candidate, MeasureLimits, MeasureRequest, SampleOptions } from "../measure/measuring.ts";
import { candidateFromJson, candidateToJson } from "../measure/protocol.ts";
import type { Target } from "../target/target.ts";
import { targetFromJson } from "../target/target_json.ts";
import { FleetError } from "./error.ts";

/** The version of the messages. Tuners and workers of different versions refuse each other. */
export const VERSION = 1;

/** A worker says that it is there. */
export interface Offer {
  readonly worker: string;
  readonly key: string;
  readonly target: Target;
  /** When it started, milliseconds since 1970. */
  readonly since: number;
  readonly busy: boolean;
  /** Jobs that it has answered. */
  readonly jobs: number;
}

/** One whole comparison: the candidates, the incumbent and the limits. */
export type Work =
  | { readonly kind: "measure"; readonly request: MeasureRequest }
  | {
    readonly kind: "race";
    readonly candidates: readonly Candidate[];
    readonly rounds: number;
    readonly options: Pick<SampleOptions, "minSampleMs">;
  };

/** A job of a tuner: work on a session, which is an object named by its content. */
export interface Job {
  readonly id: string;
  /** The box for the answer. */
  readonly box: string;
  readonly session: string;
  readonly work: Work;
}

/** What became of a job. */
export type Outcome =
  | { readonly kind: "measured"; readonly measurement: Measurement; readonly promoted: boolean }
  | { readonly kind: "raced"; readonly measurements: readonly Measurement[] }
  /** The worker can't do it, and no other worker could: not the fault of the candidate. */
  | { readonly kind: "refused"; readonly message: string };

/** The answer to a job. */
export interface Answer {
  readonly id: string;
  /** Milliseconds that the worker was busy with it. */
  readonly busyMs: number;
  readonly outcome: Outcome;
}

const FAILURES = [
  "instantiate",
  "verify",
  "lower",
  "compile",
  "run",
  "wrongAnswer",
  "timeout",
  "outOfMemory",
  "deviceLost",
] as const satisfies readonly Failure[];
/** Fails to compile where a failure is missing above. */
const _missing: readonly Exclude<Failure, typeof FAILURES[number]>[] = [] satisfies readonly never[];

/** Most candidates of a race, samples of a measurement, and letters of a message. */
const MOST_CANDIDATES = 256;
const MOST_SAMPLES = 10_000;
const message = textUpTo(20_000);

const version: JsonKind<number> = {
  takes: `${VERSION}, the version of the messages`,
  read: (x) => x === VERSION ? VERSION : undefined,
};
/** A word of a subject: no dot, no space, no wildcard. */
function word(letters: RegExp, takes: string): JsonKind<string> {
  return { takes, read: (x) => typeof x === "string" && letters.test(x) ? x : undefined };
}
/** The name of a worker or a tuner. */
const workerName: JsonKind<string> = word(
  /^[A-Za-z0-9_-]{1,64}$/,
  "a name of letters, digits, - and _, up to 64",
);
/** The same as the kind of an option. */
export const workerNameKind: Kind<string> = passing(
  workerName.takes,
  (x) => workerName.read(x) !== undefined,
);
const deviceKeyText = word(/^[0-9a-f]{16}$/, "a key of 16 hexadecimal digits");
const content = word(/^[0-9a-f]{64}$/, "a SHA-256 as 64 hexadecimal digits");
const boxName = word(/^[A-Za-z0-9_-]{1,64}\.[A-Za-z0-9_-]{1,64}$/, "a box of two words with a dot");

function wrapped<T>(takes: string, read: (x: unknown) => T): JsonKind<T> {
  return {
    takes,
    read: (x) => {
      try {
        return read(x);
      } catch (e) {
        if (e instanceof TunebookError) return undefined;
        throw e;
      }
    },
  };
}

const candidate: JsonKind<Candidate> = wrapped("a candidate with a trace", (x) => {
  const own = fieldsOf(x);
  // The user's own source never crosses a network.
  if (!own?.["trace"] || "source" in own) throw new FleetError("no trace");
  const { trace, program } = own as { readonly trace: never; readonly program?: never };
  return candidateFromJson(program === undefined ? { trace } : { trace, program });
});
const positive: JsonKind<number> = {
  takes: "a positive number",
  read: (x) => typeof x === "number" && Number.isFinite(x) && x > 0 ? x : undefined,
};
const limits: JsonKind<MeasureLimits> = fields({
  hopeless: optional(positive),
  hopelessRoofline: optional(positive),
  hanging: optional(positive),
} as JsonKinds<MeasureLimits>);
const sampling = {
  repeats: optional(integerFrom(1)),
  adaptive: optional(jsonFlag),
  minSampleMs: optional(jsonCount),
};
const request: JsonKind<MeasureRequest> = fields({
  ...sampling,
  candidate,
  incumbent: optional(fields({ candidate, ms: positive })),
  limits: optional(limits),
} as JsonKinds<MeasureRequest>);

/** Reads an object; the error names the field that is wrong. */
function read<T extends object>(what: string, text: string, kinds: JsonKinds<T>): T {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new FleetError(`expected ${what} as JSON, got ${text.length} characters of something else`);
  }
  let why = "it is not an object";
  const found = readFields(json, kinds, (name, takes) => why = `its ${name} is not ${takes}`);
  if (!found) throw new FleetError(`expected ${what}, got JSON that is none: ${why}`);
  return found;
}

/** Writes an offer. */
export function offerToText(offer: Offer): string {
  return JSON.stringify({ v: VERSION, ...offer });
}

/** @throws {FleetError} where it is not an offer of this version */
export function offerFromText(text: string): Offer {
  const { v: _, ...offer } = read<Offer & { v: number }>("an offer", text, {
    v: version,
    worker: workerName,
    key: deviceKeyText,
    target: wrapped("a target", targetFromJson),
    since: jsonCount,
    busy: jsonFlag,
    jobs: jsonCount,
  });
  return offer;
}

/** Writes a job. */
export function jobToText({ id, box, session, work }: Job): string {
  const head = { v: VERSION, id, box, session, kind: work.kind };
  if (work.kind === "race") {
    const { candidates, rounds, options } = work;
    return JSON.stringify({ ...head, candidates: candidates.map(plain), rounds, options });
  }
  const { candidate, incumbent, ...rest } = work.request;
  const against = incumbent && { ms: incumbent.ms, candidate: plain(incumbent.candidate) };
  return JSON.stringify({
    ...head,
    request: { ...rest, candidate: plain(candidate), ...(against ? { incumbent: against } : {}) },
  });
}

function plain(candidate: Candidate): unknown {
  if (!("source" in candidate)) return candidateToJson(candidate);
  throw new FleetError(
    "expected a candidate with a trace, got source: a kernel of your own is measured on this machine only; use a Device",
  );
}

/** A job that is an object, because it is large: a message has its name only. */
export function largeJobToText(id: string, box: string, object: string): string {
  return JSON.stringify({ v: VERSION, id, box, object });
}

/** What a worker needs to answer, whatever else is wrong with a job. */
export interface JobHead {
  readonly id: string;
  readonly box: string;
  /** The object that holds the job. */
  readonly object?: string;
}

/** @throws {FleetError} where it has no address */
export function jobHeadFromText(text: string): JobHead {
  return read<JobHead>("a job", text, {
    id: textUpTo(100),
    box: boxName,
    object: optional(content) as JsonKind<string>,
  });
}

/** @throws {FleetError} where it is not a job of this version */
export function jobFromText(text: string): Job {
  const { id, box, session, kind } = read("a job", text, {
    v: version,
    id: textUpTo(100),
    box: boxName,
    session: content,
    kind: jsonOneOf(["measure", "race"] as const),
  });
  if (kind === "measure") {
    const { request: asked } = read("a job", text, { request });
    return { id, box, session, work: { kind, request: asked } };
  }
  const { options, ...rest } = read("a job", text, {
    candidates: listOf(candidate, MOST_CANDIDATES),
    rounds: integerFrom(1),
    options: fields({ minSampleMs: sampling.minSampleMs } as JsonKinds<Pick<SampleOptions, "minSampleMs">>),
  });
  return { id, box, session, work: { kind, ...rest, options } };
}

/** Writes an answer. */
export function answerToText({ id, busyMs, outcome }: Answer): string {
  return JSON.stringify({ v: VERSION, id, busyMs, ...outcome });
}

/** JSON has no NaN: a failure before the source has null there. */
const compileMs: JsonKind<number> = {
  takes: "a number or null",
  read: (x) => x === null ? NaN : finite.read(x),
};
const samples = listOf(jsonCount, MOST_SAMPLES);
const success: JsonKind<Success> = fields({
  status: jsonOneOf(["ok"] as const),
  samples: { ...samples, read: (x) => samples.read(x)?.length ? samples.read(x) : undefined },
  against: optional(fields({ ms: positive, samples })),
  clock: jsonOneOf(["timestamp", "wall", "cpu"] as const),
  compileMs,
  maxError: jsonCount,
  checkedRuns: optional(jsonCount),
} as JsonKinds<Success>);
const failed: JsonKind<Failed> = fields({ status: jsonOneOf(FAILURES), message, compileMs });
const measurement: JsonKind<Measurement> = {
  takes: "a measurement",
  read: (x) => fieldsOf(x)?.["status"] === "ok" ? success.read(x) : failed.read(x),
};

/** @throws {FleetError} where it is not an answer of this version */
export function answerFromText(text: string): Answer {
  const { id, busyMs, kind } = read("an answer", text, {
    v: version,
    id: jsonText,
    busyMs: jsonCount,
    kind: jsonOneOf(["measured", "raced", "refused"] as const),
  });
  return { id, busyMs, outcome: outcomeOf(kind, text) };
}

function outcomeOf(kind: Outcome["kind"], text: string): Outcome {
  switch (kind) {
    case "measured":
      return { kind, ...read("an answer", text, { measurement, promoted: jsonFlag }) };
    case "raced":
      return { kind, ...read("an answer", text, { measurements: listOf(measurement, MOST_CANDIDATES) }) };
    case "refused":
      return { kind, ...read("an answer", text, { message }) };
    default:
      return kind satisfies never;
  }
}
