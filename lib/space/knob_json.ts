import { SpaceError } from "./error.ts";
import type { Knob } from "./knob.ts";

type Fields = Readonly<Record<string, unknown>>;
type Check = (value: unknown) => boolean;

const listOf = (check: Check): Check => (value) => Array.isArray(value) && value.every(check);
const isText: Check = (value) => typeof value === "string";
const isCount: Check = (value) => Number.isSafeInteger(value) && Number(value) >= 1;
const isAnnotation: Check = (value) => value === "none" || value === "unroll" || value === "vectorize";

/** What a candidate of each kind of knob is. */
const CANDIDATE: Readonly<Record<Knob["kind"], Check>> = {
  split: listOf(isCount),
  choice: (value) => isText(value) || Number.isFinite(value),
  flag: (value) => typeof value === "boolean",
  reorder: listOf(isText),
  annotate: listOf(isAnnotation),
};

/**
 * The knobs of JSON data, as a space writes them.
 *
 * @throws {SpaceError} where they are none
 */
export function knobsFromJson(json: unknown): readonly Knob[] {
  if (!Array.isArray(json)) throw new SpaceError("cannot read knobs: they are a list");
  return json.map((x: unknown, i) => {
    if (isKnob(x)) return x;
    throw new SpaceError(
      `cannot read knob ${i}: it needs a name, a kind among ${
        Object.keys(CANDIDATE).join(", ")
      }, candidates of ` +
        `that kind, and the place of its preset among them`,
    );
  });
}

function isKnob(x: unknown): x is Knob {
  if (typeof x !== "object" || x === null) return false;
  const { kind, name, candidates, preset, extent, parts } = x as Fields;
  if (!isText(name) || typeof kind !== "string" || !Object.hasOwn(CANDIDATE, kind)) return false;
  if (!Array.isArray(candidates) || !candidates.every(CANDIDATE[kind as Knob["kind"]])) return false;
  if (!(Number.isInteger(preset) && Number(preset) >= 0 && Number(preset) < candidates.length)) return false;
  return kind !== "split" ||
    (isCount(parts) && (extent === null || isCount(extent)) &&
      candidates.every((c: readonly number[]) => c.length === Number(parts) - 1));
}
