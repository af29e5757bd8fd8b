/** The shapes for which a program's index arithmetic stays within i32. */
import type { Binary, Buffer, Expr, Var } from "./expr.ts";
import { type ExprJson, exprToJson, type IndexOp } from "./json.ts";
import type { Requirement } from "./requirement.ts";
import type { Stmt } from "./stmt.ts";
import { walkOnce } from "./visit.ts";

const MOST = 2 ** 31 - 1;

/**
 * Asks that each buffer has fewer than 2³¹ elements, and that no index of a symbolic extent leaves i32: index arithmetic
 * is simplified as if it never wrapped around. Extents that are constants are known when a program is simplified, so they
 * ask for nothing.
 *
 * @param body a program's body; a variable that none of its loops and blocks binds is a shape variable
 */
export function indexRequirements(buffers: readonly Buffer[], body: Stmt): readonly Requirement[] {
  const found = new Map<string, Requirement>();
  const ask = (value: ExprJson | undefined, because: string): void => {
    if (!Array.isArray(value)) return;
    const key = JSON.stringify(value);
    if (!found.has(key)) found.set(key, { value, atMost: MOST, because });
  };
  for (const b of buffers) {
    ask(b.shape.map(exprToJson).reduce(product, 1), `${b.name} is indexed by i32`);
  }
  const sizes = new Sizes(body);
  const nodes: Binary[] = [], inside = new Set<Expr>();
  walkOnce(body, () => {}, (e) => {
    if (e.kind !== "binary" || !isSum(e)) return;
    nodes.push(e);
    if (sizes.of(e) !== undefined) inside.add(e.a).add(e.b);
  });
  for (const e of nodes) if (!inside.has(e)) ask(sizes.of(e), "indices are computed in i32");
  return [...found.values()];
}

function isSum(e: Binary): boolean {
  return e.dtype === "i32" && (e.op === "add" || e.op === "sub" || e.op === "mul");
}

/** Bounds the absolute values of index expressions by expressions of the shape variables. */
class Sizes {
  readonly #extents = new Map<Var, Expr>();
  readonly #known = new Map<Expr, ExprJson | undefined>();

  constructor(body: Stmt) {
    walkOnce(body, (s) => {
      if (s.kind === "for") this.#extents.set(s.var, s.extent);
      if (s.kind === "block") { for (const it of s.iters) this.#extents.set(it.var, it.extent); }
    }, () => {});
  }

  /** Undefined for what depends on data. At least 1, so that a product is no smaller than its factors. */
  of(e: Expr): ExprJson | undefined {
    if (e.kind === "const") return Math.max(1, Math.abs(e.value));
    if (this.#known.has(e)) return this.#known.get(e);
    const size = this.#of(e);
    this.#known.set(e, size);
    return size;
  }

  #of(e: Expr): ExprJson | undefined {
    switch (e.kind) {
      case "var": {
        const extent = this.#extents.get(e);
        return extent ? this.of(extent) : e.name;
      }
      case "binary":
        return this.#binary(e);
      case "select": {
        const a = this.of(e.a), b = this.of(e.b);
        return a === undefined || b === undefined ? undefined : join("max", a, b);
      }
      default:
        return undefined;
    }
  }

  #binary(e: Binary): ExprJson | undefined {
    const a = this.of(e.a), b = this.of(e.b);
    if (a === undefined || b === undefined) return undefined;
    switch (e.op) {
      case "add":
      case "sub":
        return join("add", a, b);
      case "mul":
        return product(a, b);
      case "min":
      case "max":
        return join("max", a, b);
      case "floormod":
        return b;
      case "floordiv":
      case "shr":
        return a;
      default:
        return undefined;
    }
  }
}

function product(a: ExprJson, b: ExprJson): ExprJson {
  return a === 1 ? b : b === 1 ? a : join("mul", a, b);
}

function join(op: IndexOp & ("add" | "mul" | "max"), a: ExprJson, b: ExprJson): ExprJson {
  if (typeof a !== "number" || typeof b !== "number") return [op, a, b];
  return op === "add" ? a + b : op === "mul" ? a * b : Math.max(a, b);
}
