/**
 * Reduction: a chain of row-wise reductions, optionally ended by an elementwise block over the same rows:
 * sums, maxima, softmax, RMS norm. A workgroup takes whole rows; threads share a row; the rows' statistics
 * stay in registers, and the input is read again where that is cheaper than keeping it.
 */
import type { PrimFunc } from "../ir/func.ts";
import type { Template } from "../space/template.ts";
import type { Target } from "../target/target.ts";
import { constExtent, consumersOf, type Node, nodesOf } from "./analysis.ts";
import { PRESETS } from "./presets.ts";
import type { Rule } from "./rule.ts";
import { pathsOf, presetPath, unrollCopy } from "./stage.ts";

interface Match {
  readonly reductions: readonly Node[];
  readonly last: Node;
  /** Leading axes that all blocks share: the rows. */
  readonly rows: number;
  readonly columns: number | undefined;
}

export const reduction: Rule = {
  name: "Reduction",
  match(func, target) {
    const found = match(func);
    if (typeof found === "string") return { because: found };
    const names = found.reductions.map((n) => n.block.name).join(", ");
    return {
      template: template(func, found, target),
      because: `${names} reduce each row by itself` +
        (found.last.kind === "injective"
          ? `, and ${found.last.block.name} is elementwise over the same rows`
          : ""),
    };
  },
};

function match(func: PrimFunc): Match | string {
  const nodes = nodesOf(func);
  if (!nodes) return "it is scheduled already, or a block is more than one store";
  const reductions = nodes.filter((n) => n.kind === "reduction");
  const last = nodes.at(-1);
  const [first] = reductions;
  if (!first || !last) return "it reduces nothing";
  const rows = first.block.iters.filter((it) => it.type === "spatial").length;
  if (rows === 0) {
    return `block ${first.block.name} reduces everything to one value: there are no rows to spread`;
  }
  for (const n of nodes) {
    const dims = n.block.iters.length;
    const shape = n.block.iters.map((it) => it.type === "spatial" ? "S" : "R").join("");
    if (n.kind === "reduction" && shape !== "S".repeat(rows) + "R") {
      return `block ${n.block.name} has axes ${shape} and not ${
        "S".repeat(rows)
      }R: rows first, then one reduced axis`;
    }
    if (n.kind === "injective" && (n !== last || dims !== rows + 1)) {
      return `block ${n.block.name} is elementwise but not the last over the rows`;
    }
    const width = n.block.iters[rows]?.extent;
    if (width && constExtent(width) === 1) {
      return `block ${n.block.name} has one element a row: there is nothing to share`;
    }
    const one = n.store.indices.every((e, d) => e === n.block.iters[d]?.var);
    if (!one) return `block ${n.block.name} does not write its own row`;
    const foreign = n.loads.find((l) =>
      nodes.some((p) => p.store.buffer === l.buffer) && l.indices.some((e, d) => e !== n.block.iters[d]?.var)
    );
    if (foreign) return `block ${n.block.name} reads ${foreign.buffer.name} of another row`;
  }
  if (reductions.some((n) => n !== last && (n.result || consumersOf(n, nodes).length === 0))) {
    return "it has more than one result";
  }
  return {
    reductions,
    last,
    rows,
    columns: constExtent(last.block.iters[rows]?.extent ?? first.block.iters[rows]?.extent as never),
  };
}

const STORAGE = ["buffer", "texture"] as const;

function template(func: PrimFunc, m: Match, target: Target): Template {
  const preset = PRESETS[target.profile].reduction;
  const params = new Set(func.params);
  const wide = [...new Set([...m.reductions, m.last].flatMap((n) => n.loads))]
    .filter((l) => params.has(l.buffer) && l.indices.length === m.rows + 1).map((l) => l.buffer.name);
  return (sch, knobs) => {
    const rowExtent = m.rows === 1 ? constExtent(m.last.block.iters[0]?.extent as never) : undefined;
    const [, rows] = knobs.split("tile_rows", rowExtent, {
      parts: 2,
      preset: [preset.rows],
      policy: "power2",
      max: 64,
    });
    const [, threads, chunk] = knobs.split("tile_columns", m.columns, {
      parts: 3,
      preset: [preset.threads, preset.chunk],
      policy: "power2",
      max: [256, 16],
    });
    const paths = wide.map((name) => pathsOf(sch, m.last.block.name, name, target, STORAGE))
      .reduce((p, q) => p.length < q.length ? p : q, STORAGE);
    const path = knobs.choice<typeof STORAGE[number]>("input", paths, presetPath(paths, preset.path));
    const vectors = knobs.flag("vectorize", true);
    knobs.require(
      rows * threads <= target.limits.maxInvocations,
      `${rows} x ${threads} threads: the device takes ${target.limits.maxInvocations}`,
    );
    if (path === "texture") { for (const name of new Set(wide)) sch.setScope(name, "texture"); }

    const last = m.last.block.name;
    const own = sch.loops(last);
    const outer = own.slice(0, m.rows);
    const row = outer.length > 1 ? sch.fuse(...outer) : outer[0] as string;
    const [r0, r1] = sch.split(row, [null, rows]) as [string, string];
    sch.bind(r0, "blockIdx.x");
    sch.bind(r1, "threadIdx.y");
    const inner = m.last.kind === "injective" ? m.reductions : m.reductions.slice(0, -1);
    for (const n of inner.toReversed()) {
      sch.setScope(n.block.name, "local");
      sch.computeAt(n.block.name, r1);
    }
    for (const n of [...inner, m.last]) {
      const name = n.block.name;
      const column = sch.loops(name).at(-1) as string;
      const [c0, tx, c] = sch.split(column, [null, threads, chunk]) as [string, string, string];
      sch.reorder(tx, c0, c);
      if (threads > 1) sch.bind(tx, "threadIdx.x");
      else sch.unroll(tx);
      for (const input of wideInputs(sch.inputs(name), wide)) {
        unrollCopy(sch, sch.computeAt(sch.cacheRead(name, input, "local"), c0), vectors);
      }
      if (n.kind === "injective") unrollCopy(sch, [c], vectors);
      else {
        sch.unroll(c);
        if (threads === 1) sch.decomposeReduction(name, tx);
      }
    }
  };
}

function wideInputs(
  inputs: readonly { readonly buffer: { readonly name: string } }[],
  wide: readonly string[],
): readonly string[] {
  return [...new Set(inputs.map((l) => l.buffer.name).filter((name) => wide.includes(name)))];
}
