import type { Buffer, Var } from "./expr.ts";
import type { Stmt } from "./stmt.ts";

/** A tensor program as plain data; `PrimFunc` is its class. */
export interface FuncData {
  readonly name: string;
  readonly params: readonly Buffer[];
  readonly shapeVars: readonly Var[];
  readonly allocs: readonly Buffer[];
  readonly body: Stmt;
}
