/**
 * GeneralReduction: any chain of reductions and elementwise blocks with common leading axes, for example attention.
 * Neighbours with the same leading axes become one kernel. A workgroup takes one position of those axes and runs all
 * blocks; intermediates stay in workgroup memory.
 */
import { readsMemory } from "../../ir/visit.ts";
import type { Schedule } from "../../schedule/schedule.ts";
import type { Template } from "../../space/template.ts";
import type { Target } from "../../target/target.ts";
import { constExtent, type Node } from "../analysis.ts";
import { DIRECT_PATHS, type GeneralReductionPreset, presetsOf } from "../presets.ts";
import { checkedRule, type Rule } from "../rule.ts";
import { choosePath, tooLarge, tooMany } from "../steps/operand_paths.ts";
import { chooseSubgroups } from "../steps/subgroups.ts";
import { type MatchedGroups, matchGroups, rankOf } from "./general_reduction/match.ts";
import { scheduleGroup } from "./general_reduction/schedule_group.ts";

export const generalReductionRule: Rule = checkedRule({
  name: "GeneralReduction",
  find: matchGroups,
  take(found, target) {
    const kernels = found.groups.map((g) => g.nodes.map((n) => n.block.name).join(", ")).join("; ");
    return {
      template: template(found, target),
      because:
        `its reductions run along the same leading axes, in ${found.groups.length} kernels: ${kernels}`,
    };
  },
});

function template(m: MatchedGroups, target: Target): Template {
  const { generalReduction } = presetsOf(target);
  const preset = {
    ...generalReduction,
    lanes: "results" as const,
    ...(gathers(m.nodes) && whereGathered(m, generalReduction)),
  };
  return (sch, knobs) => {
    const threads = knobs.choice("threads", [8, 16, 32, 64, 128, 256], preset.threads);
    const results = knobs.choice("results", [1, 2, 4, 8], preset.results);
    const chunk = knobs.choice("chunk", [1, 4, 8, 16], preset.chunk);
    choosePath(sch, knobs, "input", wideInputs(sch, m.nodes), target, DIRECT_PATHS, preset.path);
    const places = knobs.choice("places", [1, 2, 4, 8], preset.places);
    const lanes = knobs.choice("lanes", ["results", "rows"], preset.lanes);
    const vectors = knobs.flag("vectorize", true);
    const shares = m.groups.some((g) => g.nodes.some((n) => n.kind === "reduction" && rankOf(n) === g.lead));
    const subgroups = shares && chooseSubgroups(knobs, target, { threads: preset.threads });
    knobs.require(["threads"], (threads: number) => tooMany(target, threads));
    const most = presetsOf(target).products / 8;
    knobs.require(["results", "chunk", "places"], (results: number, chunk: number, places: number) => {
      const unrolled = results * chunk * places;
      return tooLarge(
        unrolled,
        most,
        `${results} x ${chunk} x ${places} elements unrolled`,
        "take too long to compile",
      );
    });
    knobs.require(
      ["lanes", "places"],
      (lanes: string, places: number) =>
        lanes === "rows" && places > 1 ? "threads take positions side by side already" : undefined,
    );
    const rows = lanes === "rows";
    for (const n of m.inlined) sch.computeInline(n.block.name);
    for (const g of m.groups) {
      scheduleGroup(sch, g, m.nodes, { threads, results, chunk, places, rows, vectors, subgroups });
    }
  };
}

/**
 * The numbers where places are read from a tensor, as those of pages: one position of the leading axes, unless the preset
 * has threads take rows of their own and there are several.
 */
function whereGathered({ groups }: MatchedGroups, { gathered }: GeneralReductionPreset) {
  const rows = groups.at(-1)?.nodes[0]?.block.iters[0]?.extent;
  const lanes = gathered?.rows && rows && constExtent(rows) !== 1 ? "rows" : "results";
  return { chunk: gathered?.chunk ?? 1, places: 1, lanes } as const;
}

/** Tells whether places in some tensor are read from another one. */
function gathers(nodes: readonly Node[]): boolean {
  return nodes.some((n) => n.loads.some((l) => l.indices.some(readsMemory)));
}

/** Inputs of two and more axes: those of fewer are read seldom. */
function wideInputs(sch: Schedule, nodes: readonly Node[]): readonly string[] {
  const inputs = nodes.flatMap((n) => n.loads.map((l) => l.buffer)).filter((b) =>
    sch.func.params.includes(b)
  );
  return [...new Set(inputs.filter((b) => b.shape.length >= 2).map((b) => b.name))];
}
