/** Finds the parts of a program that have knobs in the generic space: its blocks and their inputs. */
import { equalExpr } from "../../ir/equal.ts";
import type { Expr, Load } from "../../ir/expr.ts";
import type { PrimFunc } from "../../ir/func.ts";
import { outputsOf } from "../../ir/parameters.ts";
import { keyOf } from "../../ir/key.ts";
import { nodesIn } from "../../ir/size.ts";
import { reducerOf } from "../../ir/reducer.ts";
import type { Block, IterVar } from "../../ir/stmt.ts";
import { walkExpr } from "../../ir/visit.ts";
import { ScheduleError } from "../../schedule/error.ts";
import { Schedule } from "../../schedule/schedule.ts";
import { constExtent, mentions, spatialAxes } from "../analysis.ts";
import { isResult } from "../steps/inlining.ts";
import { tiledInputs } from "../steps/operand_paths.ts";

/** A block that is never inlined. */
export interface Kept {
  readonly name: string;
  readonly spatial: readonly IterVar[];
  readonly reduce: readonly IterVar[];
  /** The longest reduced axis, which is tiled. */
  readonly k: IterVar | undefined;
  /** Whether threads can share its reduction. */
  readonly shareable: boolean;
  /** The inputs that may be copied into registers or workgroup memory: the first few that it reads at one place. */
  readonly operands: readonly Load[];
  /** The block into whose loops it may be moved: it reads that block's results at its own positions. */
  readonly follows: string | undefined;
}

/** A block that is inlined unless a knob keeps it, because inlining repeats its computation. */
export interface Prologue {
  readonly name: string;
  /** The only kept block that reads it, if there is one, and its access: it may be computed at that block's tile. */
  readonly reader: { readonly name: string; readonly loads: readonly Load[] } | undefined;
}

export interface Plan {
  /** Inputs that may become textures. */
  readonly inputs: readonly string[];
  /** In program order. */
  readonly prologues: readonly Prologue[];
  readonly kept: readonly Kept[];
}

/** Parts of a program with knobs of their own, at most. */
export interface Most {
  /** Inputs whose memory is a knob. */
  readonly inputs: number;
  /** Blocks that may be kept, as several read them. */
  readonly prologues: number;
  /** Operands that may be copied near. */
  readonly operands: number;
}

/** The parts of a usual program, so that its space stays countable. */
const MOST: Most = { inputs: 4, prologues: 2, operands: 2 };
/** The parts of a program whose space would be too large to number. */
export const PLAIN: Most = { inputs: 0, prologues: 0, operands: 0 };

export function planOf(func: PrimFunc, most = MOST): Plan {
  const whole = new Schedule(func);
  const inlined = inlinable(whole);
  const again = inlined.filter((name) => isReadAgain(whole, name)).slice(0, most.prologues);
  inlineWherePossible(whole, inlined.filter((name) => !again.includes(name)));
  // Prologues are found before inlining, operands after it.
  const flat = new Schedule(whole.func);
  inlineWherePossible(flat, again);
  const names = flat.blocks();
  const follows = new Map<string, string>();
  for (const name of names) {
    const leader = leaderOf(whole, flat, name);
    if (leader !== undefined && !follows.has(leader)) follows.set(name, leader);
  }
  const outputs = outputsOf(func);
  return {
    inputs: func.params.filter((b) => !outputs.includes(b) && b.shape.length > 0).slice(0, most.inputs)
      .map((b) => b.name),
    prologues: again.filter((name) => !names.includes(name)).map((name) => ({
      name,
      reader: readerOf(whole, name, names),
    })),
    kept: names.map((name) => keptOf(flat, name, follows.get(name), most.operands)),
  };
}

/** Inlines blocks. One that can't be stays where it is, as a kernel of its own. */
function inlineWherePossible(sch: Schedule, names: readonly string[]): void {
  for (const name of names) {
    if (multipliesWork(sch, name)) continue;
    try {
      sch.computeInline(name);
    } catch (e) {
      if (!(e instanceof ScheduleError)) throw e;
    }
  }
}

/** Operations that inlining a block may make of it, where its readers read it at several places each. */
const MOST_MADE = 256;

/** Whether inlining would write a block's arithmetic out at many places: a chain of such blocks grows without end. */
function multipliesWork(sch: Schedule, name: string): boolean {
  const places = sch.consumers(name).map((c) =>
    new Set(loadsOf(sch, sch.block(c), name).map((l) => l.indices.map(keyOf).join())).size
  );
  return Math.max(0, ...places) > 1 && Math.max(...places) * nodesIn(sch.block(name).body) > MOST_MADE;
}

/** Names of the blocks that can be inlined and lead somewhere, in program order. */
export function inlinable(sch: Schedule): readonly string[] {
  return sch.blocks().filter((name) =>
    sch.block(name).iters.every((it) => it.type === "spatial") && !isResult(sch, name) &&
    sch.consumers(name).length > 0
  );
}

/** Whether inlining would compute elements of what `name` writes more than once. */
function isReadAgain(sch: Schedule, name: string): boolean {
  const readers = sch.consumers(name).map((c) => sch.block(c));
  const reads = readers.flatMap((block) => loadsOf(sch, block, name).map((load) => ({ block, load })));
  return reads.length > 1 ||
    reads.some(({ block, load }) =>
      block.iters.some((it) => constExtent(it.extent) !== 1 && !mentions(load.indices, it.var))
    );
}

/** How `block` reads what `producer` writes. */
function loadsOf(sch: Schedule, block: Block, producer: string): readonly Load[] {
  const { body } = sch.block(producer);
  return body.kind === "store" ? sch.inputs(block.name).filter((l) => l.buffer === body.buffer) : [];
}

function readerOf(sch: Schedule, name: string, kept: readonly string[]): Prologue["reader"] {
  const [reader, ...more] = sch.consumers(name);
  if (reader === undefined || more.length > 0 || !kept.includes(reader)) return undefined;
  const loads = loadsOf(sch, sch.block(reader), name);
  return loads.every(hasTile) ? { name: reader, loads } : undefined;
}

/** Tells whether a load is indexed by axes alone; an index from another tensor may be anywhere. */
function hasTile(load: Load): boolean {
  let gathers = false;
  for (const index of load.indices) {
    walkExpr(index, (e) => {
      if (e.kind === "load") gathers = true;
    });
  }
  return !gathers;
}

function keptOf(sch: Schedule, name: string, follows: string | undefined, operands: number): Kept {
  const block = sch.block(name), { iters, body } = block;
  const reduce = iters.filter((it) => it.type === "reduce");
  const extent = (it: IterVar) => constExtent(it.extent) ?? Infinity;
  return {
    name,
    spatial: spatialAxes(block),
    reduce,
    k: reduce.toSorted((a, b) => extent(b) - extent(a))[0],
    shareable: body.kind === "store" && reducerOf(body) !== undefined,
    operands: tiledInputs(sch, name).filter((l) => l.buffer.shape.length > 0 && hasTile(l))
      .slice(0, operands),
    follows,
  };
}

/** The last kept producer of an elementwise block with the same axes, if it can be moved into its loops. */
function leaderOf(whole: Schedule, flat: Schedule, name: string): string | undefined {
  const block = flat.block(name);
  const leader = flat.producers(name).at(-1);
  if (leader === undefined || !isPlain(block) || block.iters.some((it) => it.type === "reduce")) {
    return undefined;
  }
  // Blocks between the two can't run before the leader's loops begin.
  const between = whole.producers(name).some((p) =>
    !flat.blocks().includes(p) && whole.producers(p).length > 0
  );
  const first = flat.block(leader);
  const axes = spatialAxes(first);
  const aligned = isPlain(first) && axes.length === block.iters.length &&
    axes.every((it, d) => equalExpr(it.extent, block.iters[d]?.extent as Expr)) &&
    loadsOf(flat, block, leader).every((l) => l.indices.every((e, d) => e === block.iters[d]?.var));
  return aligned && !between ? leader : undefined;
}

/** Whether a block writes at its spatial axes, in their order. */
function isPlain(block: Block): boolean {
  const { body } = block, spatial = spatialAxes(block);
  return body.kind === "store" && spatial.length > 0 && body.indices.length === spatial.length &&
    body.indices.every((e, d) => e === spatial[d]?.var);
}
