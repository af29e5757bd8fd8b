/** What readers of other tuners' files share. */
import { messageOf } from "../base/error.ts";
import {
  finite,
  jsonAnyOf,
  jsonFlag,
  type JsonKind,
  type JsonKinds,
  readFields,
  textUpTo,
} from "../base/read_json.ts";
import { RecordError } from "./error.ts";
import type { MeasuredSpace } from "./measured_space.ts";
import { readFile } from "./read_file.ts";
import type { ParameterValue } from "./space_of_rows.ts";

/** A space that another tuner measured. */
export interface OutsideSpace extends MeasuredSpace {
  /** The kernel's name; empty where the file has none. */
  readonly kernel: string;
  /** The device that it was measured on; empty where the file has none. */
  readonly device: string;
}

/** Configurations that are read of one file, at most. */
export const MOST_ROWS = 2_000_000;
/** Parameters of one configuration, at most. */
export const MOST_PARAMETERS = 200;

/** The value of a parameter: a number, a boolean, or text. */
export const parameterValue: JsonKind<ParameterValue> = jsonAnyOf<ParameterValue>(
  finite,
  jsonFlag,
  textUpTo(1000),
);

/** Reads a file as text. */
export async function readText(path: string, what: string): Promise<string> {
  const bytes = await readFile("reading", path, { what });
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new RecordError(`expected ${what}, got bytes that are no text in UTF-8, reading ${path}`);
  }
}

/** Reads JSON; the first of several texts that parses counts. */
export function parseJson(path: string, what: string, ...texts: readonly string[]): unknown {
  let why = "";
  for (const text of texts) {
    try {
      return JSON.parse(text);
    } catch (e) {
      why ||= messageOf(e);
    }
  }
  throw new RecordError(`expected ${what}, got text that is no JSON (${why}), reading ${path}`);
}

/** Reads the fields of an object. Errors say that it is read from `where`. */
export function fieldsAt<T extends object>(where: string, x: unknown, kinds: JsonKinds<T>): T {
  let wrong = "an object";
  const read = readFields(x, kinds, (name, takes) => wrong = `${name} to be ${takes}`);
  if (read) return read;
  throw new RecordError(
    wrong === "an object"
      ? `expected an object, got another value, reading ${where}`
      : `expected ${wrong}, got another value, reading ${where}`,
  );
}
