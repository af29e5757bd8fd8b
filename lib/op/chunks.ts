import { ceilDiv, constant } from "../ir/build.ts";
import type { Expr } from "../ir/expr.ts";

/** A dimension in chunks: its positions are `chunk · size + k`, those beyond its extent left out. */
export interface Chunks {
  /** Positions of a chunk. */
  readonly size: number;
  /** The number of chunks; the last one may be shorter. */
  readonly count: Expr;
}

/** The extents up to which a dimension is not cut. */
const SHORT = 128;
/** The size of the chunks of a symbolic dimension. */
const SYMBOLIC = 64;

/**
 * Cuts a dimension into chunks whose size is a power of two.
 *
 * @param cost the size that makes a dimension of that extent cheapest; by default its square root, where a thread goes
 * through a chunk, and another one through the chunks
 * @returns undefined for a short dimension
 */
export function chunksOf(extent: Expr, cost: (n: number) => number = Math.sqrt): Chunks | undefined {
  if (extent.kind !== "const") return { size: SYMBOLIC, count: ceilDiv(extent, SYMBOLIC) };
  const n = extent.value;
  if (n <= SHORT) return undefined;
  const size = 2 ** Math.round(Math.log2(cost(n)));
  return { size, count: constant(Math.ceil(n / size)) };
}
