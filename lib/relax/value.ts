/** The grammar of graphs, in Relax's terms: values, and the calls that define them. */
import type { Domain } from "../ir/domain.ts";
import type { ScalarType, StoredType } from "../ir/dtype.ts";
import type { Expr, Var } from "../ir/expr.ts";
import type { PrimFunc } from "../ir/func.ts";
import type { OperatorName } from "./operators.ts";
import type { PatternKind } from "./pattern_kind.ts";

/** The shape and dtype of a value: Relax's struct info of a tensor. */
export interface TensorType {
  /** The extent of each dimension: constants, shape variables, and expressions of them. */
  readonly shape: readonly Expr[];
  /** The dtype of its elements. */
  readonly dtype: ScalarType;
  /** The type of its elements in memory, where that is no type of arithmetic. Default: `dtype`. */
  readonly stored?: StoredType;
}

/** The elements of a constant, row-major. Booleans are words of 0 and 1. */
export type ConstantData =
  | Float32Array
  | Float16Array
  | Int32Array
  | Uint32Array
  | Int8Array
  | Uint8Array
  | Uint16Array;

/** How a value comes about. */
export type Origin =
  /** It is given with each run. `domain` says which values it may have. */
  | { readonly kind: "input"; readonly domain?: Domain }
  /** It is given once, when the graph is built. */
  | { readonly kind: "weight"; readonly domain?: Domain }
  /** It is a part of the graph. */
  | { readonly kind: "constant"; readonly data: ConstantData }
  /** It is the result of a call. */
  | { readonly kind: "result" };

/** A tensor of a graph. Two values are the same only if they are the same object. */
export class Value {
  /** Makes a value; a graph's builder calls this. */
  constructor(
    /** Its name, unique in the graph. */
    readonly name: string,
    /** Its shape and dtype. */
    readonly type: TensorType,
    /** How it comes about. */
    readonly origin: Origin,
  ) {}
}

/** The place of a call's argument `index` among an operator's arguments and options. */
export class Slot {
  /** Makes the place of argument `index`. */
  constructor(readonly index: number) {}
}

/** An extent among an operator's arguments and options: an expression of shape variables. */
export class Extent {
  /** Makes the place of an expression. */
  constructor(readonly expr: Expr) {}
}

/** An argument of an operator: plain data, with slots for values. */
export type Form =
  | undefined
  | null
  | boolean
  | number
  | string
  | readonly Form[]
  | Slot
  | Extent
  | { readonly [option: string]: Form };

/** The call of an operator of the table. */
export interface OpCall {
  /** Tells it from the call of a program. */
  readonly kind: "op";
  /** The operator's name in the table. */
  readonly op: OperatorName;
  /** The values among its arguments, each once. */
  readonly args: readonly Value[];
  /** All of its arguments, with slots for values. */
  readonly form: readonly Form[];
}

/** The call of a program: Relax's `call_tir`. */
export interface TirCall {
  /** Tells it from the call of an operator. */
  readonly kind: "tir";
  /** The program. Its shape variables are the graph's; its inputs are the arguments, its outputs the results. */
  readonly func: PrimFunc;
  /** The values of its inputs, in the order of its parameters. */
  readonly args: readonly Value[];
  /** How its elements depend on those of its inputs, once `annotatePatterns` has said so. */
  readonly pattern?: PatternKind;
}

/** What defines values. */
export type Call = OpCall | TirCall;

/** A call and its results: one, or several, as Relax's tuples. */
export interface Binding {
  /** The call. */
  readonly call: Call;
  /** Its results, in order. */
  readonly results: readonly Value[];
}

/** A graph as plain data; `Graph` is its class. */
export interface GraphData {
  /** The name of the function. */
  readonly name: string;
  /** The values that are given with each run, in order. */
  readonly inputs: readonly Value[];
  /** The values that are given once, in order. */
  readonly weights: readonly Value[];
  /** The calls, in an order in which they can run. */
  readonly bindings: readonly Binding[];
  /** The results by name. */
  readonly outputs: Readonly<Record<string, Value>>;
  /** The shape variables of inputs and weights. */
  readonly shapeVars: readonly Var[];
  /** Computes some of the weights of others, once: its outputs are weights of this graph, by name. */
  readonly transform?: GraphData | undefined;
}

/** Tells whether an operator's argument is options. */
export function isOptions(f: Form): f is { readonly [option: string]: Form } {
  return typeof f === "object" && f !== null && !Array.isArray(f) && !(f instanceof Slot) &&
    !(f instanceof Extent);
}
