/** Configurations of earlier versions, as points of the spaces of today. */
import type { ConfigSpace } from "../space/config_space.ts";
import type { Config } from "../space/knobs.ts";

/** Knobs that rules have got since version 0.1.0, with the values that give the schedules from before. */
const NEW_KNOBS: Readonly<Record<string, Config>> = {
  Matmul: { k_major: false, virtual_i: 1, virtual_j: 1 },
  GeneralReduction: { lanes: "results" },
};

/**
 * Gives a configuration of a rule's space with the knobs that the rule has got since it was recorded. They have the values
 * that change nothing. Other knobs that `space` has are the configuration's own matter.
 */
export function presentConfig(rule: string, config: Config, space: ConfigSpace): Config {
  const since = Object.hasOwn(NEW_KNOBS, rule) ? NEW_KNOBS[rule] as Config : {};
  const missing = Object.entries(since).filter(([name]) =>
    !Object.hasOwn(config, name) && space.knobs.some((k) => k.name === name)
  );
  return missing.length === 0 ? config : { ...config, ...Object.fromEntries(missing) };
}
