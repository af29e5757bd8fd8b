import { messageOf } from "../base/error.ts";
import { fieldsOf, finite, jsonAnyOf, jsonFlag, type JsonKind, listOf, textUpTo } from "../base/read_json.ts";
import type { Config, KnobValue } from "../space/knobs.ts";
import { RecordError } from "./error.ts";

/** Most characters of a text and most values of a list that are read: more than any knob has. */
const LETTERS = 10_000, VALUES = 1000;

const plain = jsonAnyOf<string | number | boolean>(textUpTo(LETTERS), finite, jsonFlag);
const knobValue = jsonAnyOf<unknown>(plain, listOf(plain, VALUES)) as JsonKind<KnobValue>;

/**
 * Reads the configuration in a record's JSON text. Only its space can tell whether it is one of its points.
 *
 * @throws {RecordError} if the text is not an object of knobs and their values
 */
export function configOf(text: string): Config {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (e) {
    throw new RecordError(
      `expected JSON, got other text (${messageOf(e)}), reading a configuration`,
    );
  }
  const knobs = fieldsOf(json);
  if (!knobs) {
    const got = json === null ? "null" : Array.isArray(json) ? "a list" : `a ${typeof json}`;
    throw new RecordError(
      `expected an object of knobs and their values, got ${got}, reading a configuration`,
    );
  }
  const wrong = Object.entries(knobs).find(([, value]) => knobValue.read(value) === undefined);
  if (!wrong) return json as Config;
  throw new RecordError(
    `expected knob ${wrong[0].slice(0, 60)} to be text, a finite number, a boolean or a list of them, ` +
      `got another value, reading a configuration`,
  );
}
