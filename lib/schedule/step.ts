/** The grammar of schedule steps: plain JSON. Loops and blocks are named by their unique names. */
import type { Scope } from "../ir/expr.ts";
import type { PrimFunc } from "../ir/func.ts";
import type { ThreadTag } from "../ir/stmt.ts";
import { blockize } from "./blockize.ts";
import { cacheRead } from "./cache_read.ts";
import { cacheWrite } from "./cache_write.ts";
import { collapseAxes } from "./collapse_axes.ts";
import { computeAt } from "./compute_at.ts";
import { decomposePadding } from "./decompose_padding.ts";
import type { IndexMap } from "./index_map.ts";
import { computeInline } from "./compute_inline.ts";
import { reverseComputeInline } from "./reverse_compute_inline.ts";
import { loopPartition } from "./loop_partition.ts";
import { bind, setLoopKind } from "./bind.ts";
import { fuse } from "./fuse.ts";
import { reorder } from "./reorder.ts";
import { split } from "./split.ts";
import { addUnitLoop } from "./add_unit_loop.ts";
import { annotate } from "./annotate.ts";
import { doubleBuffer, storageAlign } from "./storage_align.ts";
import { setScope } from "./set_scope.ts";
import { mergeLoops } from "./merge_loops.ts";
import { padEinsum } from "./pad_einsum.ts";
import { decomposeReduction } from "./decompose_reduction.ts";
import { rfactor } from "./rfactor.ts";
import { reindex } from "./reindex.ts";
import { reverseComputeAt } from "./reverse_compute_at.ts";
import { streamK } from "./stream_k.ts";
import { transformBlockLayout } from "./transform_block_layout.ts";
import { transformLayout } from "./transform_layout.ts";

/** One step of a schedule: the name of a primitive, and its arguments by name. */
export type Step =
  | { readonly op: "split"; readonly loop: string; readonly factors: readonly (number | null)[] }
  | { readonly op: "fuse"; readonly loops: readonly string[] }
  | { readonly op: "mergeLoops"; readonly loops: readonly string[] }
  | { readonly op: "reorder"; readonly loops: readonly string[] }
  | { readonly op: "bind"; readonly loop: string; readonly thread: ThreadTag | "vthread" }
  | { readonly op: "vectorize"; readonly loop: string }
  | { readonly op: "unroll"; readonly loop: string }
  | { readonly op: "parallel"; readonly loop: string }
  | { readonly op: "addUnitLoop"; readonly block: string }
  | { readonly op: "cacheRead"; readonly block: string; readonly buffer: string; readonly scope: Scope }
  | { readonly op: "cacheWrite"; readonly block: string; readonly scope: Scope }
  | { readonly op: "computeAt"; readonly block: string; readonly loop: string }
  | { readonly op: "reverseComputeAt"; readonly block: string; readonly loop: string }
  | { readonly op: "computeInline"; readonly block: string }
  | { readonly op: "reverseComputeInline"; readonly block: string }
  | { readonly op: "decomposeReduction"; readonly block: string; readonly loop: string }
  | { readonly op: "rfactor"; readonly loop: string; readonly axis: number }
  | {
    readonly op: "streamK";
    readonly block: string;
    readonly tile: readonly number[];
    readonly step: number;
    readonly workers: number;
  }
  | { readonly op: "loopPartition"; readonly loop: string; readonly at: readonly number[] }
  | { readonly op: "decomposePadding"; readonly block: string; readonly loop: string }
  | { readonly op: "blockize"; readonly loop: string }
  | { readonly op: "padEinsum"; readonly block: string; readonly padding: readonly number[] }
  | { readonly op: "reindex"; readonly block: string; readonly buffer: string }
  | { readonly op: "transformLayout"; readonly buffer: string; readonly map: IndexMap }
  | { readonly op: "collapseAxes" }
  | { readonly op: "transformBlockLayout"; readonly block: string; readonly map: IndexMap }
  | { readonly op: "setScope"; readonly name: string; readonly scope: Scope }
  | {
    readonly op: "storageAlign";
    readonly block: string;
    readonly axis: number;
    readonly factor: number;
    readonly offset: number;
  }
  | { readonly op: "doubleBuffer"; readonly block: string }
  | {
    readonly op: "annotate";
    readonly name: string;
    readonly key: string;
    readonly value: string | number | boolean;
  };

/** The result of a step: the program, and the names of the loops or of the block that it made. */
export interface Applied {
  /** The program after the step. */
  readonly func: PrimFunc;
  /** The names, in the order of the primitive. */
  readonly made: readonly string[];
}

type Primitives = {
  readonly [Op in Step["op"]]: (func: PrimFunc, step: Extract<Step, { op: Op }>) => Applied;
};

const none = (func: PrimFunc): Applied => ({ func, made: [] });
const loops = (r: { func: PrimFunc; loops: string[] }): Applied => ({ func: r.func, made: r.loops });
const block = (r: { func: PrimFunc; block: string }): Applied => ({ func: r.func, made: [r.block] });
const loop = (r: { func: PrimFunc; loop: string }): Applied => ({ func: r.func, made: [r.loop] });

const primitives: Primitives = {
  split: (f, s) => loops(split(f, s.loop, s.factors)),
  fuse: (f, s) => loop(fuse(f, s.loops)),
  mergeLoops: (f, s) => loop(mergeLoops(f, s.loops)),
  reorder: (f, s) => none(reorder(f, s.loops)),
  bind: (f, s) => none(bind(f, s.loop, s.thread)),
  vectorize: (f, s) => none(setLoopKind(f, s.loop, "vectorized", "vectorize")),
  unroll: (f, s) => none(setLoopKind(f, s.loop, "unrolled", "unroll")),
  parallel: (f, s) => none(setLoopKind(f, s.loop, "parallel", "parallelize")),
  addUnitLoop: (f, s) => loop(addUnitLoop(f, s.block)),
  cacheRead: (f, s) => block(cacheRead(f, s.block, s.buffer, s.scope)),
  cacheWrite: (f, s) => block(cacheWrite(f, s.block, s.scope)),
  computeAt: (f, s) => loops(computeAt(f, s.block, s.loop)),
  reverseComputeAt: (f, s) => loops(reverseComputeAt(f, s.block, s.loop)),
  computeInline: (f, s) => none(computeInline(f, s.block)),
  reverseComputeInline: (f, s) => none(reverseComputeInline(f, s.block)),
  decomposeReduction: (f, s) => block(decomposeReduction(f, s.block, s.loop)),
  rfactor: (f, s) => block(rfactor(f, s.loop, s.axis)),
  streamK: (f, s) => block(streamK(f, s.block, s.tile, s.step, s.workers)),
  loopPartition: (f, s) => loops(loopPartition(f, s.loop, s.at)),
  decomposePadding: (f, s) => block(decomposePadding(f, s.block, s.loop)),
  blockize: (f, s) => block(blockize(f, s.loop)),
  padEinsum: (f, s) => none(padEinsum(f, s.block, s.padding)),
  reindex: (f, s) => block(reindex(f, s.block, s.buffer)),
  transformLayout: (f, s) => none(transformLayout(f, s.buffer, s.map)),
  collapseAxes: (f) => none(collapseAxes(f)),
  transformBlockLayout: (f, s) => loops(transformBlockLayout(f, s.block, s.map)),
  setScope: (f, s) => none(setScope(f, s.name, s.scope)),
  storageAlign: (f, s) => none(storageAlign(f, s.block, s.axis, s.factor, s.offset)),
  doubleBuffer: (f, s) => none(doubleBuffer(f, s.block)),
  annotate: (f, s) => none(annotate(f, s.name, s.key, s.value)),
};

/**
 * Applies one step.
 *
 * @throws {ScheduleError} where the step does not fit the program
 */
export function apply(func: PrimFunc, step: Step): Applied {
  const primitive = primitives[step.op] as (func: PrimFunc, step: Step) => Applied;
  return primitive(func, step);
}

/** Writes a step as a call: `sch.split("i", [null, 8])`, `sch.fuse("i", "j")`. */
export function showStep({ op, ...args }: Step): string {
  const list = (a: readonly unknown[]) => a.map((x) => JSON.stringify(x)).join(", ");
  const shown = Object.entries(args).map(([key, a]) =>
    !Array.isArray(a) ? JSON.stringify(a) : key === "loops" ? list(a) : `[${list(a)}]`
  );
  return `sch.${op}(${shown.join(", ")})`;
}
