/**
 * Elementwise: blocks that take each element by itself, in one order of memory: activations, sums, gates. Each
 * thread takes some neighbouring elements, as vectors where the layout allows.
 */
import type { PrimFunc } from "../../ir/func.ts";
import type { Template } from "../../space/template.ts";
import type { Target } from "../../target/target.ts";
import { consumerNodes, type Node, nodesOf } from "../analysis.ts";
import { DIRECT_PATHS, presetsOf } from "../presets.ts";
import { checkedRule, type Rule } from "../rule.ts";
import { choosePath, tooMany } from "../steps/operand_paths.ts";
import { spreadElements } from "../steps/spread_elements.ts";

interface Match {
  readonly kept: readonly Node[];
  readonly inlined: readonly Node[];
  readonly inputs: readonly string[];
}

export const elementwiseRule: Rule = checkedRule({
  name: "Elementwise",
  find: match,
  take(found, target) {
    const names = found.kept.map((n) => n.block.name).join(", ");
    const take = found.kept.length === 1 ? "takes" : "take";
    return { template: template(found, target), because: `${names} ${take} each element by itself` };
  },
});

function match(func: PrimFunc): Match | string {
  const nodes = nodesOf(func);
  if (typeof nodes === "string") return nodes;
  const reduction = nodes.find((n) => n.kind === "reduction");
  if (reduction) return `block ${reduction.block.name} is a reduction`;
  const inlined = nodes.filter((n) => !n.result && consumerNodes(n, nodes).length > 0);
  const kept = nodes.filter((n) => !inlined.includes(n));
  const scalar = kept.find((n) => n.block.iters.length === 0);
  if (scalar) return `block ${scalar.block.name} has no axis`;
  const params = new Set(func.params);
  const loads = nodes.flatMap((n) => n.loads).filter((l) => params.has(l.buffer) && l.indices.length > 0);
  return { kept, inlined, inputs: [...new Set(loads.map((l) => l.buffer.name))] };
}

function template(m: Match, target: Target): Template {
  const preset = presetsOf(target).elementwise;
  return (sch, knobs) => {
    const threads = knobs.choice("threads", [8, 16, 32, 64, 128, 256], preset.threads);
    const results = knobs.choice("results", [1, 2, 4, 8, 16], preset.results);
    choosePath(sch, knobs, "input", m.inputs, target, DIRECT_PATHS, preset.path);
    const vectors = knobs.flag("vectorize", true);
    knobs.require(["threads"], (threads: number) => tooMany(target, threads));
    for (const n of m.inlined) sch.computeInline(n.block.name);
    for (const n of m.kept) spreadElements(sch, n.block.name, { threads, results, vectors });
  };
}
