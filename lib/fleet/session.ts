/** The subject of a search as an object: the program, its shapes, its seed and its inputs. Workers know the target. */
import {
  fieldsOf,
  finite,
  integerFrom,
  type JsonKind,
  type JsonKinds,
  jsonOneOf,
  mapOf,
  optional,
  readFields,
} from "../base/read_json.ts";
import { messageOf } from "../base/error.ts";
import { funcFromJson } from "../ir/func_json.ts";
import type { Shapes } from "../ir/shapes.ts";
import type { MeasuringOptions } from "../measure/measuring.ts";
import { sessionToJson } from "../measure/protocol.ts";
import type { GivenInputs, InputRange } from "../measure/random_inputs.ts";
import { ARRAYS, type TypedArray } from "../runtime/arrays.ts";
import type { Target } from "../target/target.ts";
import { FleetError } from "./error.ts";

/** Most shape variables and inputs. */
const MOST = 1000;
/** The longest time that a job may ask for one candidate, milliseconds. */
const MOST_DEADLINE_MS = 300_000;

/** Writes a session as bytes. */
export function sessionToBytes(options: MeasuringOptions): Uint8Array<ArrayBuffer> {
  const { target: _, ...session } = sessionToJson(options);
  const { deadlineMs } = options;
  const json = { ...session, ...(deadlineMs === undefined ? {} : { deadlineMs }) };
  return new TextEncoder().encode(JSON.stringify(json));
}

const dtype = jsonOneOf(Object.keys(ARRAYS) as (keyof typeof ARRAYS)[]);
const range = { from: optional(finite), below: finite } as JsonKinds<InputRange>;
const input: JsonKind<TypedArray | InputRange> = {
  takes: "an array or a range",
  read: (x) => {
    const own = fieldsOf(x);
    if (own && "below" in own) return readFields(own, range);
    const kind = dtype.read(own?.["dtype"]), base64 = own?.["base64"];
    return kind === undefined || typeof base64 !== "string" ? undefined : arrayOf(kind, base64);
  },
};

function arrayOf(kind: keyof typeof ARRAYS, base64: string): TypedArray | undefined {
  try {
    return new ARRAYS[kind](Uint8Array.fromBase64(base64).buffer) as TypedArray;
  } catch {
    // Other letters, or a part of an element.
    return undefined;
  }
}

interface Plain {
  readonly func: unknown;
  readonly shapes: Shapes;
  readonly seed: number;
  readonly inputs: GivenInputs;
  readonly deadlineMs: number;
}
const deadline: JsonKind<number> = {
  takes: "a positive number of milliseconds",
  read: (x) => typeof x === "number" && x > 0 ? Math.min(x, MOST_DEADLINE_MS) : undefined,
};
const SESSION = {
  func: { takes: "a program", read: (x) => x ?? undefined },
  shapes: mapOf(integerFrom(1), MOST),
  seed: { takes: "a 32-bit integer", read: (x) => typeof x === "number" && (x | 0) === x ? x : undefined },
  inputs: mapOf(input, MOST),
  deadlineMs: optional(deadline),
} as JsonKinds<Plain>;

/**
 * Reads a session, for a worker's own target.
 *
 * @throws {FleetError} where it is none
 */
export function sessionFromBytes(bytes: Uint8Array<ArrayBuffer>, target: Target): MeasuringOptions {
  let why = "it is not an object";
  try {
    const json: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    const read = readFields(json, SESSION, (name, takes) => why = `its ${name} is not ${takes}`);
    if (read) return { ...read, func: funcFromJson(read.func), target };
  } catch (e) {
    why = messageOf(e);
  }
  throw new FleetError(`expected a session, got an object that is none: ${why}`);
}
