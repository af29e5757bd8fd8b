/** Defines tensors by their elements, as functions of the position, and makes programs of such tensors. */
import { checkArgument, type Kind } from "../base/check_options.ts";
import { aFunction, arrayOf, instanceOf, oneOf, passing, text } from "../base/option_kinds.ts";
import { shownValue } from "../base/shown_value.ts";
import {
  binary,
  block,
  buffer,
  cast,
  constant,
  type ExprLike,
  forLoop,
  iterVar,
  load,
  seq,
  store,
  variable,
} from "../ir/build.ts";
import type { ScalarType } from "../ir/dtype.ts";
import type { Buffer, Expr, Load, Var } from "../ir/expr.ts";
import { PrimFunc } from "../ir/func.ts";
import { identityOf } from "../ir/reducer.ts";
import type { Stmt } from "../ir/stmt.ts";
import { replaceBuffers, substitute, walkExpr } from "../ir/visit.ts";
import { extents, isExpr } from "./dimension.ts";
import { TeError } from "./error.ts";

/** An axis that a reduction runs over. */
export interface ReduceAxis {
  /** The axis as the reduced expression mentions it. */
  readonly var: Var;
  /** The number of its positions. */
  readonly extent: Expr;
}

/** A sum or maximum over axes; it is a tensor's whole element. */
export interface Reduction {
  /** Tells a reduction from an expression. */
  readonly kind: "reduction";
  /** A sum or a maximum. */
  readonly op: "add" | "max";
  /** The expression that is reduced. */
  readonly value: Expr;
  /** The axes that it is reduced over, the outermost first. */
  readonly axes: readonly ReduceAxis[];
  /** Where a maximum starts that is never below it. Default: what changes nothing, 0 or -∞. */
  readonly from?: number;
}

/** How the elements of a tensor are computed. */
export interface Definition {
  /** The position of an element, one variable for each dimension. */
  readonly axes: readonly Var[];
  /** The element at that position. */
  readonly value: Expr | Reduction;
}

let made = 0;

/** A tensor: an input, or one that is computed from others. */
export class Tensor {
  /** The number of tensors that were made before this one. */
  readonly age: number = made++;

  /** Makes a tensor; `definition` is undefined for an input. {@linkcode placeholder} and {@linkcode compute} call this. */
  constructor(
    /** Where the tensor's elements are stored. */
    readonly buffer: Buffer,
    /** How the elements are computed; undefined for an input. */
    readonly definition?: Definition,
  ) {
    if (definition) computed.set(buffer, this);
  }

  /** The name of the tensor. */
  get name(): string {
    return this.buffer.name;
  }

  /** The extent of each dimension. */
  get shape(): readonly Expr[] {
    return this.buffer.shape;
  }

  /** The type of the elements. */
  get dtype(): ScalarType {
    return this.buffer.dtype;
  }

  /** Reads the element at `indices`, one for each dimension. */
  at(...indices: readonly ExprLike[]): Load {
    return load(this.buffer, ...indices);
  }
}

/** From the buffers that expressions mention to the tensors that they are computed as. */
const computed = new WeakMap<Buffer, Tensor>();

const scalarType: Kind<ScalarType> = oneOf("f32", "f16", "i32", "u32", "bool");
const shapeKind: Kind<readonly (ExprLike | string)[]> = passing("a list of extents", Array.isArray);
/** The kind of an argument that is a tensor. */
export const tensorKind: Kind<Tensor> = instanceOf(
  Tensor,
  "a tensor: a te.placeholder or one that is computed",
);

const axesKind: Kind<readonly ReduceAxis[]> = arrayOf(
  passing(
    "an axis that te.reduceAxis made",
    (x) => typeof x === "object" && x !== null && "var" in x && "extent" in x,
  ),
);

/**
 * Makes an input tensor.
 *
 * @param shape the extent of each dimension: a positive integer, a shape variable or its name, or an expression of
 * shape variables
 * @param dtype the type of the elements; f32 by default
 * @throws {OptionError} for an argument of a wrong kind
 * @throws {TeError} for an impossible extent
 */
export function placeholder(
  name: string,
  shape: readonly (ExprLike | string)[],
  dtype: ScalarType = "f32",
): Tensor {
  checkArgument("te.placeholder", "name", name, text);
  checkArgument("te.placeholder", "shape", shape, shapeKind);
  checkArgument("te.placeholder", "dtype", dtype, scalarType);
  return new Tensor(buffer(name, extents(name, shape), dtype));
}

/**
 * Makes a tensor whose element at (i, j, …) is `value(i, j, …)`: an expression, a {@linkcode sum} or a
 * {@linkcode max}. The tensor's dtype is the value's.
 *
 * @param shape the extent of each dimension, as {@linkcode placeholder} takes it
 * @throws {OptionError} for an argument of a wrong kind
 * @throws {TeError} for an impossible extent, or a value that is neither an expression nor a reduction
 */
export function compute(
  name: string,
  shape: readonly (ExprLike | string)[],
  value: (...axes: readonly Var[]) => Expr | Reduction,
): Tensor {
  checkArgument("te.compute", "name", name, text);
  checkArgument("te.compute", "shape", shape, shapeKind);
  checkArgument("te.compute", "value", value, aFunction("a function of the position"));
  const dimensions = extents(name, shape);
  const axes = dimensions.map((_, d) => variable("ijlmn".charAt(d) || `i${d}`));
  const element = value(...axes);
  const scalar: unknown = element?.kind === "reduction" ? element.value : element;
  if (!isExpr(scalar)) {
    throw new TeError(
      `expected the value of ${name} to be an expression, a sum or a max, got ${
        shownValue(scalar)
      }, in te.compute`,
    );
  }
  if (element.kind === "reduction" && element.op === "add" && scalar.dtype === "f16") {
    // f16 holds 11 bits: a sum of 2,048 ones would be the last that it can tell from the next.
    const value = { ...element, value: cast("f32", scalar) };
    const total = new Tensor(buffer(`${name}_f32`, dimensions, "f32"), { axes, value });
    return new Tensor(buffer(name, dimensions, "f16"), { axes, value: cast("f16", total.at(...axes)) });
  }
  // A tensor's elements have no lanes before vectorizing.
  return new Tensor(buffer(name, dimensions, scalar.dtype as ScalarType), { axes, value: element });
}

/**
 * Makes an axis to reduce over.
 *
 * @param extent the number of positions, as {@linkcode placeholder} takes it
 * @param name the name of the loop over the axis; k by default
 * @throws {TeError} for an impossible extent
 */
export function reduceAxis(extent: ExprLike | string, name = "k"): ReduceAxis {
  checkArgument("te.reduceAxis", "name", name, text);
  return { var: variable(name), extent: extents(name, [extent])[0] as Expr };
}

/**
 * Sums `value` over `axes`; a sum over no position is 0. f16 is added up in f32, and the total rounded.
 *
 * @throws {OptionError} for an argument of a wrong kind
 */
export function sum(value: Expr, axes: readonly ReduceAxis[]): Reduction {
  return reduction("sum", "add", value, axes);
}

/**
 * Takes the maximum of `value` over `axes`; over no position it is -∞, or the least integer.
 *
 * @throws {OptionError} for an argument of a wrong kind
 */
export function max(value: Expr, axes: readonly ReduceAxis[]): Reduction {
  return reduction("max", "max", value, axes);
}

function reduction(
  name: "sum" | "max",
  op: Reduction["op"],
  value: Expr,
  axes: readonly ReduceAxis[],
): Reduction {
  checkArgument(`te.${name}`, "value", value, passing("an expression", isExpr));
  checkArgument(`te.${name}`, "axes", axes, axesKind);
  return { kind: "reduction", op, value, axes };
}

/**
 * Makes the program that computes the tensors among `params` that are not inputs, and the tensors that they need. Each
 * computed tensor becomes one loop nest with one block, named after it, in the order in which the tensors were made.
 * An intermediate tensor whose name is taken gets a number: `C_1`.
 *
 * @param params the program's parameters: its inputs and its results
 * @throws {OptionError} for an argument of a wrong kind
 * @throws {TeError} if none of `params` is computed
 */
export function primFunc(name: string, params: readonly Tensor[]): PrimFunc {
  checkArgument("te.primFunc", "name", name, text);
  checkArgument("te.primFunc", "params", params, arrayOf(tensorKind));
  const order: Tensor[] = [];
  const visit = (t: Tensor): void => {
    if (!t.definition || order.includes(t)) return;
    const { value } = t.definition;
    walkExpr(value.kind === "reduction" ? value.value : value, (e) => {
      const from = e.kind === "load" ? computed.get(e.buffer) : undefined;
      if (from) visit(from);
    });
    order.push(t);
  };
  params.forEach(visit);
  order.sort((a, b) => a.age - b.age);
  if (order.length === 0) {
    throw new TeError(
      `expected at least one computed tensor among the parameters of ${name}, got inputs only; ` +
        `add the tensor that the program computes`,
    );
  }
  const given = new Set(params.map((t) => t.buffer));
  const names = new Set(params.map((t) => t.name));
  const renamed = new Map<Buffer, Buffer>();
  for (const { buffer } of order) {
    if (given.has(buffer)) continue;
    const own = fresh(buffer.name, names);
    if (own !== buffer.name) renamed.set(buffer, { ...buffer, name: own });
  }
  const taken = new Set<string>();
  const shapeVars = new Set<Var>();
  const nests = order.map((t) => nestOf(t, renamed.get(t.buffer)?.name ?? t.name, taken));
  for (const t of params) {
    for (const d of t.shape) {
      walkExpr(d, (e) => e.kind === "var" && shapeVars.add(e));
    }
  }
  const allocs = order.map((t) => t.buffer).filter((b) => !given.has(b)).map((b) => renamed.get(b) ?? b);
  const body = seq(...nests);
  return new PrimFunc(
    name,
    params.map((t) => t.buffer),
    [...shapeVars],
    allocs,
    renamed.size > 0 ? replaceBuffers(body, renamed) : body,
  );
}

function nestOf(t: Tensor, name: string, taken: Set<string>): Stmt {
  const { axes, value } = t.definition as Definition;
  const reduce = value.kind === "reduction" ? value.axes : [];
  const all = [
    ...axes.map((v, d) => ({ v, extent: t.shape[d] as Expr, type: "spatial" as const })),
    ...reduce.map((a) => ({ v: a.var, extent: a.extent, type: "reduce" as const })),
  ];
  const iters = all.map((a) => iterVar(variable(`v${a.v.name}`), a.extent, a.type));
  const loops = all.map((a) => variable(fresh(a.v.name, taken)));
  const at = new Map<Var, Expr>(all.map((a, k) => [a.v, (iters[k] as typeof iters[number]).var]));
  const indices = axes.map((v) => at.get(v) as Expr);
  const element = substitute(value.kind === "reduction" ? value.value : value, at);
  const { dtype } = t;
  const self = load(t.buffer, ...indices);
  const body = value.kind === "reduction"
    ? block(name, iters, loops, store(t.buffer, indices, binary(value.op, self, element)), {
      init: store(t.buffer, indices, constant(value.from ?? identityOf(value.op, dtype).value, dtype)),
    })
    : block(name, iters, loops, store(t.buffer, indices, element));
  return loops.reduceRight<Stmt>((s, v, k) => forLoop(v, (all[k] as typeof all[number]).extent, s), body);
}

function fresh(wanted: string, taken: Set<string>): string {
  let name = wanted;
  for (let k = 1; taken.has(name); k++) name = `${wanted}_${k}`;
  taken.add(name);
  return name;
}
