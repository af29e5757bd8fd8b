import { checkOptions, type Fields } from "../base/check_options.ts";
import { flag, number, required } from "../base/option_kinds.ts";
import { and, constant, floorDiv, floorMod, le, lt, mul, or, select, sub } from "../ir/build.ts";
import type { Expr } from "../ir/expr.ts";
import type { PrimFunc } from "../ir/func.ts";
import { placeholder, type Tensor } from "../te/tensor.ts";
import { primFunc } from "../te/prim_func.ts";
import { type Dim, dims } from "../te/dimension.ts";
import { TeError } from "../te/error.ts";
import { attend } from "./attend.ts";
import {
  checkShape,
  checkTensors,
  checkTypes,
  constantExtent,
  shapeOfRank,
  sharedFloat,
} from "./check_tensors.ts";
import { dimension, extent, floatType, RESULT, type ResultOptions } from "./kinds.ts";

/** What attention over pages sees, and how it is computed. */
export interface PagedAttentionMethod {
  /** The positions that are taken together. Default: all, which makes one kernel. */
  readonly chunk?: number;
  /** The factor of the dot products, above 0. Default: 1/√headDim. */
  readonly scale?: number;
  /** Bounds each score to ±softcap: `softcap·tanh(score/softcap)` (Gemma 2). Default: no bound. */
  readonly softcap?: number;
  /** The number of positions that a token sees, up to its own (Mistral). Default: all. */
  readonly slidingWindow?: number;
  /** The first positions, which a token sees outside of its window too (StreamingLLM). Default: 0. */
  readonly sinkTokens?: number;
}
const METHOD = {
  chunk: extent,
  scale: number({ above: 0 }),
  softcap: number({ above: 0 }),
  slidingWindow: extent,
  sinkTokens: number({ min: 0 }),
} satisfies Fields<PagedAttentionMethod>;

/** The options of {@linkcode pagedAttention}. */
export interface PagedAttentionOptions extends PagedAttentionMethod, ResultOptions {}
const OPTIONS = { ...METHOD, ...RESULT } satisfies Fields<PagedAttentionOptions>;

/**
 * Attends over a cache in pages (vLLM's PagedAttention, arXiv 2309.06180), in MLC's layout. Position l of a sequence
 * lies in page `pages[l / pageSize]`, at `l mod pageSize`. A token sees the positions up to its own. All sums are in f32.
 *
 * @param Q the queries [rows, heads, headDim] of f32 or f16
 * @param cache keys and values [pages, 2, kvHeads, pageSize, headDim], of Q's dtype
 * @param pages the numbers of the sequence's pages: i32[blocks], or [rows, blocks] where each row is of its own sequence
 * @param positions the rows' positions, i32[rows], below blocks·pageSize
 * @returns O, of Q's shape and dtype; its name is O by default
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {TeError} for tensors that don't fit together, and kvHeads that don't divide heads
 */
export function pagedAttention(
  Q: Tensor,
  cache: Tensor,
  pages: Tensor,
  positions: Tensor,
  options: PagedAttentionOptions = {},
): Tensor {
  const operator = "pagedAttention";
  checkTensors(operator, { Q, cache, pages, positions });
  checkOptions("op.pagedAttention", options, OPTIONS);
  const { chunk, softcap, slidingWindow, sinkTokens = 0, name = "O" } = options;
  const dtype = sharedFloat(operator, { Q, cache });
  const [rows] = shapeOfRank(operator, "Q", Q, 3, "[rows, heads, headDim]") as [Expr, Expr, Expr];
  const heads = constantExtent(operator, "Q", Q, 1), headDim = constantExtent(operator, "Q", Q, 2);
  const kvHeads = constantExtent(operator, "cache", cache, 2);
  const pageSize = constantExtent(operator, "cache", cache, 3);
  checkShape(
    operator,
    "cache",
    cache,
    ["pages", constant(2), constant(kvHeads), constant(pageSize), constant(headDim)],
    "to match Q's headDim",
  );
  checkTypes(operator, { pages, positions }, "i32");
  checkShape(operator, "positions", positions, [rows], "to match Q's rows");
  const each = pages.shape.length === 2;
  checkShape(operator, "pages", pages, each ? [rows, "blocks"] : ["blocks"], "to list pages");
  if (heads % kvHeads !== 0) {
    throw new TeError(`expected kvHeads to divide heads, got ${kvHeads} and ${heads}, in ${operator}`);
  }
  const blocks = pages.shape.at(-1) as Expr, group = heads / kvHeads;
  const page = (i: Expr, l: Expr) => {
    const block = floorDiv(l, pageSize);
    return each ? pages.at(i, block) : pages.at(block);
  };
  const length = mul(blocks, pageSize);
  // The last chunk may go past the pages.
  const within = (l: Expr, e: (l: Expr) => Expr) =>
    chunk === undefined || chunk === pageSize ? e(l) : select(lt(l, length), e(l), constant(0, dtype));
  const stored = (part: 0 | 1) => (i: Expr, l: Expr, h: Expr, e: Expr) =>
    within(l, (l) => cache.at(page(i, l), part, floorDiv(h, group), floorMod(l, pageSize), e));
  const value = stored(1);
  const visible = (i: Expr, l: Expr) => {
    const own = positions.at(i);
    if (slidingWindow === undefined) return le(l, own);
    const near = lt(sub(own, l), slidingWindow);
    return and(le(l, own), sinkTokens > 0 ? or(near, lt(l, sinkTokens)) : near);
  };
  return attend({
    name,
    queries: rows,
    length,
    heads,
    headDim,
    dtype,
    ...(chunk !== undefined && { chunk }),
    query: (i, h, d) => Q.at(i, h, d),
    key: stored(0),
    // What lies where a token doesn't look may be no number.
    value: (i, l, h, e) => select(visible(i, l), value(i, l, h, e), constant(0, dtype)),
    visible,
    scale: options.scale ?? 1 / Math.sqrt(headDim),
    ...(softcap !== undefined && { softcap }),
  });
}

/** The options of {@linkcode pagedAttentionProgram}. */
export interface PagedAttentionProgramOptions extends PagedAttentionMethod {
  /** The tokens of the queries: those of a prompt, or one of each sequence. */
  readonly rows: Dim;
  /** The pages that a sequence may have. */
  readonly blocks: Dim;
  /** The pages of the cache. */
  readonly pages: Dim;
  /** Positions of a page. Default: 16. */
  readonly pageSize?: number;
  /** Heads of queries. */
  readonly heads: number;
  /** Heads of keys and of values, each shared by heads/kvHeads heads of queries. */
  readonly kvHeads: number;
  /** Elements of a head. */
  readonly headDim: number;
  /** Each row is of its own sequence, as when decoding. Default: false, all rows are of one. */
  readonly sequences?: boolean;
  /** The dtype of Q, cache and O; all sums are in f32. Default: f32. */
  readonly dtype?: "f32" | "f16";
}
const PROGRAM = {
  rows: required(dimension),
  blocks: required(dimension),
  pages: required(dimension),
  pageSize: extent,
  heads: required(extent),
  kvHeads: required(extent),
  headDim: required(extent),
  sequences: flag,
  dtype: floatType,
  ...METHOD,
} satisfies Fields<PagedAttentionProgramOptions>;

/** Positions of a page by default, as MLC has them. */
export const PAGE = 16;

/**
 * Makes the program of {@linkcode pagedAttention}. Parameters Q[rows, heads, headDim],
 * cache[pages, 2, kvHeads, pageSize, headDim], table i32[blocks] or [rows, blocks] below pages, positions i32[rows],
 * O[rows, heads, headDim].
 *
 * @throws {OptionError} for an option that doesn't exist, is missing or can't have its value
 * @throws {TeError} for kvHeads that don't divide heads
 */
export function pagedAttentionProgram(options: PagedAttentionProgramOptions): PrimFunc {
  checkOptions("te.pagedAttention", options, PROGRAM);
  const { pageSize = PAGE, heads, kvHeads, headDim, sequences = false, dtype, ...rest } = options;
  const { rows: r, blocks: b, pages: p, ...method } = rest;
  const { rows, blocks, pages } = dims({ rows: r, blocks: b, pages: p });
  const Q = placeholder("Q", [rows, heads, headDim], dtype);
  const cache = placeholder("cache", [pages, 2, kvHeads, pageSize, headDim], dtype);
  const table = placeholder("table", sequences ? [rows, blocks] : [blocks], "i32", { below: pages });
  const positions = placeholder("positions", [rows], "i32", { below: mul(blocks, pageSize) });
  return primFunc("paged_attention", [
    Q,
    cache,
    table,
    positions,
    pagedAttention(Q, cache, table, positions, method),
  ]);
}
