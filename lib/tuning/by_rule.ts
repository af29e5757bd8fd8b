/** Chooses a program's schedule by a rule. */
import * as dlight from "../dlight/schedule.ts";
import { compile } from "../codegen/compile.ts";
import type { Executable } from "../codegen/executable.ts";
import type { Rule } from "../dlight/rule.ts";
import type { PrimFunc } from "../ir/func.ts";
import type { Target } from "../target/target.ts";
import type { Built } from "./built.ts";
import type { StageClock } from "./stage_clock.ts";

/** A schedule, with the executable that it gives. */
export type Chosen = Omit<Built, "level" | "seconds"> & { readonly executable: Executable };

/** Takes the first rule whose schedule can be compiled. */
export function byRule(func: PrimFunc, target: Target, rules: readonly Rule[], clock: StageClock): Chosen {
  const { ruled: { rule, why, trace }, made: executable } = clock.time(
    "schedule",
    () => dlight.scheduleThen(func, target, rules, (f) => clock.time("compile", () => compile(f, target))),
  );
  const failed = why.flatMap((w) => w.failed === undefined ? [] : [`${w.rule} failed: ${w.failed}`]);
  const because = why.find((w) => w.matched)?.because ?? "";
  return { how: "rule", rule, because: [...failed, because].join("; "), trace, executable };
}
