/** Builds random graphs in several ways, and holds each result against the interpreter's. */
import { assert, assertEquals } from "@std/assert";
import { TunebookError } from "../../lib/base/error.ts";
import { Rng } from "../../lib/base/random.ts";
import { compile } from "../../lib/codegen/compile.ts";
import { fallback } from "../../lib/dlight/fallback/fallback.ts";
import { match, rules } from "../../lib/dlight/schedule.ts";
import type { NumberArray } from "../../lib/interp/interpret.ts";
import type { PrimFunc } from "../../lib/ir/func.ts";
import type { Graph } from "../../lib/relax/graph.ts";
import { interpretGraph } from "../../lib/relax/interpret_graph.ts";
import { updatedInputs } from "../../lib/relax/updates.ts";
import type { TypedArray } from "../../lib/runtime/arrays.ts";
import type { Device } from "../../lib/runtime/device.ts";
import { instantiate, spaceOf } from "../../lib/space/template.ts";
import type { Target } from "../../lib/target/target.ts";
import { byRule } from "../../lib/tuning/by_rule.ts";
import { assembleGraph, type ChosenSchedule, scheduleGraph } from "../../lib/tuning/compile_graph.ts";
import { StageClock } from "../../lib/tuning/stage_clock.ts";
import { transformWeights } from "../../lib/tuning/transform_weights.ts";
import type { GraphCase } from "../relax/random_graph.ts";

/** How functions are scheduled: by Fallback and unfused, by the rules, or by a random point of each rule's space. */
export type Way = "level 0" | "level 1" | "random schedules";

/** All ways. */
export const WAYS: readonly Way[] = ["level 0", "level 1", "random schedules"];

/** Points that are tried before the rule's own is taken: many exceed a limit of the device. */
const TRIES = 4;

function randomSchedules(target: Target, rng: Rng): (func: PrimFunc) => ChosenSchedule {
  return (func) => {
    const { rule, template } = match(func, target, rules), space = spaceOf(func, template);
    for (let k = 0; k < TRIES; k++) {
      try {
        const scheduled = instantiate(func, template, space, space.at(space.random(rng)));
        const executable = compile(scheduled.func, target);
        return { rule, how: "search", because: "a random point", executable };
      } catch (e) {
        if (!(e instanceof TunebookError)) throw e;
      }
    }
    return byRule(func, target, rules, new StageClock());
  };
}

/** The arrays of a graph's inputs or weights. */
export function pick(g: Graph, arrays: GraphCase["arrays"], of: "inputs" | "weights"): GraphCase["arrays"] {
  return Object.fromEntries(g[of].map((v) => [v.name, arrays[v.name] as Float32Array<ArrayBuffer>]));
}

/** Fails where a result is not near what the reference has. */
export function assertClose(
  got: Record<string, TypedArray>,
  want: Record<string, NumberArray>,
  what: string,
): void {
  assertEquals(Object.keys(got).toSorted(), Object.keys(want).toSorted());
  for (const [name, w] of Object.entries(want)) {
    const g = got[name] as TypedArray;
    assertEquals(g.length, w.length);
    const largest = Math.max(1, ...Array.from(w, Math.abs));
    w.forEach((x, k) => {
      assert(
        Object.is(g[k], x) || Math.abs((g[k] ?? NaN) - x) <= 1e-4 * largest,
        `${what}\n${name}[${k}]: ${g[k]}, not ${x}`,
      );
    });
  }
}

/** Builds a graph in one way and runs it, on buffers that were poisoned as well. */
export async function checkGraph(
  { graph: g, shapes, arrays }: GraphCase,
  device: Device,
  way: Way,
  want: Record<string, NumberArray> = interpretGraph(g, arrays, shapes),
): Promise<void> {
  const { target } = device;
  const bounds = Object.fromEntries(Object.entries(shapes).map(([name, n]) => [name, n + 2]));
  const among = way === "level 0" ? [fallback] : rules;
  const choose = way === "random schedules"
    ? { choose: randomSchedules(target, Rng.of(want.y?.length ?? 0)) }
    : {};
  const built = assembleGraph(scheduleGraph(g, target, { among, ...choose }), target, { bounds });
  using program = await device.load(built.executable);
  const weights = await transformWeights(built.graph, pick(g, arrays, "weights"));
  using bound = await program.bind({ ...weights, ...pick(g, arrays, "inputs") }, shapes);
  bound.poison();
  // What a run updates in place is what a second run starts with.
  await bound.run(updatedInputs(g).size > 0 ? 1 : 2);
  assertClose(await bound.read(), want, `${way}\n${g}\n${built.graph}`);
}
