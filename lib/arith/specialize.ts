import { constant } from "../ir/build.ts";
import type { Domain } from "../ir/domain.ts";
import { IrError } from "../ir/error.ts";
import { exprFromJson, type ExprJson, exprToJson } from "../ir/json.ts";
import type { Buffer, Expr, Var } from "../ir/expr.ts";
import { PrimFunc } from "../ir/func.ts";
import type { Shapes } from "../ir/shapes.ts";
import { Analyzer } from "./analyzer.ts";
import type { Stmt } from "../ir/stmt.ts";
import { mapStmt } from "../ir/visit.ts";
import { replaceBuffers, substitute } from "../ir/substitute.ts";

/**
 * Replaces some shape variables of a program by values: its buffers and loops get constant extents.
 *
 * @throws {IrError} for a variable that it does not have, or a value that is no positive integer
 */
export function specialize(f: PrimFunc, shapes: Shapes): PrimFunc {
  const by = new Map<Var, Expr>();
  for (const [name, value] of Object.entries(shapes)) {
    const v = f.shapeVars.find((x) => x.name === name);
    const known = f.shapeVars.map((x) => x.name).join(", ") || "none";
    if (!v) throw new IrError(`cannot specialize ${f.name} for ${name}: its shape variables are ${known}`);
    if (!(Number.isSafeInteger(value) && value > 0)) {
      throw new IrError(`expected ${name} to be a positive integer, got ${value}, specializing ${f.name}`);
    }
    by.set(v, constant(value));
  }
  const analyzer = new Analyzer();
  const expr = (e: Expr): Expr => analyzer.simplify(substitute(e, by));
  const now = new Map<Buffer, Buffer>();
  const bufferOf = (b: Buffer): Buffer => {
    const known = now.get(b) ?? { ...b, shape: b.shape.map(expr) };
    now.set(b, known);
    return known;
  };
  const params = f.params.map(bufferOf), allocs = f.allocs.map(bufferOf);
  const stmt = (s: Stmt): Stmt => mapStmt(s, stmt, expr);
  const body = replaceBuffers(stmt(f.body), now);
  const domains = Object.fromEntries(
    Object.entries(f.domains).map(([name, d]) => [name, { ...d, below: belowOf(d, f, expr) }]),
  );
  return new PrimFunc(f.name, params, f.shapeVars.filter((v) => !by.has(v)), allocs, body, domains);
}

/** The upper end of a domain where some shape variables have values; one of a float is a plain number. */
function belowOf({ below }: Domain, f: PrimFunc, specialized: (e: Expr) => Expr): ExprJson {
  if (typeof below === "number") return below;
  return exprToJson(specialized(exprFromJson(below, new Map(f.shapeVars.map((v) => [v.name, v])))));
}
