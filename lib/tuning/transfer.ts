import { ownValue } from "../base/own_value.ts";
import type { PrimFunc } from "../ir/func.ts";
import type { Schedule } from "../schedule/schedule.ts";
import type { ConfigSpace } from "../space/config_space.ts";
import { candidateOf, type Knob } from "../space/knob.ts";
import type { Config, KnobValue } from "../space/knobs.ts";
import { instantiate, type Template } from "../space/template.ts";

/**
 * Schedules `func` at the point of its space that is nearest to a configuration of another space. Each knob takes the
 * same value if possible, otherwise the number or factors with the fewest doublings between, otherwise the preset.
 *
 * @throws {TunebookError} where the template, or a step of the schedule, refuses that point
 */
export function transferred(
  func: PrimFunc,
  template: Template,
  space: ConfigSpace,
  config: Config,
): Schedule {
  return instantiate(func, template, space, nearestConfig(space, config));
}

/** The point of `space` that is nearest to `config`, knob by knob; the template may refuse it. */
export function nearestConfig(space: ConfigSpace, config: Config): Config {
  return Object.fromEntries(space.knobs.map((knob) => {
    const asked = ownValue(config, knob.name);
    const at = asked === undefined ? knob.preset : nearestCandidate(knob, asked);
    return [knob.name, knob.candidates[at] as KnobValue];
  }));
}

function nearestCandidate(knob: Knob, asked: KnobValue): number {
  const same = candidateOf(knob, asked);
  if (same >= 0) return same;
  const wanted = factorsOf(asked);
  if (!wanted) return knob.preset;
  let nearest = knob.preset, least = Infinity;
  knob.candidates.forEach((candidate: KnobValue, at) => {
    const unlike = distance(factorsOf(candidate), wanted);
    if (unlike < least) [nearest, least] = [at, unlike];
  });
  return nearest;
}

/** A number or factors as positive numbers; undefined for anything else. */
function factorsOf(value: KnobValue): readonly number[] | undefined {
  const list = typeof value === "object" ? value : [value];
  return list.every((x) => typeof x === "number" && x > 0) ? list as readonly number[] : undefined;
}

/** Counts the doublings between numbers or factors; Infinity if they can't be compared. */
function distance(a: readonly number[] | undefined, b: readonly number[]): number {
  if (a?.length !== b.length) return Infinity;
  return a.reduce((sum, x, k) => sum + Math.abs(Math.log2(x / (b[k] as number))), 0);
}
