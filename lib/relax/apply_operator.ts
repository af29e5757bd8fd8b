/** Runs operators of graphs on tensors: for the types of their results, and for programs. */
import type { Buffer } from "../ir/expr.ts";
import type { PrimFunc } from "../ir/func.ts";
import { storageOf } from "../ir/stored.ts";
import { placeholder, Tensor } from "../te/tensor.ts";
import { primFunc } from "../te/prim_func.ts";
import { RelaxError } from "./error.ts";
import { OPERATORS } from "./operators.ts";
import { Extent, type Form, isOptions, type OpCall, Slot, type TensorType, type Value } from "./value.ts";

/** What an operator returns: a tensor, or several. */
export type Returned = Tensor | readonly Tensor[] | { readonly [name: string]: Tensor };

/** A list of tensors that an operator has returned, and how to write other things in their place. */
export interface Results {
  /** The tensors, in order. */
  readonly tensors: readonly Tensor[];
  /** Puts things in the places of the tensors. */
  readonly inPlace: (things: readonly Value[]) => unknown;
}

/**
 * Runs the operator of a call on tensors in the place of its arguments.
 *
 * @throws {OptionError} for an option that the operator doesn't take
 * @throws {TeError} for tensors that don't fit together
 */
export function applyOperator({ op, form }: Pick<OpCall, "op" | "form">, args: readonly Tensor[]): Results {
  // Each operator checks its arguments itself, so that they may come from anywhere.
  const apply = OPERATORS[op].apply as (...args: readonly unknown[]) => Returned;
  const returned = apply(...form.map((f) => filled(f, args)));
  if (returned instanceof Tensor) return { tensors: [returned], inPlace: ([one]) => one };
  if (Array.isArray(returned)) return { tensors: returned, inPlace: (things) => things };
  const names = Object.keys(returned);
  return {
    tensors: Object.values(returned),
    inPlace: (things) => Object.fromEntries(names.map((name, k) => [name, things[k]])),
  };
}

/** An operator's argument with tensors in its slots. */
function filled(f: Form, args: readonly Tensor[]): unknown {
  if (f instanceof Slot) return args[f.index];
  if (f instanceof Extent) return f.expr;
  if (isOptions(f)) return Object.fromEntries(Object.entries(f).map(([name, x]) => [name, filled(x, args)]));
  return Array.isArray(f) ? f.map((x: Form) => filled(x, args)) : f;
}

/** Makes a placeholder of a value: it has its type, and the values that it may have. */
export function placeholderOf(name: string, { type, origin }: Value): Tensor {
  const t = placeholder(name, type.shape, storageOf(type));
  const domain = "domain" in origin ? origin.domain : undefined;
  return domain ? new Tensor(t.buffer, undefined, domain) : t;
}

/** The type of a value that lies in a buffer. */
export function typeOfBuffer({ shape, dtype, stored }: Buffer): TensorType {
  return { shape, dtype, ...(stored ? { stored } : {}) };
}

/** The types of what an operator returns for values of some types. */
export function typeOf(t: Tensor): TensorType {
  return typeOfBuffer(t.buffer);
}

/**
 * Makes the program of an operator's call: inputs p0, p1, … in the order of its arguments, then its results as the operator
 * names them.
 *
 * @throws {RelaxError} for an operator that only gives back an argument
 */
export function programOf(call: OpCall): PrimFunc {
  const params = call.args.map((v, k) => placeholderOf(`p${k}`, v));
  const { tensors } = applyOperator(call, params);
  if (tensors.some((t) => t.definition === undefined)) {
    throw new RelaxError(`expected ${call.op} to compute its results, got an argument as it is`);
  }
  return primFunc(snakeCase(call.op), [...params, ...tensors]);
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`);
}
