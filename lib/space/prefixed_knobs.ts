import type { Knobs } from "./knobs.ts";

/** Gives the knobs of a part of a template: all names begin with `prefix`. */
export function prefixedKnobs(knobs: Knobs, prefix: string): Knobs {
  const named = (name: string) => `${prefix}${name}`;
  return {
    split: (name, extent, options) => knobs.split(named(name), extent, options),
    choice: (name, options, preset) => knobs.choice(named(name), options, preset),
    flag: (name, preset) => knobs.flag(named(name), preset),
    reorder: (name, loops, options) => knobs.reorder(named(name), loops, options),
    annotate: (name, options) => knobs.annotate(named(name), options),
    require: (names, refuse) => knobs.require(names.map(named) as unknown as typeof names, refuse),
  };
}
