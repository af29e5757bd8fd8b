import { anyOf, fieldsOf, finite, flag, type Kind, listOf, textUpTo } from "../base/read_json.ts";
import type { Config, KnobValue } from "../space/knobs.ts";
import { RecordError } from "./error.ts";

/** Letters of a text, and values of a list, that are read: more than any knob has. */
const LETTERS = 10_000, VALUES = 1000;

const plain = anyOf<string | number | boolean>(textUpTo(LETTERS), finite, flag);
const knobValue = anyOf<unknown>(plain, listOf(plain, VALUES)) as Kind<KnobValue>;

/**
 * Reads the configuration in a record's JSON text. Whether it is a point of a space, the space knows.
 *
 * @throws {RecordError} where it is no object of knobs and their values
 */
export function configOf(text: string): Config {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (e) {
    throw new RecordError(`cannot read a configuration: ${e instanceof Error ? e.message : e}`);
  }
  const knobs = fieldsOf(json);
  if (!knobs) throw new RecordError("cannot read a configuration: it is no object of knobs and their values");
  const wrong = Object.entries(knobs).find(([, value]) => knobValue.read(value) === undefined);
  if (!wrong) return json as Config;
  throw new RecordError(
    `cannot read a configuration: knob ${
      wrong[0].slice(0, 60)
    } is not text, a finite number, a boolean or a list of them`,
  );
}
