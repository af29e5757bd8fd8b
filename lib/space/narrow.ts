import { checkArgument, type Kind } from "../base/check_options.ts";
import { arrayOf, recordOf } from "../base/option_kinds.ts";
import { knobValueKind } from "./kinds.ts";
import { ConfigSpace, spaceKind } from "./config_space.ts";
import { SpaceError } from "./error.ts";
import { candidateOf, type Knob, knobDistance, showValue } from "./knob.ts";
import type { KnobValue } from "./knobs.ts";

/** The values that some knobs may take; a knob that is not named keeps all of its own. */
export type Narrowing = Readonly<Record<string, readonly KnobValue[]>>;

/** The kind of an option that is a narrowing. */
export const narrowingKind: Kind<Narrowing> = recordOf(arrayOf(knobValueKind));

/**
 * Restricts some knobs of a space to some of their values: to fix a knob, or to explore a small part completely. A
 * preset that is left out becomes the nearest of the remaining values.
 *
 * @throws {OptionError} for an argument of a wrong kind
 * @throws {SpaceError} for an unknown knob, and for a value that its knob does not have
 */
export function narrow(space: ConfigSpace, to: Narrowing): ConfigSpace {
  checkArgument("autotvm.narrow", "space", space, spaceKind);
  checkArgument("autotvm.narrow", "to", to, narrowingKind);
  const unknown = Object.keys(to).find((name) => !space.knobs.some((k) => k.name === name));
  if (unknown !== undefined) {
    throw new SpaceError(
      `expected a knob of this space, got ${JSON.stringify(unknown)}, narrowing it: this space has ${
        space.knobs.map((k) => k.name).join(", ") || "none"
      }`,
    );
  }
  return new ConfigSpace(
    space.knobs.map((k) => Object.hasOwn(to, k.name) ? narrowKnob(k, to[k.name] ?? []) : k),
    space.constraints,
  );
}

function narrowKnob(knob: Knob, values: readonly KnobValue[]): Knob {
  const places = [...new Set(values.map((v) => candidateOf(knob, v)))].toSorted((a, b) => a - b);
  if (places.length === 0 || places[0] === -1) {
    const known = knob.candidates.map(showValue).join(", ");
    throw new SpaceError(
      `expected values of ${knob.kind} ${knob.name}, got ${
        values.map(showValue).join(", ") || "nothing"
      }, narrowing it: its values are ${known}`,
    );
  }
  const distance = (place: number) => knobDistance(knob, knob.preset, place);
  const nearest = places.reduce((p, q) => distance(q) < distance(p) ? q : p);
  // The kind of the knob is that of its candidates, which a map over places cannot tell the compiler.
  return {
    ...knob,
    candidates: places.map((p) => knob.candidates[p]),
    preset: places.indexOf(nearest),
  } as Knob;
}
