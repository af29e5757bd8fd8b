import { IrError } from "./error.ts";
import type { Buffer, Expr } from "./expr.ts";
import type { PrimFunc } from "./func.ts";
import { isInPlace, outputsOf } from "./parameters.ts";
import type { Stmt } from "./stmt.ts";
import { mapStmt, walkExpr } from "./visit.ts";

/**
 * Checks that a program reads no parameter that it also writes before it has written it: results have no values when a
 * program begins. Those that it says it updates in place do.
 *
 * @throws {IrError} for a parameter that is changed in place
 */
export function checkInPlace(func: PrimFunc): void {
  const outputs = new Set(outputsOf(func).filter((b) => !isInPlace(func, b)));
  const written = new Set<Buffer>();
  const expr = (e: Expr): Expr => {
    walkExpr(e, (x) => {
      if (x.kind !== "load" || !outputs.has(x.buffer) || written.has(x.buffer)) return;
      throw new IrError(
        `expected ${x.buffer.name} of ${func.name} to be an input or a result, got one that is read before it is ` +
          `written; give the program the old values as one parameter and the new ones as another, or name it in inPlace, ` +
          `as te.update does`,
      );
    });
    return e;
  };
  const stmt = (s: Stmt): Stmt => {
    mapStmt(s, stmt, expr);
    if (s.kind === "store") written.add(s.buffer);
    return s;
  };
  stmt(func.body);
}
