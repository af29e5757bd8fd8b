import type { OperatorName } from "./operators.ts";

/** Operators on single floats of one tensor: an element of the result depends on the one at the same position. */
const UNARY = [
  "abs",
  "celu",
  "clip",
  "cos",
  "elu",
  "erf",
  "exp",
  "floor",
  "gelu",
  "hardSigmoid",
  "hardSwish",
  "leakyRelu",
  "log",
  "mish",
  "neg",
  "reciprocal",
  "relu",
  "rsqrt",
  "selu",
  "sigmoid",
  "silu",
  "sin",
  "softplus",
  "softsign",
  "sqrt",
  "tanh",
  "thresholdedRelu",
] as const satisfies readonly OperatorName[];

/** Operators on the elements of several tensors at the same position, after broadcasting. */
const BROADCAST = [
  "add",
  "and",
  "div",
  "equal",
  "greater",
  "greaterEqual",
  "less",
  "lessEqual",
  "maximum",
  "minimum",
  "mod",
  "mul",
  "not",
  "notEqual",
  "or",
  "pow",
  "sub",
  "where",
  "xor",
] as const satisfies readonly OperatorName[];

/** Operators whose elements depend on those at the same position. */
export const ELEMENTWISE: ReadonlySet<string> = new Set([...UNARY, ...BROADCAST, "cast", "isNaN"]);

/** Those of one tensor of floats. */
export const UNARY_FLOATS: ReadonlySet<string> = new Set(UNARY);
