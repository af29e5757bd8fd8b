/** The softmax of scores over a cache, and the sum of values by it: what all kinds of attention share. */
import {
  add,
  call,
  cast,
  ceilDiv,
  constant,
  div,
  gt,
  max as larger,
  min as smaller,
  mul,
  select,
  sub,
} from "../ir/build.ts";
import { RANGE } from "../ir/dtype.ts";
import type { Expr, Var } from "../ir/expr.ts";
import { compute, type ShapeCondition } from "../te/compute.ts";
import { max, reduceAxis, sum } from "../te/reduce.ts";
import type { Reduction, Tensor } from "../te/tensor.ts";

/** An element of keys or values that a token reads: of a position, a head of queries, and a place in the head. */
type Cached = (token: Expr, position: Expr, head: Expr, place: Expr) => Expr;

/** What attention takes, as functions of positions. */
export interface Attended {
  /** The name of the result. */
  readonly name: string;
  /** Tokens with queries. */
  readonly queries: Expr;
  /** Positions of the cache. */
  readonly length: Expr;
  /** Heads of queries. */
  readonly heads: number;
  /** Elements of a head. */
  readonly headDim: number;
  /** The dtype of the result. */
  readonly dtype: "f32" | "f16";
  /** The positions that are taken together. Undefined: all. */
  readonly chunk?: number;
  /** An element of the queries. */
  readonly query: (token: Expr, head: Expr, place: Expr) => Expr;
  /** An element of the keys. */
  readonly key: Cached;
  /** An element of the values. It is a number also where the token doesn't see the position. */
  readonly value: Cached;
  /** Whether a token sees a position. */
  readonly visible: (token: Expr, position: Expr) => Expr;
  /** The factor of the dot products. */
  readonly scale: number;
  /** Bounds scores to ±softcap. */
  readonly softcap?: number;
  /** What is added to a score. */
  readonly bias?: (head: Expr, token: Expr, position: Expr) => Expr;
  /** A head's own logit, which is added to the softmax's sum alone. */
  readonly sink?: (head: Expr) => Expr;
  /** Conditions on shape variables. */
  readonly requires?: readonly ShapeCondition[];
}

const LOWEST = constant(RANGE.f32[0], "f32");
/** A chunk that a token doesn't see has the lowest number as its maximum, so that no weight is infinite. */
const fromLowest = (r: Reduction): Reduction => ({ ...r, from: RANGE.f32[0] });
const f32 = (e: Expr) => cast("f32", e);

/** Attends: the result [queries, heads, headDim]. Chunks are put together at the end. */
export function attend(a: Attended): Tensor {
  const { chunk, length } = a;
  return chunk === undefined
    ? whole(a, partsOf(a, [a.queries, a.heads], length))
    : joined(a, partsOf(a, [a.queries, a.heads, ceilDiv(length, chunk)], chunk));
}

/** Of each chunk of positions: the largest score, the sum of the weights, and that of the weighted values. */
interface Parts {
  readonly largest: Tensor;
  readonly total: Tensor;
  readonly partial: Tensor;
}

/** Parts at `lead`: token, head and, where there are several, chunk. A chunk has `width` positions. */
function partsOf(a: Attended, lead: readonly (Expr | number)[], width: Expr | number): Parts {
  const { headDim, bias } = a;
  /** The token, the head, and the position, of the place `t` in a chunk. */
  const placed = (at: readonly Expr[], t: Expr) => {
    const [i, h, c] = at as readonly [Expr, Expr, Expr?];
    return { i, h, l: lead.length > 2 ? add(mul(c as Expr, width), t) : t };
  };
  const d = reduceAxis(headDim, "d"), scale = constant(a.scale, "f32");
  const dot = compute("dot", [...lead, width], (...at) => {
    const { i, h, l } = placed(at.slice(0, -1), at.at(-1) as Var);
    return sum(mul(f32(a.query(i, h, d.var)), f32(a.key(i, l, h, d.var))), [d]);
  });
  const score = compute("score", [...lead, width], (...at) => {
    const { i, h, l } = placed(at.slice(0, -1), at.at(-1) as Var);
    const own = capped(mul(dot.at(...at), scale), a.softcap);
    const biased = bias ? larger(add(own, bias(h, i, l)), LOWEST) : own;
    return select(a.visible(i, l), biased, LOWEST);
  });
  const k = reduceAxis(width, "t"), l = reduceAxis(width, "t"), n = reduceAxis(width, "t");
  const largest = compute("largest", lead, (...at) => fromLowest(max(score.at(...at, k.var), [k])));
  const weight = compute("weight", [...lead, width], (...at) => {
    const e = call("exp", sub(score.at(...at), largest.at(...at.slice(0, -1))));
    // A mask can hide all that a token sees. Then its weights are 0, and not 1.
    return bias ? select(gt(score.at(...at), LOWEST), e, constant(0, "f32")) : e;
  });
  const total = compute("total", lead, (...at) => sum(weight.at(...at, l.var), [l]));
  const partial = compute("partial", [...lead, headDim], (...at) => {
    const chunk = at.slice(0, -1), { i, h, l } = placed(chunk, n.var);
    return sum(mul(weight.at(...chunk, n.var), f32(a.value(i, l, h, at.at(-1) as Var))), [n]);
  });
  return { largest, total, partial };
}

function capped(x: Expr, softcap: number | undefined): Expr {
  if (softcap === undefined) return x;
  // Past 20 tanh is 1 in f32; past 88 WGSL promises nothing, because it may divide one infinity by another.
  const bound = constant(softcap, "f32"), most = constant(20, "f32"), least = constant(-20, "f32");
  return mul(call("tanh", larger(smaller(div(x, bound), most), least)), bound);
}

/** The result of chunks. A chunk that a token doesn't see at all has weights of one each; its share is 0. */
function joined(a: Attended, { largest, total, partial }: Parts): Tensor {
  const { queries, heads, headDim, sink } = a, chunks = largest.shape[2] as Expr;
  const k = reduceAxis(chunks, "c"), b = reduceAxis(chunks, "c"), s = reduceAxis(chunks, "c");
  const highest = compute("top", [queries, heads], (...at) => fromLowest(max(largest.at(...at, k.var), [k])));
  const top = sink ? withSink("peak", a, highest, sink) : highest;
  const share = (i: Expr, h: Expr, c: Expr) => call("exp", sub(largest.at(i, h, c), top.at(i, h)));
  const whole = compute("whole", [queries, heads], (...at) => {
    const [i, h] = at as readonly [Var, Var];
    return sum(mul(share(i, h, b.var), total.at(i, h, b.var)), [b]);
  });
  const joined = compute("joined", [queries, heads, headDim], (...at) => {
    const [i, h, e] = at as readonly [Var, Var, Var];
    return sum(mul(share(i, h, s.var), partial.at(i, h, s.var, e)), [s]);
  });
  return divided(a, joined, whole, top);
}

/** The result where all positions are one chunk. */
function whole(a: Attended, { largest, total, partial }: Parts): Tensor {
  const { queries, heads, headDim, sink } = a;
  if (!sink) return divided(a, partial, total, largest);
  const top = withSink("peak", a, largest, sink);
  const share = (i: Expr, h: Expr) => call("exp", sub(largest.at(i, h), top.at(i, h)));
  const [seen, values] = [
    compute(
      "whole",
      [queries, heads],
      (i, h) => mul(share(i as Var, h as Var), total.at(i as Var, h as Var)),
    ),
    compute("joined", [queries, heads, headDim], (...at) => {
      const [i, h] = at as readonly [Var, Var, Var];
      return mul(share(i, h), partial.at(...at));
    }),
  ];
  return divided(a, values, seen, top);
}

function withSink(name: string, a: Attended, highest: Tensor, sink: (head: Expr) => Expr): Tensor {
  return compute(
    name,
    [a.queries, a.heads],
    (i, h) => larger(highest.at(i as Var, h as Var), sink(h as Var)),
  );
}

/** The values by the sum of the weights. */
function divided(a: Attended, values: Tensor, weights: Tensor, top: Tensor): Tensor {
  const { sink, bias } = a;
  return compute(a.name, [a.queries, a.heads, a.headDim], (...at) => {
    const [i, h] = at as readonly [Var, Var, Var], seen = weights.at(i, h);
    const sum = sink ? add(seen, call("exp", sub(sink(h), top.at(i, h)))) : seen;
    // The sum is 1 at least, or 0 where a mask hides everything.
    return cast(a.dtype, div(values.at(...at), bias ? larger(sum, constant(0.5, "f32")) : sum));
  }, a.requires ? { requires: a.requires } : {});
}
