/** The work of a program, independent of its schedule. */
import { isFloat } from "../ir/dtype.ts";
import type { Buffer, Expr } from "../ir/expr.ts";
import type { PrimFunc } from "../ir/func.ts";
import { evaluate, exprToJson } from "../ir/json.ts";
import type { Stmt } from "../ir/stmt.ts";
import { isInPlace } from "../ir/parameters.ts";
import { countElements } from "../ir/shapes.ts";
import { readsMemory, usesVar, walkExpr, walkStmt } from "../ir/visit.ts";
import { storageBytes, storageOf } from "../ir/stored.ts";

type Shapes = Readonly<Record<string, number>>;

/**
 * Counts the operations of the program as written. Every add, sub, mul, div, min, max and math call on floats counts
 * one. A product of packed bytes counts eight: four products and four sums. Initialisations count nothing. Where rows of an
 * intermediate value are looked up by an index from memory, it counts the look-ups, if these are fewer than the rows.
 */
export function flopsOf(f: PrimFunc, shapes: Shapes = {}): number {
  const lookups = lookupsOf(f, shapes);
  const share = (b: Buffer) =>
    f.params.includes(b) ? 1 : elementsOf(b, lookups, shapes) / countElements(b.shape, shapes);
  const count = (s: Stmt): number => {
    switch (s.kind) {
      case "for":
        return extentOf(s.extent, shapes) * count(s.body);
      case "seq":
        return s.body.reduce((n, x) => n + count(x), 0);
      case "if":
        return count(s.then) + (s.else ? count(s.else) : 0);
      case "store":
        return operations(s.value) * share(s.buffer);
      case "block":
        return count(s.body);
      case "let":
        return operations(s.value) + count(s.body);
      case "barrier":
        return 0;
      default:
        return s satisfies never;
    }
  };
  return count(f.body);
}

/**
 * Counts the bytes that any schedule must move: each parameter once. Where rows of a parameter are read or written by an
 * index from memory, it counts these instead, if they are fewer than the rows.
 */
export function trafficOf(f: PrimFunc, shapes: Shapes = {}): number {
  const lookups = lookupsOf(f, shapes);
  return f.params.reduce((n, b) => n + storageBytes(storageOf(b)) * elementsOf(b, lookups, shapes), 0);
}

type Lookups = ReadonlyMap<Buffer, readonly (number | undefined)[]>;

/** The elements of a buffer that are used. */
function elementsOf(b: Buffer, lookups: Lookups, shapes: Shapes): number {
  return b.shape.reduce((p, d, k) => {
    const whole = extentOf(d, shapes);
    return p * Math.min(whole, lookups.get(b)?.[k] ?? whole);
  }, 1);
}

/** Counts the values that an index from memory takes, by buffer and dimension. */
function lookupsOf(f: PrimFunc, shapes: Shapes): Lookups {
  const found = new Map<Buffer, (number | undefined)[]>();
  walkStmt(f.body, (s) => {
    if (s.kind !== "block") return;
    const iterations = (e: Expr) =>
      s.iters.filter((it) => usesVar(e, (v) => v === it.var)).reduce(
        (n, it) => n * extentOf(it.extent, shapes),
        1,
      );
    const count = (buffer: Buffer, indices: readonly Expr[]) => {
      const known = found.get(buffer) ?? buffer.shape.map(() => 0);
      found.set(
        buffer,
        indices.map((index, d) => {
          const before = known[d];
          return before !== undefined && readsMemory(index) ? before + iterations(index) : undefined;
        }),
      );
    };
    walkStmt(
      s.body,
      (inner) => inner.kind === "store" && isInPlace(f, inner.buffer) && count(inner.buffer, inner.indices),
      (e) => e.kind === "load" && count(e.buffer, e.indices),
    );
  });
  return found;
}

function extentOf(e: Expr, shapes: Shapes): number {
  return evaluate(exprToJson(e), shapes);
}

const ARITHMETIC = new Set(["add", "sub", "mul", "div", "min", "max"]);

function operations(e: Expr): number {
  let n = 0;
  walkExpr(e, (x) => {
    if (x.kind === "call" && x.op === "dot4I8Packed") n += 8;
    else if (isFloat(x.dtype) && (x.kind === "call" || (x.kind === "binary" && ARITHMETIC.has(x.op)))) n++;
  });
  return n;
}
