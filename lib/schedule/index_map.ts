/** Index maps: dimensions cut into pieces, and the pieces put together in another order. */
import { add, floorDiv, floorMod, isConst, mul, toExpr } from "../ir/build.ts";
import type { Expr } from "../ir/expr.ts";
import type { Analyzer } from "../arith/analyzer.ts";
import type { Stmt } from "../ir/stmt.ts";
import { sizeOf } from "../ir/size.ts";
import { ScheduleError } from "./error.ts";

/**
 * A bijection between the points of a box and those of another box, as plain data.
 *
 * `split` has for each dimension the factors of its inner pieces, outermost first; what they leave is the
 * outermost piece, so that no factors keep a dimension whole. Pieces are numbered from 0 over all dimensions.
 * `order` has for each new dimension the number of its piece, or a list of pieces that are fused, outermost
 * first. `{ split: [[4], []], order: [0, [2, 1]] }` makes `T[i // 4, j * 4 + i % 4]` of `T[i, j]`.
 */
export interface IndexMap {
  /** For each dimension the factors of its inner pieces, outermost first. */
  readonly split: readonly (readonly number[])[];
  /** For each new dimension the number of its piece, or a list of pieces that are fused. */
  readonly order: readonly (number | readonly number[])[];
}

/** One piece of a dimension: `x // stride % extent` of a position `x`. The outermost piece has no remainder. */
export interface Piece {
  /** The number of the dimension. */
  readonly of: number;
  /** Its number among the pieces of its dimension; undefined for a whole dimension. */
  readonly part?: number;
  /** Positions by which one step of the piece moves. */
  readonly stride: number;
  /** Steps of the piece. */
  readonly extent: Expr;
}

/** Pieces in all: more than there are loops in a nest. */
const PIECE_LIMIT = 64;
/** Statements and operations of a block, at most: more than operators have, and few enough to rewrite often. */
const SIZE_LIMIT = 1000;

/**
 * The pieces of each new dimension of a box of these `extents`, outermost first.
 *
 * @throws {ScheduleError} if `map` does not fit the box
 */
export function mapped(
  asked: string,
  { split, order }: IndexMap,
  extents: readonly Expr[],
  at: Stmt | undefined,
): readonly (readonly [Piece, ...Piece[]])[] {
  const refuse = (why: string): never => {
    throw new ScheduleError(`${asked}: ${why}`, at);
  };
  if (split.length !== extents.length) {
    refuse(
      `split has ${split.length} lists for ${extents.length} dimensions; give one each, empty where it stays whole`,
    );
  }
  const pieces = extents.flatMap((extent, d) => piecesOf(extent, split[d] ?? [], d, refuse));
  if (pieces.length > PIECE_LIMIT) {
    refuse(`it makes ${pieces.length} pieces; up to ${PIECE_LIMIT} work`);
  }
  const groups = order.map((g) => typeof g === "number" ? [g] : g);
  const used = groups.flat(), known = new Set(pieces.keys());
  if (used.length !== known.size || !known.isSubsetOf(new Set(used)) || groups.some((g) => g.length === 0)) {
    const all = pieces.length === 0 ? "there are none" : `these are 0 to ${pieces.length - 1}`;
    refuse(`order has to have each piece once, alone or in a list of those that are fused, and ${all}`);
  }
  const dimensions = groups.map((g) => g.map((k) => pieces[k] as Piece) as [Piece, ...Piece[]]);
  if (
    dimensions.some((g) => g.reduce((n, p) => n * (isConst(p.extent) ? p.extent.value : 1), 1) >= 2 ** 31)
  ) {
    refuse("a dimension would be 2^31 long or more; fuse fewer pieces");
  }
  return dimensions;
}

function piecesOf(
  extent: Expr,
  factors: readonly number[],
  of: number,
  refuse: (why: string) => never,
): readonly Piece[] {
  if (factors.length === 0) return [{ of, stride: 1, extent }];
  if (factors.some((f) => !(Number.isInteger(f) && f >= 1))) {
    refuse(`dimension ${of} is split by ${factors.join(" x ")}: factors are positive integers`);
  }
  if (!isConst(extent)) return refuse(`dimension ${of} is symbolic and stays whole; give it no factors`);
  const inner = factors.reduce((p, f) => p * f, 1);
  if (extent.value % inner !== 0) {
    refuse(
      `dimension ${of} is ${extent.value} long, which ${
        factors.join(" x ")
      } does not divide; choose factors that do`,
    );
  }
  let stride = extent.value;
  return [extent.value / inner, ...factors].map((f, part) => {
    stride /= f;
    return { of, part, stride, extent: toExpr(f) };
  });
}

/** Whether a new dimension is an old one as it was. */
export function isWhole(pieces: readonly [Piece, ...Piece[]]): boolean {
  return pieces.length === 1 && pieces[0].part === undefined;
}

/** Gives the extent of a new dimension. */
export function extentOfPieces(pieces: readonly Piece[], analyzer: Analyzer): Expr {
  return analyzer.simplify(pieces.reduce<Expr>((n, p) => mul(n, p.extent), toExpr(1)));
}

/** Gives the new position of an old one. */
export function forward(
  dimensions: readonly (readonly [Piece, ...Piece[]])[],
  at: readonly Expr[],
  analyzer: Analyzer,
): readonly Expr[] {
  const valueOf = ({ of, part, stride, extent }: Piece): Expr => {
    const x = floorDiv(at[of] as Expr, stride);
    return part ? floorMod(x, extent) : x;
  };
  return dimensions.map((pieces) => {
    // A whole dimension keeps its index, even of a single value: later steps may read the block's axes from it.
    if (isWhole(pieces)) return at[pieces[0].of] as Expr;
    const [first, ...rest] = pieces;
    return analyzer.simplify(
      rest.reduce<Expr>((e, p) => add(mul(e, p.extent), valueOf(p)), valueOf(first)),
    );
  });
}

/** The old position for the new one; `rank` is how many dimensions there were. */
export function backward(
  dimensions: readonly (readonly [Piece, ...Piece[]])[],
  at: readonly Expr[],
  rank: number,
): readonly Expr[] {
  const found = Array.from({ length: rank }, () => toExpr(0));
  dimensions.forEach((pieces, d) => {
    let rest = at[d] as Expr;
    for (const [k, { of, stride, extent }] of [...pieces.entries()].toReversed()) {
      const value = mul(k === 0 ? rest : floorMod(rest, extent), stride);
      const others = found[of] as Expr;
      found[of] = isConst(others, 0) ? value : add(others, value);
      rest = floorDiv(rest, extent);
    }
  });
  return found;
}

/**
 * Checks that a statement is small enough to be rewritten often.
 *
 * @throws {ScheduleError} where it is not
 */
export function checkSize(asked: string, s: Stmt, at: Stmt): void {
  const size = sizeOf(s);
  if (size <= SIZE_LIMIT) return;
  throw new ScheduleError(
    `${asked}: the block would have ${size} statements and operations; up to ${SIZE_LIMIT} work`,
    at,
  );
}
