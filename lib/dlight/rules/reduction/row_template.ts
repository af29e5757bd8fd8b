/**
 * The template of Reduction where neighbours in memory are of one row: threads share it, and walk through all blocks
 * for it; or, for few and long rows, workgroups share a row, a kernel for each block.
 */
import type { Expr } from "../../../ir/expr.ts";
import { SUBGROUPS } from "../../../ir/annotations.ts";
import { usesVar } from "../../../ir/visit.ts";
import type { Schedule } from "../../../schedule/schedule.ts";
import type { Factors } from "../../../space/knobs.ts";
import type { Template } from "../../../space/template.ts";
import type { Target } from "../../../target/target.ts";
import { constExtent, type Node } from "../../analysis.ts";
import { DIRECT_PATHS, presetsOf, type ReductionPreset } from "../../presets.ts";
import { choosePath, staysInBuffer, tiledInputs, tooMany } from "../../steps/operand_paths.ts";
import { chooseSubgroups } from "../../steps/subgroups.ts";
import { isResult } from "../../steps/inlining.ts";
import { unrollCopy } from "../../steps/cooperative_copy.ts";

/** Blocks that reduce rows, with what is inlined into them. */
export interface RowReduction {
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

export function rowTemplate(m: RowReduction, target: Target): Template {
  return (sch, knobs) => {
    for (const n of m.inlined) sch.computeInline(n.block.name);
    const blocks = m.kept.map((n) => n.block.name);
    const inputs = [...new Set(blocks.flatMap((b) => along(sch, b, m.rows)))];
    const rowExtents = m.kept[0]?.block.iters.slice(0, m.rows).map((it) => constExtent(it.extent)) ?? [];
    const preset = presetFor(target, rowExtents, inputs.some((name) => staysInBuffer(sch, name, target)));
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

/** The target's numbers; they differ where an input of many rows is an activation in a buffer. */
function presetFor(
  target: Target,
  rows: readonly (number | undefined)[],
  inBuffers: boolean,
): ReductionPreset {
  const preset = presetsOf(target).reduction, other = preset.inBuffers;
  const all = rows.reduce<number>((n, d) => n * (d ?? Infinity), 1);
  return inBuffers && other && all >= other.rows ? { ...preset, ...other } : preset;
}

/** Parts that a row may be cut into. */
const PARTS = [1, 4, 16, 64, 256] as const;
/** The least number of columns that justifies a second kernel. */
const LEAST_PART = 4096;

/** Gives the number of parts that keeps a device busy with few rows, or that its driver's limit on loops requires. */
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
 * Schedules a single block. Its columns are cut into parts, which are treated like rows; a second kernel reduces the
 * partial results.
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

/** Gives the inputs that a block reads along its columns: the rows, and vectors for all rows such as a norm's weights. */
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
    // One thread alone sums in registers; several leave their sums in workgroup memory.
    const alone = isReduction && threads === 1 && isResult(sch, name) && sch.consumers(name).length === 0;
    if (alone) sch.reverseComputeAt(sch.cacheWrite(name, "local"), r1);
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
