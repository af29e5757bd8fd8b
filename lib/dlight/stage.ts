/** Moves that templates share: bringing operands near, writing results back, spreading copies over threads. */
import { bytesOf, isUniformType } from "../ir/dtype.ts";
import { elementsOf } from "../ir/elements.ts";
import { equalExpr } from "../ir/equal.ts";
import type { Expr, Load } from "../ir/expr.ts";
import { PREPARE } from "../ir/notes.ts";
import { outputsOf } from "../ir/outputs.ts";
import type { Schedule } from "../schedule/schedule.ts";
import type { Factors, Knobs } from "../space/knobs.ts";
import { type Target, UNIFORM_BYTES } from "../target/target.ts";
import { textureLayout } from "../target/texture.ts";
import { constExtent } from "./analysis.ts";
import { type Path, PRESETS } from "./presets.ts";

/**
 * A knob for where some tensors of the program are read from: those of `options` that all of them can take on
 * the target, the preset if it is among them. Makes textures of them where that is chosen.
 */
export function choosePath<P extends Path>(
  sch: Schedule,
  knobs: Knobs,
  knob: string,
  inputs: readonly string[],
  target: Target,
  options: readonly P[],
  preset: P,
): P {
  // An output that is read again stays in its buffer.
  const outputs = new Set(outputsOf(sch.func).map((b) => b.name));
  const read = inputs.filter((name) => !outputs.has(name));
  const paths = options.filter((o) => read.every((name) => FITS[o](sch, name, target)));
  const path = knobs.choice(knob, paths, paths.includes(preset) ? preset : "buffer" as P);
  if (path === "texture" || path === "uniform") { for (const name of read) sch.setScope(name, path); }
  return path;
}

/** Whether an input can take a path on a target. */
const FITS: Readonly<Record<Path, (sch: Schedule, input: string, target: Target) => boolean>> = {
  shared: () => true,
  buffer: () => true,
  texture: fitsTexture,
  uniform: fitsUniform,
};

/**
 * A knob for whether threads that share a reduction hand each other their parts in subgroups; only for devices that
 * have them. `tile` is the knob whose second factor is how many threads there are, of which the preset has `threads`.
 */
export function chooseSubgroups(
  knobs: Knobs,
  target: Target,
  { threads, tile }: { readonly threads: number; readonly tile?: string },
): boolean {
  if (!target.subgroups) return false;
  const chosen = knobs.flag("subgroups", PRESETS[target.profile].subgroups && threads > 1);
  if (tile !== undefined) {
    knobs.require(
      [tile, "subgroups"],
      ([, threads]: Factors[3], on: boolean) =>
        on && threads === 1 ? "one thread has nothing to hand on" : undefined,
    );
  }
  return chosen;
}

/** Why a workgroup can't have so many threads, one factor an axis; nothing if it can. */
export function tooMany({ limits }: Target, ...threads: readonly number[]): string | undefined {
  return threads.reduce((a, b) => a * b, 1) > limits.maxInvocations
    ? `${threads.join(" x ")} threads: the device takes ${limits.maxInvocations}`
    : undefined;
}

/** Why `amount` of something is more than pays, said as "`what`: more than `most` `why`"; nothing if it is not. */
export function tooLarge(amount: number, most: number, what: string, why: string): string | undefined {
  return amount > most ? `${what}: more than ${most} ${why}` : undefined;
}

function fitsTexture(sch: Schedule, input: string, target: Target): boolean {
  const shape = sch.func.params.find((b) => b.name === input)?.shape ?? [];
  const columns = shape.at(-1);
  return textureLayout(elementsOf(shape.slice(0, -1)), columns && constExtent(columns), target.limits) !==
    undefined;
}

function fitsUniform(sch: Schedule, input: string): boolean {
  const param = sch.func.params.find((b) => b.name === input);
  const elements = param && isUniformType(param.dtype) ? elementsOf(param.shape) : undefined;
  return param !== undefined && elements !== undefined && elements * bytesOf(param.dtype) <= UNIFORM_BYTES;
}

/** What bringing near the other operand costs, in products for each result (llvmpipe, tiles of 16, 8 and 4 results). */
const BRINGING = 4;

/**
 * A preset's tile for an axis of which its last one would have little: fewer results a thread, down to a vector, where
 * what is not computed for nobody makes up for bringing operands near more often. Threads stay: one that idles costs
 * as much as one that works.
 */
export function fitTile(
  [threads, results]: readonly [number, number],
  extent: number | undefined,
): readonly [threads: number, results: number] {
  if (extent === undefined) return [threads, results];
  const costOf = (each: number) => Math.ceil(extent / (threads * each)) * threads * (each + BRINGING);
  let best = results;
  for (let each = results / 2; each >= 4; each /= 2) if (costOf(each) <= costOf(best)) best = each;
  return [threads, best];
}

/** Unrolls the loops of a copy; the last one becomes vectors of four where `vectors` and its extent allow. */
export function unrollCopy(sch: Schedule, loops: readonly string[], vectors: boolean): void {
  const last = loops.at(-1);
  for (const l of loops.slice(0, -1)) sch.unroll(l);
  if (last === undefined) return;
  const extent = constExtent(sch.loop(last).extent) ?? 1;
  if (!vectors || extent % 4 !== 0) sch.unroll(last);
  else if (extent === 4) sch.vectorize(last);
  else {
    const [outer, inner] = sch.split(last, [null, 4]);
    if (outer !== undefined) sch.unroll(outer);
    if (inner !== undefined) sch.vectorize(inner);
  }
}

/** The loops of a tile of results with the steps of its reduction that are taken at a time, outermost first. */
export interface TileLoops {
  /** To be unrolled. */
  readonly order: readonly string[];
  /** Inside of them, to be vectorized; none where the columns are no vectors. */
  readonly lanes: readonly string[];
  /** Under which what depends on the tile's columns is brought near; undefined: around the whole tile. */
  readonly column: string | undefined;
}

/**
 * Orders the loops of a tile: one `step` after the other for the whole tile, or all steps for one vector of
 * results after the other, column by column. The former needs a step's operands only; the latter touches each
 * result once, which is cheaper where results do not stay in registers.
 */
export function orderTile(
  sch: Schedule,
  [row, column]: readonly [string, string],
  step: string | undefined,
  options: { readonly vectors: boolean; readonly stepInnermost: boolean },
): TileLoops {
  const extent = constExtent(sch.loop(column).extent) ?? 1;
  const [around = column, ...lanes] = options.vectors && extent % 4 === 0
    ? sch.split(column, [null, 4])
    : [column];
  const steps = step === undefined ? [] : [step];
  return {
    order: options.stepInnermost ? [around, row, ...steps] : [...steps, row, around],
    lanes,
    column: options.stepInnermost ? around : undefined,
  };
}

/** Spreads the loops of a copy over the threads of a workgroup, `lanes` neighbouring elements each time. */
export function cooperate(
  sch: Schedule,
  loops: readonly string[],
  [ty, tx]: readonly [number, number],
  lanes: number,
): void {
  if (loops.length === 0) return;
  const all = loops.length > 1 ? sch.fuse(...loops) : loops[0] as string;
  const [turn, y, x, v] = sch.split(all, [null, ty, tx, lanes]) as [string, string, string, string];
  sch.unroll(turn);
  sch.bind(y, "threadIdx.y");
  sch.bind(x, "threadIdx.x");
  if (lanes > 1) sch.vectorize(v);
}

/** True if `block` writes an output of the program, which can be neither inlined nor moved to nearer memory. */
export function isResult(sch: Schedule, block: string): boolean {
  const { body } = sch.block(block);
  return body.kind === "store" && sch.func.params.includes(body.buffer);
}

/** Leaves each operand of `block` one producer at most: what is further up is inlined into it. */
export function inlinePrologues(sch: Schedule, block: string): void {
  for (const name of sch.producers(block)) {
    for (let [up] = sch.producers(name); up !== undefined; [up] = sch.producers(name)) sch.computeInline(up);
  }
}

/** Inlines all consumers of `block` but the last one, and returns that; undefined where there is none. */
export function inlineEpilogue(sch: Schedule, block: string): string | undefined {
  let [next] = sch.consumers(block);
  while (next !== undefined) {
    const [after] = sch.consumers(next);
    if (after === undefined) return next;
    sch.computeInline(next);
    next = after;
  }
  return undefined;
}

/**
 * Makes `block` accumulate in registers and returns the block that writes the result to memory: the
 * program's own epilogue if it has one, else a copy.
 */
export function accumulateLocally(sch: Schedule, block: string): string {
  const epilogue = inlineEpilogue(sch, block);
  if (epilogue === undefined) return sch.cacheWrite(block, "local");
  sch.setScope(block, "local");
  return epilogue;
}

/** How a matrix of weights lies in memory: as given, its two axes swapped, or four of j beside each other for each k. */
export type WeightLayout = "given" | "transposed" | "packed";
export const WEIGHT_LAYOUTS: readonly WeightLayout[] = ["given", "transposed", "packed"];

/**
 * Makes `block` read a matrix, an input, in another layout. The copy is made once, when arguments are bound, by a
 * kernel of its own. `j` and `k` are the dimensions of the matrix that are the product's. Returns its name.
 */
export function layOutWeights(
  sch: Schedule,
  block: string,
  matrix: Load,
  { j, k }: { readonly j: number; readonly k: number },
  layout: Exclude<WeightLayout, "given">,
): string {
  const copy = sch.cacheRead(block, matrix.buffer.name, "global");
  const dims = matrix.indices.map((_, d) => d), others = dims.filter((d) => d !== j && d !== k);
  const swapped = [...others, ...(j < k ? [k, j] : [j, k])];
  // Dimensions and pieces are numbered alike, but that the last piece is the four of j.
  const piece = (d: number) => d + (d > j ? 1 : 0);
  sch.transformLayout(
    copy,
    layout === "transposed"
      ? { split: dims.map(() => []), order: swapped }
      : { split: dims.map((d) => d === j ? [4] : []), order: [...others.map(piece), j, piece(k), j + 1] },
  );
  sch.annotate(copy, PREPARE, true);
  const all = sch.loops(copy);
  const [grid, thread] = sch.split(all.length > 1 ? sch.fuse(...all) : all[0] as string, [null, 64]) as [
    string,
    string,
  ];
  sch.bind(grid, "blockIdx.x");
  sch.bind(thread, "threadIdx.x");
  return copy;
}

/** The block under which `buffer` is produced for `block`; undefined for an input, as given or prepared. */
export function producerOf(sch: Schedule, block: string, buffer: string): string | undefined {
  return sch.producers(block).find((name) => {
    const { body, annotations } = sch.block(name);
    return body.kind === "store" && body.buffer.name === buffer && annotations[PREPARE] !== true;
  });
}

/**
 * Brings `buffer` into registers under `loop`, for `block`: a copy of an input, or the producer itself
 * (a dequantization, a padding), whose own inputs are then brought near as well.
 */
export function bringNear(
  sch: Schedule,
  block: string,
  buffer: string,
  loop: string,
  options: { readonly vectors: boolean },
): void {
  const producer = producerOf(sch, block, buffer);
  const near = producer ?? sch.cacheRead(block, buffer, "local");
  if (producer !== undefined) sch.setScope(producer, "local");
  unrollCopy(sch, sch.computeAt(near, loop), options.vectors);
  if (producer === undefined) return;
  for (const input of packedInputs(sch, producer)) {
    const copy = sch.cacheRead(producer, input, "local");
    unrollCopy(sch, sch.computeAt(copy, loop), options.vectors);
  }
}

/**
 * How `block` reads those of the program's tensors that it reads at one place only, a load of each: what is read
 * at several places has no tile, and stays where it is.
 */
export function tiledInputs(sch: Schedule, block: string): readonly Load[] {
  const loads = sch.inputs(block).filter((l) => sch.func.params.includes(l.buffer));
  const firsts = new Map(loads.toReversed().map((l) => [l.buffer, l]));
  return [...firsts.values()].toReversed().filter((first) =>
    loads.every((l) =>
      l.buffer !== first.buffer || l.indices.every((e, d) => equalExpr(e, first.indices[d] as Expr))
    )
  );
}

/** Inputs that a decoding producer reads several times each: their indices divide an iteration variable. */
function packedInputs(sch: Schedule, producer: string): readonly string[] {
  return sch.inputs(producer).filter((b) => b.indices.some((e) => e.kind === "binary" && e.op === "floordiv"))
    .map((b) => b.buffer.name);
}
