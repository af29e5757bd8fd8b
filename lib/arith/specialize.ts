import { checkArgument } from "../base/check_options.ts";
import { programKind, shapesKind } from "../ir/kinds.ts";
import { constant } from "../ir/build.ts";
import { IrError } from "../ir/error.ts";
import { evaluate, type ExprJson, exprToJson } from "../ir/json.ts";
import type { Buffer, Expr, Var } from "../ir/expr.ts";
import { PrimFunc } from "../ir/func.ts";
import { brokenRequirement, type Requirement } from "../ir/requirement.ts";
import type { Shapes } from "../ir/shapes.ts";
import { Analyzer } from "./analyzer.ts";
import type { Stmt } from "../ir/stmt.ts";
import { mapStmt, walkExpr } from "../ir/visit.ts";
import { replaceBuffers, substitute } from "../ir/substitute.ts";

/**
 * Replaces some shape variables of a program by values: its buffers and loops get constant extents.
 *
 * @throws {OptionError} for an argument of a wrong kind
 * @throws {IrError} for a variable that it does not have, or a value that is no positive integer
 */
export function specialize(f: PrimFunc, shapes: Shapes): PrimFunc {
  checkArgument("tir.specialize", "func", f, programKind);
  checkArgument("tir.specialize", "shapes", shapes, shapesKind);
  const by = new Map<Var, Expr>();
  for (const [name, value] of Object.entries(shapes)) {
    const v = f.shapeVars.find((x) => x.name === name);
    const known = f.shapeVars.map((x) => x.name).join(", ") || "none";
    if (!v) {
      throw new IrError(
        `expected a shape variable of ${f.name}, got ${name}, specializing it; its shape variables are ${known}`,
      );
    }
    if (!(Number.isSafeInteger(value) && value > 0)) {
      throw new IrError(`expected ${name} to be a positive integer, got ${value}, specializing ${f.name}`);
    }
    by.set(v, constant(value));
  }
  return substituteShapes(f, by);
}

/**
 * Replaces some shape variables of a program by expressions, of constants and of other shape variables. Where they only get
 * other names, nothing is simplified.
 *
 * @throws {IrError} where they break one of the program's requirements
 */
export function substituteShapes(f: PrimFunc, by: ReadonlyMap<Var, Expr>): PrimFunc {
  if (by.size === 0) return f;
  const analyzer = new Analyzer();
  const renames = by.values().every((e) => e.kind === "var");
  const expr = (e: Expr): Expr => renames ? substitute(e, by) : analyzer.simplify(substitute(e, by));
  const now = new Map<Buffer, Buffer>();
  const bufferOf = (b: Buffer): Buffer => {
    // An extent that is a variable becomes its value as it is, so that an argument's shape stays the argument's.
    const extent = (d: Expr) => d.kind === "var" ? by.get(d) ?? d : expr(d);
    const known = now.get(b) ?? {
      ...b,
      shape: b.shape.map(extent),
      ...(b.given ? { given: b.given.map(extent) } : {}),
    };
    now.set(b, known);
    return known;
  };
  const params = f.params.map(bufferOf), allocs = f.allocs.map(bufferOf);
  const stmt = (s: Stmt): Stmt => mapStmt(s, stmt, expr);
  const body = replaceBuffers(stmt(f.body), now);
  const values = new Map([...by].map(([v, e]) => [v.name, exprToJson(e)]));
  const domains = Object.fromEntries(
    Object.entries(f.domains).map(([name, d]) => [name, { ...d, below: fill(d.below, values) }]),
  );
  const open = new Set(f.shapeVars.filter((v) => !by.has(v)));
  for (const e of by.values()) walkExpr(e, (x) => x.kind === "var" && open.add(x));
  const requires = requirementsLeft(f, values);
  return new PrimFunc(f.name, params, [...open], allocs, body, domains, requires, f.activations, f.inPlace);
}

/** What is still asked of the shape variables that are left. */
function requirementsLeft(f: PrimFunc, values: ReadonlyMap<string, ExprJson>): readonly Requirement[] {
  const left = f.requires.map((r) => ({
    ...r,
    value: fill(r.value, values),
    atMost: fill(r.atMost, values),
  }));
  const isKnown = (r: Requirement) => typeof r.value === "number" && typeof r.atMost === "number";
  const broken = brokenRequirement(left.filter(isKnown), {});
  if (broken !== undefined) throw new IrError(`${broken}, specializing ${f.name}`);
  return left.filter((r) => !isKnown(r));
}

function fill(e: ExprJson, values: ReadonlyMap<string, ExprJson>): ExprJson {
  if (typeof e === "number") return e;
  if (typeof e === "string") return values.get(e) ?? e;
  const a = fill(e[1], values), b = fill(e[2], values);
  return typeof a === "number" && typeof b === "number" ? evaluate([e[0], a, b], {}) : [e[0], a, b];
}
