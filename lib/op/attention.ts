import {
  add,
  and,
  call,
  cast,
  ceilDiv,
  constant,
  div,
  floorDiv,
  le,
  lt,
  mul,
  select,
  sub,
} from "../ir/build.ts";
import { RANGE } from "../ir/dtype.ts";
import type { Expr, Var } from "../ir/expr.ts";
import type { PrimFunc } from "../ir/func.ts";
import {
  compute,
  type Dim,
  dims,
  max,
  placeholder,
  primFunc,
  reduceAxis,
  sum,
  type Tensor,
} from "../te/compute.ts";
import { TeError } from "../te/error.ts";

export interface AttentionOptions {
  /** Tokens that ask: 1 when decoding. */
  readonly queries: Dim;
  /** Tokens in the cache, those that ask included. */
  readonly length: Dim;
  readonly heads: number;
  /** Heads of keys and values, each shared by heads/kvHeads heads of queries. */
  readonly kvHeads: number;
  /** Elements of a head. */
  readonly headDim: number;
  /** Token i of those that ask sees the cache up to itself, position `length - queries + i`. Default true. */
  readonly causal?: boolean;
  /** Positions of the cache that are taken together. Default 64. */
  readonly chunk?: number;
  /** Of all tensors; all sums are in f32. Default f32. */
  readonly dtype?: "f32" | "f16";
}

/**
 * Attention over a cache of keys and values: `O[i, h] = Σ_l softmax_l(Q[i, h]·K[l, h/g] / √headDim) V[l, h/g]`.
 * Parameters Q[queries, heads, headDim], K and V[length, kvHeads, headDim], O[queries, heads, headDim].
 *
 * The softmax is taken chunk by chunk, each about its own maximum, and the chunks are put together at the end
 * (Flash-Decoding; Dao et al., 2023), so that no tensor is as long as the cache.
 *
 * @throws {TeError} for an impossible extent, heads that kvHeads do not divide, or more queries than the cache
 * has positions
 */
export function attention(options: AttentionOptions): PrimFunc {
  const { heads, kvHeads, headDim, causal = true, chunk = 64, dtype = "f32" } = options;
  const { queries, length } = dims("attention", {
    queries: options.queries,
    length: options.length,
    heads,
    kvHeads,
    headDim,
    chunk,
  });
  if (heads % kvHeads !== 0) {
    throw new TeError(
      `cannot build attention of ${heads} heads over ${kvHeads}: each head of keys serves as many heads of ` +
        `queries, so kvHeads divides heads`,
    );
  }
  if (queries.kind === "const" && length.kind === "const" && queries.value > length.value) {
    throw new TeError(
      `cannot build attention of ${queries.value} queries over a cache of ${length.value}: the tokens that ask ` +
        `are in it too, so length is at least queries`,
    );
  }
  const group = heads / kvHeads;
  const Q = placeholder("Q", [queries, heads, headDim], dtype);
  const K = placeholder("K", [length, kvHeads, headDim], dtype);
  const V = placeholder("V", [length, kvHeads, headDim], dtype);
  const chunks = ceilDiv(length, chunk);
  const lowest = constant(RANGE.f32[0], "f32");
  const f32 = (e: Expr) => cast("f32", e);
  const cached = (c: Expr, t: Expr) => add(mul(c, chunk), t);
  /** Past the end of the cache there are zeros, which are not used. */
  const within = (t: Tensor, l: Expr, h: Expr, e: Expr) =>
    select(lt(l, length), t.at(l, floorDiv(h, group), e), constant(0, dtype));
  const visible = (i: Expr, l: Expr) =>
    causal ? and(lt(l, length), le(l, add(sub(length, queries), i))) : lt(l, length);

  const d = reduceAxis(headDim, "d"), scale = constant(1 / Math.sqrt(headDim), "f32");
  const dot = compute("dot", [queries, heads, chunks, chunk], (...at) => {
    const [i, h, c, t] = at as readonly [Var, Var, Var, Var];
    const key = within(K, cached(c, t), h, d.var);
    return sum(mul(f32(Q.at(i, h, d.var)), f32(key)), [d]);
  });
  const score = compute("score", [queries, heads, chunks, chunk], (...at) => {
    const [i, , c, t] = at as readonly [Var, Var, Var, Var];
    return select(visible(i, cached(c, t)), mul(dot.at(...at), scale), lowest);
  });
  const k = reduceAxis(chunk, "t"), l = reduceAxis(chunk, "t"), n = reduceAxis(chunk, "t");
  const perChunk = [queries, heads, chunks];
  const largest = compute("largest", perChunk, (...at) => max(score.at(...at, k.var), [k]));
  const weight = compute(
    "weight",
    [...perChunk, chunk],
    (...at) => call("exp", sub(score.at(...at), largest.at(...at.slice(0, 3)))),
  );
  const total = compute("total", perChunk, (...at) => sum(weight.at(...at, l.var), [l]));
  const partial = compute("partial", [...perChunk, headDim], (...at) => {
    const [i, h, c, e] = at as readonly [Var, Var, Var, Var];
    return sum(mul(weight.at(i, h, c, n.var), f32(within(V, cached(c, n.var), h, e))), [n]);
  });
  // A chunk that a token does not see at all has weights of one each; its share below is nothing.
  const a = reduceAxis(chunks, "c"), b = reduceAxis(chunks, "c"), s = reduceAxis(chunks, "c");
  const top = compute("top", [queries, heads], (...at) => max(largest.at(...at, a.var), [a]));
  const share = (i: Expr, h: Expr, c: Expr) => call("exp", sub(largest.at(i, h, c), top.at(i, h)));
  const whole = compute("whole", [queries, heads], (...at) => {
    const [i, h] = at as readonly [Var, Var];
    return sum(mul(share(i, h, b.var), total.at(i, h, b.var)), [b]);
  });
  const joined = compute("joined", [queries, heads, headDim], (...at) => {
    const [i, h, e] = at as readonly [Var, Var, Var];
    return sum(mul(share(i, h, s.var), partial.at(i, h, s.var, e)), [s]);
  });
  const O = compute("O", [queries, heads, headDim], (...at) => {
    const [i, h] = at as readonly [Var, Var, Var];
    return cast(dtype, div(joined.at(...at), whole.at(i, h)));
  });
  return primFunc("attention", [Q, K, V, O]);
}
