/** Indices as digits: how a box of positions is numbered by the axes of another. */
import { isConst } from "../../ir/build.ts";
import { equalExpr } from "../../ir/equal.ts";
import type { Expr, Var } from "../../ir/expr.ts";
import type { IterVar } from "../../ir/stmt.ts";
import type { IndexMap } from "../../schedule/index_map.ts";
import { constExtent, sizeOf } from "../analysis.ts";

/** `of // stride % extent`. */
interface Digit {
  readonly of: Var;
  readonly stride: number;
  readonly extent: Expr;
}

/** `scale · n + offset`, where n has these digits, the least significant first. */
interface Number {
  readonly digits: readonly Digit[];
  readonly scale: number;
  readonly offset: number;
}

/**
 * Finds the map from the axes of a block to the places at which it reads a tensor, if each element is read exactly once:
 * `Y[i, j*64 + k]` of `Y: [8, 256]` by axes of 8, 4 and 64 is `{ split: [[], [], []], order: [0, [1, 2]] }`.
 */
export function placesReadOnce(
  iters: readonly IterVar[],
  indices: readonly Expr[],
  shape: readonly Expr[],
): IndexMap | undefined {
  const extents = new Map(iters.map((it) => [it.var, it.extent]));
  const read = indices.map((e) => numberOf(e, extents));
  const whole = read.every((n, d) =>
    n && n.offset === 0 && (n.digits.length === 0 || n.scale === 1) && isAsLong(n.digits, shape[d] as Expr)
  );
  if (!whole) return undefined;
  const lists = read.map((n) => (n as Number).digits);
  let pieces = 0;
  const numbers = new Map<Digit, number>(), units: number[] = [], split: number[][] = [];
  for (const it of iters) {
    const own = lists.flat().filter((d) => d.of === it.var).toSorted((a, b) => b.stride - a.stride);
    if (own.length === 0 && isConst(it.extent, 1)) units.push(pieces++);
    else if (!makesUp(own, it.extent)) return undefined;
    own.forEach((d) => numbers.set(d, pieces++));
    split.push(own.slice(1).map((d) => constExtent(d.extent) as number));
  }
  const order = lists.filter((l) => l.length > 0).map((l) =>
    l.toReversed().map((d) => numbers.get(d) as number)
  );
  return { split, order: [...order.map((g) => g.length === 1 ? g[0] as number : g), ...units] };
}

/** Whether digits, the most significant first, are all of an axis, each once. */
function makesUp(digits: readonly Digit[], extent: Expr): boolean {
  let stride = 1;
  for (const [k, d] of [...digits.entries()].toReversed()) {
    if (d.stride !== stride) return false;
    const size = constExtent(d.extent);
    if (k === 0) {
      return size === undefined
        ? stride === 1 && equalExpr(d.extent, extent)
        : isConst(extent, size * stride);
    }
    if (size === undefined) return false;
    stride *= size;
  }
  return false;
}

function isAsLong(digits: readonly Digit[], extent: Expr): boolean {
  const [only] = digits;
  if (only && digits.length === 1 && constExtent(only.extent) === undefined) {
    return equalExpr(only.extent, extent);
  }
  const size = sizeOf(digits);
  return size !== undefined && isConst(extent, size);
}

function numberOf(e: Expr, extents: ReadonlyMap<Var, Expr>): Number | undefined {
  if (e.kind === "const") return { digits: [], scale: 1, offset: e.value };
  if (e.kind === "var") {
    const extent = extents.get(e);
    return extent &&
      { digits: isConst(extent, 1) ? [] : [{ of: e, stride: 1, extent }], scale: 1, offset: 0 };
  }
  if (e.kind !== "binary") return undefined;
  const a = numberOf(e.a, extents), b = numberOf(e.b, extents);
  if (!a || !b) return undefined;
  const by = isNumber(b) ? b.offset : undefined;
  switch (e.op) {
    case "add":
      return sumOf(a, b);
    case "sub":
      return by === undefined ? undefined : { ...a, offset: a.offset - by };
    case "mul":
      if (isNumber(a)) return scaled(b, a.offset);
      return by === undefined ? undefined : scaled(a, by);
    case "floordiv":
    case "floormod": {
      if (by === undefined || a.offset !== 0 || a.scale !== 1) return undefined;
      const parts = parted(a.digits, by);
      return parts && { digits: parts[e.op === "floordiv" ? 1 : 0], scale: 1, offset: 0 };
    }
    default:
      return undefined;
  }
}

function isNumber({ digits }: Number): boolean {
  return digits.length === 0;
}

function scaled(n: Number, by: number): Number | undefined {
  return by <= 0 ? undefined : { digits: n.digits, scale: n.scale * by, offset: n.offset * by };
}

function sumOf(a: Number, b: Number): Number | undefined {
  const offset = a.offset + b.offset;
  if (isNumber(a)) return { ...b, offset };
  if (isNumber(b)) return { ...a, offset };
  const [low, high] = a.scale < b.scale ? [a, b] : [b, a];
  const size = sizeOf(low.digits);
  if (size === undefined || high.scale !== low.scale * size) return undefined;
  return { digits: [...low.digits, ...high.digits], scale: low.scale, offset };
}

/** The digits below `by` and those from it on. */
function parted(
  digits: readonly Digit[],
  by: number,
): readonly [low: readonly Digit[], high: readonly Digit[]] | undefined {
  const low: Digit[] = [];
  let left = by;
  for (const [k, d] of digits.entries()) {
    if (left === 1) return [low, digits.slice(k)];
    const size = constExtent(d.extent);
    if (size === undefined || (size % left !== 0 && left % size !== 0)) return undefined;
    if (left < size) {
      const extent = (n: number): Expr => ({ ...d.extent, value: n }) as Expr;
      const below = { ...d, extent: extent(left) };
      return [[...low, below], [
        { ...d, stride: d.stride * left, extent: extent(size / left) },
        ...digits.slice(k + 1),
      ]];
    }
    low.push(d);
    left /= size;
  }
  return left === 1 || low.length === digits.length ? [low, []] : undefined;
}
