import { bayesTuner } from "./bayes.ts";
import { draftTuner } from "./draft.ts";
import { dropletTuner } from "./droplet.ts";
import { evolutionTuner } from "./evolution.ts";
import { gaTuner } from "./ga.ts";
import { gridTuner } from "./grid.ts";
import { PortfolioTuner } from "./portfolio.ts";
import { randomTuner } from "./random.ts";
import type { Tuner, TunerOptions } from "./tuner.ts";
import { XgbTuner } from "./xgb.ts";
import { checkArgument, checkOptions, type Fields, type Kind } from "../base/check_options.ts";
import { aFunction, integer, oneOf, required } from "../base/option_kinds.ts";
import { spaceKind } from "../space/config_space.ts";
import type { Prior } from "./prior.ts";

/** Every tuner by its name. */
const TUNERS: Readonly<Record<TunerName, (options: TunerOptions) => Tuner>> = {
  random: randomTuner,
  grid: gridTuner,
  ga: gaTuner,
  xgb: (options: TunerOptions): Tuner => new XgbTuner(options),
  droplet: dropletTuner,
  draft: draftTuner,
  evolution: evolutionTuner,
  bayes: bayesTuner,
  portfolio: (options: TunerOptions): Tuner => new PortfolioTuner(options),
};

/** The name of a tuner. */
export type TunerName =
  | "random"
  | "grid"
  | "ga"
  | "xgb"
  | "droplet"
  | "draft"
  | "evolution"
  | "bayes"
  | "portfolio";

/** The names of all tuners. */
export const tunerNames = Object.keys(TUNERS) as readonly TunerName[];

const NAME = oneOf(...tunerNames);

const TUNER_FIELDS = {
  space: required(spaceKind),
  seed: required(integer({}, "an integer")),
  start: required(oneOf("preset", "scratch")),
  valid: aFunction("a function of an index"),
  features: aFunction("a function of an index"),
  estimate: aFunction("a function of an index"),
  prior: { takes: "a prior, as fitPrior makes", is: (x) => typeof x === "object" && x !== null } as Kind<
    Prior
  >,
  trials: { takes: "a positive number", is: (x) => typeof x === "number" && x > 0 } as Kind<number>,
} satisfies Fields<TunerOptions>;

/**
 * Makes a tuner by its name.
 *
 * @throws {OptionError} for an unknown name or option
 */
export function createTuner(name: string, options: TunerOptions): Tuner {
  checkArgument("autotvm.createTuner", "name", name, NAME);
  checkOptions("autotvm.createTuner", options, TUNER_FIELDS);
  return TUNERS[name as TunerName](options);
}
