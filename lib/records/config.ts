import type { Config, KnobValue } from "../space/knobs.ts";
import { RecordError } from "./error.ts";

/**
 * The configuration in a record's JSON text; whether it is one of a space, the space knows.
 *
 * @throws {RecordError} where it is none
 */
export function configOf(text: string): Config {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (e) {
    throw new RecordError(`cannot read a configuration: ${e instanceof Error ? e.message : e}`);
  }
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    throw new RecordError("cannot read a configuration: it is no object of knobs and their values");
  }
  const strange = Object.entries(json).find(([, value]) => !isKnobValue(value));
  if (!strange) return json as Config;
  throw new RecordError(
    `cannot read a configuration: knob ${
      strange[0].slice(0, 60)
    } is not text, a finite number, a boolean or a list of them`,
  );
}

function isKnobValue(x: unknown): x is KnobValue {
  return Array.isArray(x) ? x.every(isPlain) : isPlain(x);
}

function isPlain(x: unknown): boolean {
  return typeof x === "string" || typeof x === "boolean" || (typeof x === "number" && Number.isFinite(x));
}
