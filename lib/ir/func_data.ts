import type { Domains } from "./domain.ts";
import type { Buffer, Var } from "./expr.ts";
import type { Requirement } from "./requirement.ts";
import type { Stmt } from "./stmt.ts";

/** A tensor program as plain data; `PrimFunc` is its class. */
export interface FuncData {
  /** The name of the program. */
  readonly name: string;
  /** The parameters; those that the body writes are the outputs. */
  readonly params: readonly Buffer[];
  /** The shape variables, which follow from the arguments' shapes. */
  readonly shapeVars: readonly Var[];
  /** The intermediate buffers, in no particular order. */
  readonly allocs: readonly Buffer[];
  /** What the program runs. */
  readonly body: Stmt;
  /** The values that some inputs may have, by name. Default: none. */
  readonly domains?: Domains;
  /** What the shape variables must keep to. Default: nothing. */
  readonly requires?: readonly Requirement[];
  /** The names of inputs that another kernel has just written. Default: none. */
  readonly activations?: readonly string[];
  /** The names of outputs that are inputs too: the program updates them in place. Default: none. */
  readonly inPlace?: readonly string[];
}
