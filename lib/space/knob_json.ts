import {
  fields,
  fieldsOf,
  finite,
  integerFrom,
  jsonAnyOf,
  jsonCount,
  jsonFlag,
  type JsonKind,
  jsonOneOf,
  listOf,
  textUpTo,
} from "../base/read_json.ts";
import { SpaceError } from "./error.ts";
import type { Knob } from "./knob.ts";

/** Letters of a text, parts of a candidate, and candidates of a knob that are read: more than any space has. */
const LETTERS = 10_000, PARTS = 1000, CANDIDATES = 1 << 20;

const text = textUpTo(LETTERS);
const factor = integerFrom(1);

/** What a candidate of each kind of knob is. */
const CANDIDATE: Readonly<Record<Knob["kind"], JsonKind<unknown>>> = {
  split: listOf(factor, PARTS),
  choice: jsonAnyOf<string | number>(text, finite),
  flag: jsonFlag,
  reorder: listOf(text, PARTS),
  annotate: listOf(jsonOneOf(["none", "unroll", "vectorize"]), PARTS),
};

/** What every knob has. */
const KNOB = fields<Pick<Knob, "kind" | "name" | "preset">>({
  kind: jsonOneOf(Object.keys(CANDIDATE) as Knob["kind"][]),
  name: text,
  preset: jsonCount,
});

/**
 * Reads the knobs of JSON data, as a space writes them.
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
  const knob = KNOB.read(x), given = fieldsOf(x);
  if (!knob || !given) return false;
  const { candidates, extent, parts } = given;
  if (listOf(CANDIDATE[knob.kind], CANDIDATES).read(candidates) === undefined) return false;
  const known = candidates as Knob["candidates"];
  if (!(Number.isInteger(knob.preset) && knob.preset < known.length)) return false;
  return knob.kind !== "split" ||
    (factor.read(parts) !== undefined && (extent === null || factor.read(extent) !== undefined) &&
      known.every((c) => (c as readonly number[]).length === Number(parts) - 1));
}
