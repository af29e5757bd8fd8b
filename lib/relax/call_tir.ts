import { substituteShapes } from "../arith/specialize.ts";
import { equalExpr } from "../ir/equal.ts";
import type { Expr, Var } from "../ir/expr.ts";
import type { PrimFunc } from "../ir/func.ts";
import { inputsOf, outputsOf } from "../ir/parameters.ts";
import { printExpr } from "../ir/print.ts";
import { RelaxError } from "./error.ts";
import { printType } from "./print_graph.ts";
import type { TensorType, TirCall, Value } from "./value.ts";
import { storageOf } from "../ir/stored.ts";
import { typeOfBuffer } from "./apply_operator.ts";

/** A call, and the types of its results. */
export interface TypedCall {
  /** The call. */
  readonly call: TirCall;
  /** The types of its results, in order. */
  readonly types: readonly TensorType[];
}

/**
 * Calls a program on values: its shape variables become the values' extents.
 *
 * @throws {RelaxError} for arguments that don't fit the program's inputs, or that leave a shape variable open
 */
export function callTir(func: PrimFunc, args: readonly Value[]): TypedCall {
  const inputs = inputsOf(func);
  const asked = `calling ${func.name}`;
  if (inputs.length !== args.length) {
    const takes = inputs.map((b) => `${b.name}: ${printType(b)}`).join(", ");
    throw new RelaxError(`expected ${inputs.length} arguments (${takes}), got ${args.length}, ${asked}`);
  }
  const by = new Map<Var, Expr>();
  inputs.forEach((b, k) => {
    const { name, type } = args[k] as Value;
    const wrong = () =>
      new RelaxError(`expected ${b.name} of ${printType(b)}, got ${name} of ${printType(type)}, ${asked}`);
    if (storageOf(b) !== storageOf(type) || b.shape.length !== type.shape.length) throw wrong();
    b.shape.forEach((d, at) => {
      const extent = type.shape[at] as Expr;
      if (d.kind !== "var") return;
      const known = by.get(d);
      if (known && !equalExpr(known, extent)) throw wrong();
      by.set(d, extent);
    });
  });
  const open = func.shapeVars.find((v) => !by.has(v));
  if (open) {
    throw new RelaxError(
      `expected each shape variable of ${func.name} to be a dimension of an input, got ${open.name} that is none`,
    );
  }
  const bound = boundTo(func, by);
  inputsOf(bound).forEach((b, k) => {
    const { name, type } = args[k] as Value;
    const odd = b.shape.findIndex((d, at) => !equalExpr(d, type.shape[at] as Expr));
    if (odd < 0) return;
    throw new RelaxError(
      `expected ${name} of ${printType(b)}, got dimension ${odd} of extent ${
        printExpr(type.shape[odd] as Expr)
      }, ${asked}`,
    );
  });
  return {
    call: { kind: "tir", func: bound, args },
    types: outputsOf(bound).map(typeOfBuffer),
  };
}

/** What programs became for the extents of calls: calls of one program with the same extents share it. */
const known = new WeakMap<PrimFunc, (readonly [by: ReadonlyMap<Var, Expr>, bound: PrimFunc])[]>();

function boundTo(func: PrimFunc, by: ReadonlyMap<Var, Expr>): PrimFunc {
  const before = known.get(func) ?? [];
  const found = before.find(([b]) => [...by].every(([v, e]) => equalExpr(b.get(v) as Expr, e)));
  if (found) return found[1];
  const bound = substituteShapes(func, by);
  known.set(func, [...before, [by, bound]]);
  return bound;
}
