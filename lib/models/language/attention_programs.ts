/** The programs of a layer's attention: keys and values go into the cache, and queries look at it. */
import { add, call, cast, constant, div, eq, floorDiv, floorMod, mul, select } from "../../ir/build.ts";
import type { ScalarType } from "../../ir/dtype.ts";
import type { Expr, Var } from "../../ir/expr.ts";
import type { PrimFunc } from "../../ir/func.ts";
import { pagedAttention } from "../../op/paged_attention.ts";
import { compute } from "../../te/compute.ts";
import { primFunc } from "../../te/prim_func.ts";
import { reduceAxis, sum } from "../../te/reduce.ts";
import { placeholder, type Tensor } from "../../te/tensor.ts";
import { update } from "../../te/update.ts";
import type { ModelConfig } from "../config/model_config.ts";
import { rotated } from "./rotated.ts";
import { positionsIn, statePlaceholder } from "./state_programs.ts";
import type { StepShape } from "./step_shape.ts";

/** What both programs take. */
interface Inputs {
  readonly qkv: Tensor;
  readonly cache: Tensor;
  readonly pages: Tensor;
  /** Positions, or the state of decoding, which has them in its first column. */
  readonly given: Tensor;
  readonly positions: Tensor;
  readonly rope: Tensor;
}

function inputsOf(c: ModelConfig, s: StepShape, dim: number): Inputs {
  const width = (c.heads + 2 * c.kvHeads) * c.headDim;
  const given = s.sequences
    ? statePlaceholder(s)
    : placeholder("positions", [s.rows], "i32", { below: s.context });
  return {
    qkv: placeholder("qkv", [s.rows, width], s.dtype),
    cache: placeholder("cache", ["pages", 2, c.kvHeads, s.pageSize, c.headDim], s.dtype),
    pages: placeholder("table", s.sequences ? [s.rows, s.blocks] : [s.blocks], "i32", { below: 2 ** 24 }),
    given,
    positions: s.sequences ? positionsIn(given, s) : given,
    rope: placeholder("rope", [s.context, dim], "f32"),
  };
}

const f32 = (e: Expr) => cast("f32", e);

/** Elements of heads, in f32: those of `count` heads from the column of head `first` on, after their norm if there is one. */
function headsOf(
  c: ModelConfig,
  qkv: Tensor,
  first: number,
  count: number,
  norm: Tensor | undefined,
): (i: Expr, h: Expr, d: Expr) => Expr {
  const element = (i: Expr, h: Expr, d: Expr) => f32(qkv.at(i, add(mul(add(h, first), c.headDim), d)));
  if (!norm) return element;
  const e = reduceAxis(c.headDim, "e"), rows = qkv.shape[0] as Expr;
  const squares = compute("squares", [rows, count], (i, h) => {
    const x = element(i as Var, h as Var, e.var);
    return sum(mul(x, x), [e]);
  });
  const mean = (i: Expr, h: Expr) => div(squares.at(i, h), constant(c.headDim, "f32"));
  const scale = (i: Expr, h: Expr) => call("rsqrt", add(mean(i, h), constant(c.normEps, "f32")));
  return (i, h, d) => mul(mul(element(i, h, d), scale(i, h)), f32(norm.at(d)));
}

/**
 * Makes the program that rotates the keys of a step, and puts keys and values into the cache. Parameters qkv, cache (updated
 * in place), table, positions, rope, and with norms of queries and keys the norm's weight[headDim].
 */
export function appendProgram(c: ModelConfig, s: StepShape, dim: number): PrimFunc {
  const { qkv, cache, pages, given, positions, rope } = inputsOf(c, s, dim);
  const norm = c.queryKeyNorm ? placeholder("norm", [c.headDim], s.dtype) : undefined;
  const key = headsOf(c, qkv, c.heads, c.kvHeads, norm);
  const rows = qkv.shape[0] as Expr;
  const value = (i: Expr, h: Expr, d: Expr) => qkv.at(i, add(mul(add(h, c.heads + c.kvHeads), c.headDim), d));
  const now = update(cache, [rows, 2, c.kvHeads, c.headDim], (...at) => {
    const [i, part, h, d] = at as readonly [Var, Var, Var, Var];
    const p = positions.at(i), block = floorDiv(p, s.pageSize);
    const page = s.sequences ? pages.at(i, block) : pages.at(block);
    const turned = rotated(rope, dim, c.headDim, { position: p, d, x: (d) => key(i, h, d) });
    return {
      at: [page, part, h, floorMod(p, s.pageSize), d],
      value: select(eq(part, 0), cast(s.dtype, turned), value(i, h, d)),
    };
  });
  return primFunc("append", [qkv, pages, given, rope, ...(norm ? [norm] : []), now]);
}

/**
 * Makes the program that rotates the queries of a step, and attends over the cache. Parameters qkv, cache, table, positions,
 * rope, with norms of queries and keys the norm's weight[headDim], and O[rows, heads, headDim].
 */
export function attentionProgram(c: ModelConfig, s: StepShape, dim: number, slides: boolean): PrimFunc {
  const { qkv, cache, pages, given, positions, rope } = inputsOf(c, s, dim);
  const norm = c.queryKeyNorm ? placeholder("norm", [c.headDim], s.dtype) : undefined;
  const query = headsOf(c, qkv, 0, c.heads, norm);
  const Q = compute("query", [qkv.shape[0] as Expr, c.heads, c.headDim], (...at) => {
    const [i, h, d] = at as readonly [Var, Var, Var];
    const turned = rotated(rope, dim, c.headDim, { position: positions.at(i), d, x: (d) => query(i, h, d) });
    return cast(s.dtype as ScalarType, turned);
  });
  const O = pagedAttention(Q, cache, pages, positions, {
    scale: c.queryScale,
    ...(s.chunk !== undefined && { chunk: s.chunk }),
    ...(c.attentionSoftCap !== undefined && { softcap: c.attentionSoftCap }),
    ...(slides && c.slidingWindow !== undefined &&
      { slidingWindow: c.slidingWindow, sinkTokens: s.sinkTokens }),
  });
  return primFunc("attention", [qkv, cache, pages, given, rope, ...(norm ? [norm] : []), O]);
}
