import type { Factors, Knobs } from "../../space/knobs.ts";
import type { Target } from "../../target/target.ts";
import { presetsOf } from "../presets.ts";

/**
 * Declares a knob for exchanging the partial sums of a reduction in subgroups, on devices that have them. The second
 * factor of the knob `tile` is the number of threads; its preset is `threads`.
 */
export function chooseSubgroups(
  knobs: Knobs,
  target: Target,
  { threads, tile }: { readonly threads: number; readonly tile?: string },
): boolean {
  if (!target.subgroups) return false;
  const chosen = knobs.flag("subgroups", presetsOf(target).subgroups && threads > 1);
  if (tile !== undefined) {
    knobs.require(
      [tile, "subgroups"],
      ([, threads]: Factors[3], on: boolean) =>
        on && threads === 1 ? "one thread has nothing to exchange" : undefined,
    );
  }
  return chosen;
}
