/** Builds programs by rules that a caller gives, so that a page's script holds no other ones. */
import { compile } from "../codegen/compile.ts";
import { isScheduled } from "../dlight/analysis.ts";
import { wideFallback } from "../dlight/fallback/fallback.ts";
import type { Rule } from "../dlight/rule.ts";
import type { PrimFunc } from "../ir/func.ts";
import type { Device } from "../runtime/device.ts";
import type { Program } from "../runtime/program.ts";
import { Trace } from "../schedule/trace.ts";
import type { Built } from "../tuning/built.ts";
import { byRule, type Chosen } from "../tuning/by_rule.ts";
import { StageClock } from "../tuning/stage_clock.ts";

/** A program, with the origin of its schedule. */
export type BuiltProgram = Program & { readonly built: Built };

/**
 * Builds a program by the first of the rules that matches. One that has a schedule is built as it is.
 *
 * @param level what `built` says of the rules
 * @throws {LowerError | LimitError} where the schedule has no kernel, or exceeds the device's limits
 * @throws {CompileError} for source that the driver refuses
 */
export async function buildBy(
  func: PrimFunc,
  device: Device,
  level: Built["level"],
  rules: readonly Rule[],
): Promise<BuiltProgram> {
  const { target } = device, clock = new StageClock();
  const { executable, ...how }: Chosen = !isScheduled(func) ? byRule(func, target, rules, clock) : {
    how: "given",
    rule: "",
    because: "it has a schedule already",
    trace: Trace.of(func, []),
    executable: clock.time("compile", () => compile(func, target)),
  };
  const wide = func.shapeVars.length > 0 && !isScheduled(func)
    ? () => device.load(byRule(func, target, [wideFallback], new StageClock()).executable)
    : undefined;
  const program = await clock.wait("load", () => device.load(executable, wide));
  return Object.assign(program, { built: { level, ...how, seconds: clock.seconds } });
}
