/** The functions of a fusion case: as fusion makes them, and one for each operator. */
import { TunebookError } from "../../../lib/base/error.ts";
import { match, rules } from "../../../lib/dlight/schedule.ts";
import { flopsOf } from "../../../lib/estimate/work.ts";
import type { PrimFunc } from "../../../lib/ir/func.ts";
import type { Shapes } from "../../../lib/ir/shapes.ts";
import type { Graph } from "../../../lib/relax/graph.ts";
import { graph } from "../../../lib/relax/builder.ts";
import { runGraphPasses } from "../../../lib/relax/passes/pipeline.ts";
import type { Target } from "../../../lib/target/target.ts";
import { fusionBy } from "../../../lib/tuning/fusion_by.ts";
import type { FusionCase, Sizes } from "./case.ts";
import { fusionCases } from "./cases.ts";

/**
 * The cases whose names contain a text.
 *
 * @throws {TunebookError} where there is none
 */
export function pickCases(only: string, sizes: Sizes): readonly FusionCase[] {
  const all = fusionCases(sizes), picked = all.filter((c) => c.name.includes(only));
  if (picked.length > 0) return picked;
  throw new TunebookError(
    `no fusion case has ${only} in its name: there are ${all.map((c) => c.name).join("; ")}`,
  );
}

/** A function and the rule that takes it. */
export interface FusedFunction {
  readonly func: PrimFunc;
  readonly rule: string;
}

/** The functions that fusion makes of the operators as they are written, in any layout of images. */
export function fusedFunctions(c: FusionCase, target: Target): readonly FusedFunction[] {
  const context = { maxBuffers: target.limits.maxStorageBuffers, accepts: fusionBy(rules, target) };
  const functions = functionsOf(runGraphPasses(graph("fused", c.make), context));
  return functions.map((func) => ({ func, rule: match(func, target).rule }));
}

/** The functions without fusion: one for each operator. */
export function unfusedFunctions(c: FusionCase): readonly PrimFunc[] {
  return functionsOf(runGraphPasses(graph("unfused", c.make), { accepts: () => false }));
}

function functionsOf({ bindings }: Graph): readonly PrimFunc[] {
  return bindings.flatMap(({ call }) => call.kind === "tir" ? [call.func] : []);
}

/** The function with the most arithmetic; of equal ones, the first. */
export function mainOf(functions: readonly PrimFunc[]): PrimFunc {
  const some = (f: PrimFunc) => flopsOf(f, Object.fromEntries(f.shapeVars.map((v) => [v.name, 100])));
  return functions.reduce((a, b) => some(a) < some(b) ? b : a);
}

/** The values of a function's shape variables. */
export function shapesOf({ shapes = {} }: FusionCase, func: PrimFunc): Shapes {
  return Object.fromEntries(func.shapeVars.map((v) => [v.name, shapes[v.name] as number]));
}
