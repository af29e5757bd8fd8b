/** What a tensor's elements are, as functions of their position; and programs made of such tensors. */
import {
  binary,
  block,
  buffer,
  constant,
  type ExprLike,
  forLoop,
  iterVar,
  load,
  seq,
  store,
  toExpr,
  variable,
} from "../ir/build.ts";
import { RANGE, type ScalarType } from "../ir/dtype.ts";
import type { Buffer, Expr, Load, Var } from "../ir/expr.ts";
import { PrimFunc } from "../ir/func.ts";
import type { Stmt } from "../ir/stmt.ts";
import { substitute, walkExpr } from "../ir/visit.ts";
import { TeError } from "./error.ts";

/** An axis that a reduction runs over. */
export interface ReduceAxis {
  readonly var: Var;
  readonly extent: Expr;
}

/** A sum or maximum over axes, the value of a whole tensor element. */
export interface Reduction {
  readonly kind: "reduction";
  readonly op: "add" | "max";
  readonly value: Expr;
  readonly axes: readonly ReduceAxis[];
}

interface Definition {
  readonly axes: readonly Var[];
  readonly value: Expr | Reduction;
}

let made = 0;

/** A tensor: an input, or one that is computed from others. */
export class Tensor {
  /** Tensors that were made later have more. */
  readonly age: number = made++;

  constructor(readonly buffer: Buffer, readonly definition?: Definition) {
    if (definition) computed.set(buffer, this);
  }
  /** The element at `indices`. */
  at(...indices: readonly ExprLike[]): Load {
    return load(this.buffer, ...indices);
  }
}

/** From the buffers that expressions mention to the tensors that they are computed as. */
const computed = new WeakMap<Buffer, Tensor>();

/**
 * An input tensor.
 *
 * @throws {TeError} for an extent that is not a positive integer
 */
export function placeholder(name: string, shape: readonly ExprLike[], dtype: ScalarType = "f32"): Tensor {
  return new Tensor(buffer(name, checked(name, shape), dtype));
}

/**
 * A tensor whose element at (i, j, …) is `value(i, j, …)`: an expression, or a {@linkcode sum} or {@linkcode max}.
 * Its dtype is that of the value.
 *
 * @throws {TeError} for an extent that is not a positive integer
 */
export function compute(
  name: string,
  shape: readonly ExprLike[],
  value: (...axes: readonly Var[]) => Expr | Reduction,
): Tensor {
  const axes = checked(name, shape).map((_, d) => variable("ijlmn".charAt(d) || `i${d}`));
  const element = value(...axes);
  const dtype = (element.kind === "reduction" ? element.value : element).dtype as ScalarType;
  return new Tensor(buffer(name, shape, dtype), { axes, value: element });
}

/**
 * An axis of `extent` to reduce over.
 *
 * @throws {TeError} for an extent that is not a positive integer
 */
export function reduceAxis(extent: ExprLike, name = "k"): ReduceAxis {
  return { var: variable(name), extent: checked(name, [extent])[0] as Expr };
}

/** The sum of `value` over `axes`. */
export function sum(value: Expr, axes: readonly ReduceAxis[]): Reduction {
  return { kind: "reduction", op: "add", value, axes };
}

/** The maximum of `value` over `axes`. */
export function max(value: Expr, axes: readonly ReduceAxis[]): Reduction {
  return { kind: "reduction", op: "max", value, axes };
}

/**
 * The program that computes the tensors among `params` that are not inputs, and whatever they need. One
 * loop nest and one block for each computed tensor, named after it, in the order in which they were made.
 *
 * @throws {TeError} if none of `params` is computed
 */
export function primFunc(name: string, params: readonly Tensor[]): PrimFunc {
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
    throw new TeError(`cannot make program ${name}: none of its parameters is computed`);
  }
  const given = new Set(params.map((t) => t.buffer));
  const taken = new Set<string>();
  const shapeVars = new Set<Var>();
  const nests = order.map((t) => nestOf(t, taken));
  for (const t of params) {
    for (const d of t.buffer.shape) {
      walkExpr(d, (e) => e.kind === "var" && shapeVars.add(e));
    }
  }
  const allocs = order.map((t) => t.buffer).filter((b) => !given.has(b));
  return new PrimFunc(name, params.map((t) => t.buffer), [...shapeVars], allocs, seq(...nests));
}

function nestOf(t: Tensor, taken: Set<string>): Stmt {
  const { axes, value } = t.definition as Definition;
  const reduce = value.kind === "reduction" ? value.axes : [];
  const all = [
    ...axes.map((v, d) => ({ v, extent: t.buffer.shape[d] as Expr, type: "spatial" as const })),
    ...reduce.map((a) => ({ v: a.var, extent: a.extent, type: "reduce" as const })),
  ];
  const iters = all.map((a) => iterVar(variable(`v${a.v.name}`), a.extent, a.type));
  const loops = all.map((a) => variable(fresh(a.v.name, taken)));
  const at = new Map<Var, Expr>(all.map((a, k) => [a.v, (iters[k] as typeof iters[number]).var]));
  const indices = axes.map((v) => at.get(v) as Expr);
  const element = substitute(value.kind === "reduction" ? value.value : value, at);
  const { dtype } = t.buffer;
  const self = load(t.buffer, ...indices);
  const body = value.kind === "reduction"
    ? block(t.buffer.name, iters, loops, store(t.buffer, indices, binary(value.op, self, element)), {
      init: store(t.buffer, indices, constant(value.op === "add" ? 0 : RANGE[dtype][0], dtype)),
    })
    : block(t.buffer.name, iters, loops, store(t.buffer, indices, element));
  return loops.reduceRight<Stmt>((s, v, k) => forLoop(v, (all[k] as typeof all[number]).extent, s), body);
}

function fresh(wanted: string, taken: Set<string>): string {
  let name = wanted;
  for (let k = 1; taken.has(name); k++) name = `${wanted}_${k}`;
  taken.add(name);
  return name;
}

function checked(name: string, shape: readonly ExprLike[]): readonly Expr[] {
  return shape.map((d) => {
    const e = toExpr(d);
    if (e.kind === "const" && !(Number.isInteger(e.value) && e.value > 0)) {
      throw new TeError(
        `cannot make ${name} with extent ${e.value}: extents are positive integers or shape variables`,
      );
    }
    return e;
  });
}

/** A dimension as users write it: an extent, or the name of a shape variable. */
export type Dim = number | string;

/**
 * The dimensions of one operator as expressions; dimensions of one name are one shape variable.
 *
 * @throws {TeError} for an extent that is not a positive integer
 */
export function dims<K extends string>(operator: string, given: Readonly<Record<K, Dim>>): Record<K, Expr> {
  const vars = new Map<string, Var>();
  const entries = Object.entries<Dim>(given).map(([key, d]): [string, Expr] => {
    if (typeof d === "string" && /^[A-Za-z]\w*$/.test(d)) {
      const v = vars.get(d) ?? variable(d);
      vars.set(d, v);
      return [key, v];
    }
    if (typeof d !== "number" || !Number.isSafeInteger(d) || d <= 0 || d >= 2 ** 31) {
      throw new TeError(
        `cannot build ${operator} with ${key} = ${
          JSON.stringify(d)
        }: extents are positive integers below 2^31, or a shape variable's name`,
      );
    }
    return [key, constant(d)];
  });
  return Object.fromEntries(entries) as Record<K, Expr>;
}
