import type { Factors, Knobs } from "../../space/knobs.ts";
import type { Target } from "../../target/target.ts";
import { PRESETS } from "../presets.ts";

/**
 * A knob for whether threads that share a reduction hand each other their parts in subgroups; only for devices that
 * have them. `tile` is the knob whose second factor is how many threads there are, of which the preset has `threads`.
 */
export function chooseSubgroups(
  knobs: Knobs,
  target: Target,
  { threads, tile }: { readonly threads: number; readonly tile?: string },
): boolean {
  if (!target.subgroups) return false;
  const chosen = knobs.flag("subgroups", PRESETS[target.profile].subgroups && threads > 1);
  if (tile !== undefined) {
    knobs.require(
      [tile, "subgroups"],
      ([, threads]: Factors[3], on: boolean) =>
        on && threads === 1 ? "one thread has nothing to hand on" : undefined,
    );
  }
  return chosen;
}
