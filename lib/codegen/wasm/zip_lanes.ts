/** Finds the vector that four equal computations on neighbouring elements are. */
import { linearAdd, linearOf } from "../../arith/linear.ts";
import { broadcast } from "../../ir/build.ts";
import { lanesOf, scalarOf, withLanes } from "../../ir/dtype.ts";
import type { Expr, Load } from "../../ir/expr.ts";
import { keyOf } from "../../ir/key.ts";
import { mapExpr } from "../../ir/visit.ts";

/** Tells whether four elements from `index` on may be read at once, in place of single ones. */
export type MayLoad = (load: Load, index: Expr) => boolean;

/** Nodes of a computation, above which equal parts aren't looked for. */
const DEEPEST = 24;

/**
 * Gives one expression of four lanes for four scalar ones that differ in nothing but their elements; undefined where they
 * are no such.
 */
export function zipLanes(lanes: readonly Expr[], mayLoad: MayLoad, depth = DEEPEST): Expr | undefined {
  const [first] = lanes as [Expr, Expr, Expr, Expr];
  if (depth === 0 || lanes.some((x) => x.kind !== first.kind || x.dtype !== first.dtype)) return undefined;
  if (lanesOf(first.dtype) > 1) return undefined;
  if (lanes.every((x) => x === first)) return broadcast(first, 4);
  switch (first.kind) {
    case "const":
      return { kind: "shuffle", dtype: withLanes(first.dtype, 4), lanes };
    case "load":
      return zipLoads(lanes as readonly Load[], mayLoad);
    case "binary":
    case "call":
    case "select":
    case "cast":
    case "not":
      return zipOperation(lanes, mayLoad, depth);
    default:
      return undefined;
  }
}

function zipLoads(loads: readonly Load[], mayLoad: MayLoad): Expr | undefined {
  const [first] = loads as [Load, Load, Load, Load], key = keyOf(first);
  if (loads.some((x) => x.buffer !== first.buffer)) return undefined;
  if (loads.every((x) => keyOf(x) === key)) return broadcast(first, 4);
  if (first.dtype === "bool") return undefined;
  const base = first.indices[0] as Expr, from = linearOf(base);
  const step = (x: Load) => {
    const apart = linearAdd(linearOf(x.indices[0] as Expr), from, -1);
    return apart.terms.size === 0 ? apart.constant : undefined;
  };
  if (!loads.every((x, k) => step(x) === k) || !mayLoad(first, base)) return undefined;
  const index: Expr = { kind: "ramp", dtype: "i32x4", base, stride: 1 };
  return { ...first, dtype: withLanes(first.dtype, 4), indices: [index] };
}

function zipOperation(lanes: readonly Expr[], mayLoad: MayLoad, depth: number): Expr | undefined {
  const [first] = lanes as [Expr, Expr, Expr, Expr];
  if (!lanes.every((x) => isSameOperation(x, first))) return undefined;
  // No instruction divides integers lane by lane.
  if (first.kind === "binary" && (first.op === "floordiv" || first.op === "floormod")) return undefined;
  const operands = lanes.map(childrenOf), made: Expr[] = [];
  for (let k = 0; k < (operands[0]?.length ?? 0); k++) {
    const zipped = zipLanes(operands.map((x) => x[k] as Expr), mayLoad, depth - 1);
    if (!zipped) return undefined;
    made.push(zipped);
  }
  if (first.kind === "binary" && (first.op === "shl" || first.op === "shr") && !isShift(made[1])) {
    return undefined;
  }
  let k = 0;
  const x = mapExpr(first, () => made[k++] as Expr);
  return { ...x, dtype: withLanes(scalarOf(first.dtype), 4) } as Expr;
}

function isShift(amount: Expr | undefined): boolean {
  return amount?.kind === "broadcast";
}

function isSameOperation(a: Expr, b: Expr): boolean {
  if (a.kind === "binary" && b.kind === "binary") return a.op === b.op;
  if (a.kind === "call" && b.kind === "call") return a.op === b.op && a.args.length === b.args.length;
  return a.kind === b.kind;
}

function childrenOf(e: Expr): readonly Expr[] {
  const found: Expr[] = [];
  mapExpr(e, (c) => (found.push(c), c));
  return found;
}
