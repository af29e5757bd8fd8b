/**
 * Reduction: blocks that reduce the rows of tensors, each row by itself, and elementwise blocks over the same
 * rows: sums, maxima, softmax, the norms, log-sum-exp, chains of them. One kernel: a workgroup takes whole
 * rows and walks through all blocks for them; threads share a row; the rows' statistics stay in registers, and
 * an input is read again where that is cheaper than keeping it. Or, for few and long rows, a kernel for each block,
 * and workgroups that share a row.
 */
import { equalExpr } from "../ir/equal.ts";
import type { Expr } from "../ir/expr.ts";
import type { PrimFunc } from "../ir/func.ts";
import { SUBGROUPS } from "../ir/notes.ts";
import { usesVar } from "../ir/visit.ts";
import type { Schedule } from "../schedule/schedule.ts";
import type { Factors } from "../space/knobs.ts";
import type { Template } from "../space/template.ts";
import type { Target } from "../target/target.ts";
import { constExtent, consumersOf, type Node, nodesOf } from "./analysis.ts";
import { DIRECT_PATHS, PRESETS, type ReductionPreset } from "./presets.ts";
import type { Rule } from "./rule.ts";
import { choosePath, chooseSubgroups, inlineEpilogue, tiledInputs, tooMany, unrollCopy } from "./stage.ts";

interface Match {
  /** The blocks that stay, in order; the others are inlined into them. */
  readonly kept: readonly Node[];
  readonly inlined: readonly Node[];
  /** Leading axes that all kept blocks share: the rows. */
  readonly rows: number;
  /** Extent of the last reduced axis, if it is constant. */
  readonly columns: number | undefined;
  /** True if neighbours in memory of what is reduced are neighbours along the rows, as in sums over columns. */
  readonly outer: boolean;
}

export const reduction: Rule = {
  name: "Reduction",
  match(func, target) {
    const found = match(func);
    if (typeof found === "string") return { because: found };
    const { kept, outer } = found;
    const named = (kind: Node["kind"], one: string, more: string) => {
      const names = kept.filter((n) => n.kind === kind).map((n) => n.block.name);
      return names.length === 0 ? "" : `${names.join(", ")} ${names.length === 1 ? one : more}`;
    };
    const also = named("injective", "is", "are");
    return {
      template: outer ? outerTemplate(found, target) : template(found, target),
      because: `${named("reduction", "reduces", "reduce")} each row by itself` +
        (outer ? ", and neighbours in memory belong to different rows" : "") +
        (also ? `, and ${also} elementwise over the same rows` : ""),
    };
  },
};

function match(func: PrimFunc): Match | string {
  const nodes = nodesOf(func);
  if (!nodes) return "it is scheduled already, or a block is more than one store";
  const [first] = nodes.filter((n) => n.kind === "reduction");
  if (!first) return "it reduces nothing";
  const inlined = nodes.filter((n) =>
    n.kind === "injective" && !n.result && consumersOf(n, nodes).length > 0
  );
  const kept = nodes.filter((n) => !inlined.includes(n));
  const rows = first.block.iters.filter((it) => it.type === "spatial").length;
  const extents = first.block.iters.slice(0, rows).map((it) => it.extent);
  for (const n of kept) {
    const shape = n.block.iters.map((it) => it.type === "spatial" ? "S" : "R").join("");
    const own = shape.slice(rows);
    if (!shape.startsWith("S".repeat(rows)) || (n.kind === "reduction" && own.includes("S"))) {
      return `block ${n.block.name} has axes ${shape} and not ${
        "S".repeat(rows)
      }R: rows first, then reduced axes`;
    }
    if (n.kind === "injective" && own.length > 1) {
      return `block ${n.block.name} has ${own.length} axes beyond the rows and not one`;
    }
    if (n.block.iters.some((it, d) => d < rows && !equalExpr(it.extent, extents[d] as Expr))) {
      return `block ${n.block.name} has other rows than ${first.block.name}`;
    }
    const width = n.block.iters[rows]?.extent;
    if (width && constExtent(width) === 1) {
      return `block ${n.block.name} has one element a row: there is nothing to share`;
    }
    if (n.store.indices.some((e, d) => e !== n.block.iters[d]?.var)) {
      return `block ${n.block.name} does not write its own row`;
    }
    if (!n.result && consumersOf(n, nodes).length === 0) return `nothing reads block ${n.block.name}`;
  }
  for (const n of nodes) {
    const plain = n.store.indices.length === n.block.iters.filter((it) => it.type === "spatial").length &&
      n.store.indices.every((e, d) => e === n.block.iters[d]?.var);
    if (!plain) return `block ${n.block.name} does not write at plain axes`;
    const foreign = n.loads.find((l) =>
      nodes.some((p) => p.store.buffer === l.buffer) && l.indices.some((e, d) => e !== n.block.iters[d]?.var)
    );
    if (foreign) return `block ${n.block.name} reads ${foreign.buffer.name} of another row`;
  }
  const reduced = first.block.iters.at(-1);
  const lasts = first.loads.filter((l) => l.indices.length > rows).map((l) => l.indices.at(-1));
  const outer = rows > 0 && lasts.length > 0 &&
    lasts.every((e) => e === first.block.iters[rows - 1]?.var);
  const reductions = kept.filter((n) => n.kind === "reduction");
  if (
    outer &&
    (reductions.length > 1 || kept.some((n) => n.kind === "injective" && n.block.iters.length > rows))
  ) {
    return "neighbours in memory belong to different rows, and a row is read more than once";
  }
  if (outer && (kept.length > 2 || (kept.length === 2 && first.result))) {
    return "neighbours in memory belong to different rows, and there is more than one result";
  }
  return { kept, inlined, rows, columns: reduced && constExtent(reduced.extent), outer };
}

function template(m: Match, target: Target): Template {
  const preset = PRESETS[target.profile].reduction;
  return (sch, knobs) => {
    for (const n of m.inlined) sch.computeInline(n.block.name);
    const blocks = m.kept.map((n) => n.block.name);
    const inputs = [...new Set(blocks.flatMap((b) => along(sch, b, m.rows)))];
    const rowExtents = m.kept[0]?.block.iters.slice(0, m.rows).map((it) => constExtent(it.extent)) ?? [];
    const [, rows] = knobs.split("tile_rows", m.rows === 0 ? 1 : m.rows === 1 ? rowExtents[0] : undefined, {
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
    choosePath(sch, knobs, "input", inputs, target, DIRECT_PATHS, preset.path);
    const parts = knobs.choice("parts", PARTS, partsFor(rowExtents, m.columns, preset, target));
    const vectors = knobs.flag("vectorize", true);
    const subgroups = chooseSubgroups(knobs, target, {
      threads: m.columns === 1 ? 1 : preset.threads,
      tile: "tile_columns",
    });
    knobs.require(
      ["tile_rows", "tile_columns"],
      ([, rows]: Factors[2], [, threads]: Factors[3]) => tooMany(target, rows, threads),
    );
    knobs.require(
      ["tile_columns", "parts"],
      ([, threads, chunk]: Factors[3], parts: number) =>
        parts > 1 && parts * threads * chunk > (m.columns ?? Infinity)
          ? `${parts} parts of ${threads} x ${chunk} columns and more, of ${m.columns}: some would be empty`
          : undefined,
    );

    if (parts === 1) { for (const n of m.kept) if (!n.result) sch.setScope(n.block.name, "local"); }
    const stages = parts === 1
      ? [{ blocks, rows: m.rows, threads, chunk }]
      : m.kept.flatMap((n) => apart(sch, n, { parts, rows: m.rows, threads, chunk }));
    for (const stage of stages) {
      scheduleRows(sch, stage, {
        rows,
        vectors,
        subgroups,
        isInput: (b) => inputs.includes(b),
      });
    }
  };
}

/** Parts that a row may be cut into. */
const PARTS = [1, 4, 16, 64, 256] as const;
/** Columns that are worth a kernel more. */
const LEAST_PART = 4096;

/** As many parts as keep a device busy that has few rows to do, or as its drivers' limit on loops asks for. */
function partsFor(
  rows: readonly (number | undefined)[],
  columns: number | undefined,
  { groups, threads, chunk }: ReductionPreset,
  { limits }: Target,
): typeof PARTS[number] {
  const all = rows.reduce<number>((p, d) => p * (d ?? Infinity), 1);
  const enough = (parts: number) =>
    all * parts >= groups && (columns ?? 0) <= threads * chunk * parts * limits.maxLoopIterations;
  const pays = PARTS.filter((parts) => parts === 1 || (columns ?? 0) >= parts * LEAST_PART);
  return pays.find(enough) ?? pays.at(-1) ?? 1;
}

/** Blocks that become one kernel: its rows are the first axes of each. */
interface Stage {
  readonly blocks: readonly string[];
  readonly rows: number;
  readonly threads: number;
  readonly chunk: number;
}

/**
 * A block by itself, its columns in parts that are like rows of their own: the parts of a reduction are reduced by
 * a second kernel.
 */
function apart(
  sch: Schedule,
  { kind, block: { name } }: Node,
  { parts, rows, threads, chunk }: Omit<Stage, "blocks"> & { readonly parts: number },
): readonly Stage[] {
  const own = sch.loops(name).slice(rows), column = own.at(-1);
  if (column === undefined) return [{ blocks: [name], rows, threads, chunk }];
  const [part, rest] = sch.split(column, [parts, null]) as [string, string];
  sch.reorder(part, ...own.slice(0, -1), rest);
  const wide = (block: string): Stage => ({ blocks: [block], rows: rows + 1, threads, chunk });
  if (kind === "injective") return [wide(name)];
  const partial = sch.rfactor(part, rows);
  return [wide(partial), { blocks: [name], rows, threads: Math.min(threads, parts), chunk: 1 }];
}

/** Inputs that a block reads along its columns: the rows themselves, and what all rows share, as a norm's weights. */
function along(sch: Schedule, block: string, rows: number): readonly string[] {
  const { iters } = sch.block(block);
  const last = iters.at(-1);
  return tiledInputs(sch, block).filter((l) =>
    last && iters.length > rows && usesVar(l.indices.at(-1) as Expr, (v) => v === last.var)
  ).map((l) => l.buffer.name);
}

/** One kernel for the blocks of a stage: a workgroup takes `rows` rows and walks through the blocks for them. */
function scheduleRows(
  sch: Schedule,
  { blocks, rows: axes, threads, chunk }: Stage,
  options: {
    readonly rows: number;
    readonly vectors: boolean;
    readonly subgroups: boolean;
    isInput(buffer: string): boolean;
  },
): void {
  const row = mergedRows(sch, blocks, axes);
  const [r0, r1] = sch.split(row, [null, options.rows]) as [string, string];
  sch.bind(r0, "blockIdx.x");
  // Drivers put threads in lanes along x, and some along nothing else.
  sch.bind(r1, threads > 1 ? "threadIdx.y" : "threadIdx.x");
  for (const name of blocks) {
    const own = sch.loops(name).slice(2);
    const column = own.at(-1);
    if (column === undefined) continue;
    const isReduction = sch.block(name).iters.at(-1)?.type === "reduce";
    const [c0, tx, c] = sch.split(column, [null, threads, chunk]) as [string, string, string];
    sch.reorder(tx, ...own.slice(0, -1), c0, c);
    if (threads > 1) sch.bind(tx, "threadIdx.x");
    else sch.unroll(tx);
    for (const input of along(sch, name, axes).filter(options.isInput)) {
      unrollCopy(sch, sch.computeAt(sch.cacheRead(name, input, "local"), c0), options.vectors);
    }
    if (!isReduction) unrollCopy(sch, [c], options.vectors);
    else {
      sch.unroll(c);
      if (options.subgroups) sch.annotate(name, SUBGROUPS, true);
      if (threads === 1) sch.decomposeReduction(name, tx);
    }
  }
}

/** One loop over the rows of all blocks. */
function mergedRows(sch: Schedule, blocks: readonly string[], rows: number): string {
  if (rows === 0) {
    const units = blocks.map((b) => sch.addUnitLoop(b));
    return units.length > 1 ? sch.mergeLoops(...units) : units[0] as string;
  }
  for (let d = 0; d < rows && blocks.length > 1; d++) {
    sch.mergeLoops(...blocks.map((b) => sch.loops(b)[d] as string));
  }
  const own = sch.loops(blocks[0] as string).slice(0, rows);
  return own.length > 1 ? sch.fuse(...own) : own[0] as string;
}

/** For sums over columns: neighbouring threads take neighbouring rows, and each of them some rows whole. */
function outerTemplate(m: Match, target: Target): Template {
  const preset = PRESETS[target.profile].outerReduction;
  const main = m.kept.find((n) => n.kind === "reduction") as Node;
  const input = main.loads[0]?.buffer.name as string;
  return (sch, knobs) => {
    for (const n of m.inlined) sch.computeInline(n.block.name);
    const name = main.block.name;
    const [, tx, results] = knobs.split(
      "tile_rows",
      constExtent(main.block.iters[m.rows - 1]?.extent as Expr),
      {
        parts: 3,
        preset: preset.rows,
        policy: "power2",
        max: [256, 16],
      },
    );
    const [, ty, chunk] = knobs.split("tile_columns", m.columns, {
      parts: 3,
      preset: [preset.threads, preset.chunk],
      policy: "power2",
      max: [64, 16],
    });
    const inputs = tiledInputs(sch, name).some((l) => l.buffer.name === input) ? [input] : [];
    choosePath(sch, knobs, "input", inputs, target, DIRECT_PATHS, preset.path);
    const vectors = knobs.flag("vectorize", true);
    const tiles = ["tile_rows", "tile_columns"] as const;
    knobs.require(tiles, ([, tx]: Factors[3], [, ty]: Factors[3]) => tooMany(target, tx, ty));
    knobs.require(
      tiles,
      ([, , results]: Factors[3], [, ty]: Factors[3]) =>
        ty > 1 && results > 1
          ? `${ty} threads to a row and ${results} rows a thread: one of them must be 1`
          : undefined,
    );
    const back = inlineEpilogue(sch, name) ?? (main.result ? sch.cacheWrite(name, "local") : undefined);
    if (back !== undefined && !main.result) sch.setScope(name, "local");
    const loops = sch.loops(name);
    const row = loops[m.rows - 1] as string, column = loops.at(-1) as string;
    const [r0, r1, r2] = sch.split(row, [null, tx, results]) as [string, string, string];
    const [c0, c1, c2] = sch.split(column, [null, ty, chunk]) as [string, string, string];
    const lead = loops.slice(0, m.rows - 1), between = loops.slice(m.rows, -1);
    if (ty > 1) sch.reorder(...lead, r0, r1, r2, c1, ...between, c0, c2);
    else sch.reorder(...lead, r0, r1, c1, ...between, c0, c2, r2);
    const grid = lead.length > 0 ? sch.fuse(...lead, r0) : r0;
    sch.bind(grid, "blockIdx.x");
    sch.bind(r1, "threadIdx.x");
    if (ty > 1) sch.bind(c1, "threadIdx.y");
    if (back !== undefined) unrollCopy(sch, sch.reverseComputeAt(back, r1), vectors);
    if (inputs.length > 0) {
      unrollCopy(sch, sch.computeAt(sch.cacheRead(name, input, "local"), c0), vectors);
    }
    sch.unroll(c2);
    if (ty > 1) {
      sch.unroll(r2);
      return;
    }
    const init = sch.decomposeReduction(name, c1);
    unrollCopy(sch, sch.loops(init).slice(sch.loops(init).indexOf(r1) + 1), vectors);
    sch.unroll(c1);
    unrollCopy(sch, [r2], vectors);
  };
}
