/** The kinds of a space's parts. */
import type { Kind } from "../base/check_options.ts";
import {
  aFunction,
  anyOf,
  arrayOf,
  count,
  flag,
  number,
  oneOf,
  passing,
  recordOf,
  required,
  text,
  withFields,
} from "../base/option_kinds.ts";
import type { Knob } from "./knob.ts";
import type { Config, Constraint, KnobValue } from "./knobs.ts";

/** The value of a knob. */
export const knobValueKind: Kind<KnobValue> = anyOf(
  flag,
  number(),
  text,
  arrayOf(count as Kind<number>),
  arrayOf(text as Kind<string>),
) as Kind<KnobValue>;

/** A point of a space. */
export const configKind: Kind<Config> = {
  ...recordOf(knobValueKind),
  takes: "a configuration, an object with a value for each knob",
};

/** The knobs of a space. */
export const knobsKind: Kind<readonly Knob[]> = arrayOf(
  withFields<Knob>("a knob, as space.knobs has them", {
    name: required(text),
    kind: required(oneOf("split", "choice", "flag", "reorder", "annotate")),
    candidates: required(passing("a list of values", Array.isArray)),
    preset: required(count),
  }),
);

/** The constraints of a space. */
export const constraintsKind: Kind<readonly Constraint[]> = arrayOf(
  withFields<Constraint>("a constraint, as space.constraints has them", {
    knobs: required(arrayOf(text)),
    refuse: required(aFunction("a function of the knobs' values")),
  }),
);
