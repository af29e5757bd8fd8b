/**
 * Transpose: an elementwise block that reads a tensor whose last axis differs from the result's. A tile is read along one
 * axis and written along the other. In between it is in registers or in workgroup memory.
 */
import type { Load } from "../../ir/expr.ts";
import type { PrimFunc } from "../../ir/func.ts";
import type { IterVar } from "../../ir/stmt.ts";
import type { Factors } from "../../space/knobs.ts";
import type { Template } from "../../space/template.ts";
import type { Target } from "../../target/target.ts";
import { constExtent, isPrologue, iterOf, type Node, nodesOf } from "../analysis.ts";
import { type Path, PATHS, presetsOf } from "../presets.ts";
import { checkedRule, type Rule } from "../rule.ts";
import { choosePath, tooLarge, tooMany } from "../steps/operand_paths.ts";
import { cooperativeCopy, unrollCopy } from "../steps/cooperative_copy.ts";
import { inlinePrologues } from "../steps/inlining.ts";

interface Match {
  readonly main: Node;
  readonly source: Load;
  /** The axis along which neighbours in memory of the source lie. */
  readonly i: IterVar;
  /** The axis along which neighbours in memory of the result lie. */
  readonly j: IterVar;
}

export const transposeRule: Rule = checkedRule({
  name: "Transpose",
  find: match,
  take(found, target) {
    const { main, source, i, j } = found;
    return {
      template: template(found, target),
      because:
        `block ${main.block.name} reads ${source.buffer.name} along ${i.var.name} and writes along ${j.var.name}`,
    };
  },
});

function match(func: PrimFunc): Match | string {
  const nodes = nodesOf(func);
  if (typeof nodes === "string") return nodes;
  const reduction = nodes.find((n) => n.kind === "reduction");
  if (reduction) return `block ${reduction.block.name} is a reduction`;
  const main = nodes.at(-1) as Node;
  const stray = nodes.find((n) => n !== main && !isPrologue(n, main, nodes));
  if (stray) return `block ${stray.block.name} does not only lead to ${main.block.name}`;
  const { iters } = main.block;
  const j = iterOf(main, main.store.indices.at(-1));
  const straight = main.store.indices.length === iters.length &&
    main.store.indices.every((e) => iterOf(main, e));
  if (!j || !straight) return `block ${main.block.name} does not write at plain axes`;
  for (const source of main.loads) {
    const i = iterOf(main, source.indices.at(-1));
    const permuted = source.indices.length === iters.length && source.indices.every((e) => iterOf(main, e));
    const whole = new Set(source.indices).size === iters.length;
    if (
      i && i !== j && permuted && whole && main.loads.filter((l) => l.buffer === source.buffer).length === 1
    ) {
      return { main, source, i, j };
    }
  }
  return `block ${main.block.name} reads no tensor with its axes in another order`;
}

function template(m: Match, target: Target): Template {
  const preset = presetsOf(target).transpose;
  return (sch, knobs) => {
    const main = m.main.block.name;
    const split = (knob: string, it: IterVar, asked: readonly [number, number]) =>
      knobs.split(knob, constExtent(it.extent), {
        parts: 3,
        preset: asked,
        policy: "power2",
        max: [32, 16],
      });
    const [, ti, ii] = split("tile_i", m.i, preset.i);
    const [, tj, jj] = split("tile_j", m.j, preset.j);
    const sources = sch.sources(main, m.source.buffer.name);
    const path = choosePath(sch, knobs, "path", sources, target, PATHS, preset.path);
    const vectors = knobs.flag("vectorize", true);
    const tiles = ["tile_i", "tile_j"] as const;
    knobs.require(tiles, ([, ti]: Factors[3], [, tj]: Factors[3]) => tooMany(target, ti, tj));
    knobs.require(
      tiles,
      ([, , ii]: Factors[3], [, , jj]: Factors[3]) =>
        tooLarge(ii * jj, 128, `${ii} x ${jj} results per thread`, "do not pay"),
    );
    knobs.require(["path", ...tiles], (path: Path, [, ti, ii]: Factors[3], [, tj, jj]: Factors[3]) => {
      const bytes = 4 * ti * ii * tj * jj;
      return path === "shared" && bytes > target.limits.maxSharedBytes
        ? `${bytes} bytes of workgroup memory: the device has ${target.limits.maxSharedBytes}`
        : undefined;
    });
    inlinePrologues(sch, main);
    for (const name of sch.producers(main)) sch.computeInline(name);

    const loops = sch.loops(main);
    const loop = (it: IterVar) => loops[m.main.block.iters.indexOf(it)] as string;
    const [i0, i1, i2] = sch.split(loop(m.i), [null, ti, ii]) as [string, string, string];
    const [j0, j1, j2] = sch.split(loop(m.j), [null, tj, jj]) as [string, string, string];
    const batch = m.main.block.iters.filter((it) => it !== m.i && it !== m.j).map(loop);
    sch.reorder(...batch, i0, j0, i1, j1, i2, j2);
    const lead = batch.length > 1 ? sch.fuse(...batch) : batch[0];
    if (lead !== undefined) sch.bind(lead, "blockIdx.z");
    sch.bind(i0, "blockIdx.y");
    sch.bind(j0, "blockIdx.x");
    sch.bind(i1, "threadIdx.y");
    sch.bind(j1, "threadIdx.x");
    const inputs = [...new Set(sch.inputs(main).map((l) => l.buffer.name))];
    if (inputs.includes(m.source.buffer.name)) {
      const near = sch.cacheRead(main, m.source.buffer.name, path === "shared" ? "shared" : "local");
      const copy = sch.computeAt(near, path === "shared" ? j0 : j1);
      if (path === "shared") cooperativeCopy(sch, copy, [ti, tj], vectors && (ti * ii) % 4 === 0 ? 4 : 1);
      else unrollCopy(sch, copy, vectors);
    }
    unrollCopy(sch, [i2, j2], vectors);
  };
}
