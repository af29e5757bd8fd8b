/** Sums in memory that a loop may keep in a variable of double precision. */
import { linearOf } from "../../arith/linear.ts";
import { isFloat } from "../../ir/dtype.ts";
import { equalExpr } from "../../ir/equal.ts";
import { type Binary, type Buffer, type Expr, isReadOnly, type Load, type Var } from "../../ir/expr.ts";
import { keyOf } from "../../ir/key.ts";
import { readsMemory, usesVar, walkExpr } from "../../ir/visit.ts";
import type { KernelFor, KernelStmt, KernelStore } from "../../lower/kernel.ts";

/** A store that adds to the element that it stores to. */
export type Accumulation = KernelStore & { readonly value: Binary };

/** Tells whether a store adds to what it stores to. */
export function isAccumulation(s: KernelStore): s is Accumulation {
  const { value } = s;
  return value.kind === "binary" && value.op === "add" && isFloat(value.dtype) &&
    (isSelf(value.a, s) || isSelf(value.b, s));
}

/** Tells whether `e` loads the element that `s` stores. */
export function isSelf(e: Expr, s: KernelStore): e is Load {
  return e.kind === "load" && e.buffer === s.buffer && equalExpr(e.indices[0] as Expr, s.index);
}

/** Finds the arrays of registers that floats are added to. */
export function sumsIn(body: readonly KernelStmt[]): ReadonlySet<Buffer> {
  const found = new Set<Buffer>();
  visit(body, (s) => {
    if (s.kind === "store" && s.buffer.scope === "local" && isAccumulation(s)) found.add(s.buffer);
  });
  return found;
}

/**
 * Finds the elements in memory to which all that the loop does is to add, at places that it does not change: one store of
 * each. Threads must not meet in the loop.
 */
export function promotedSums(loop: KernelFor): readonly KernelStore[] {
  const inside = new Set<Var>([loop.var]), other = new Set<Buffer>();
  const steps = new Map<Buffer, Accumulation[]>();
  let meets = false;
  const note = (e: Expr) => walkExpr(e, (x) => x.kind === "load" && other.add(x.buffer));
  visit(loop.body, (s) => {
    switch (s.kind) {
      case "for":
        inside.add(s.var);
        return note(s.extent);
      case "if":
        return note(s.cond);
      case "let":
        inside.add(s.var);
        return note(s.value);
      case "barrier":
        meets = true;
        return;
      case "store": {
        note(s.index);
        if (s.buffer.scope === "local" || isReadOnly(s.buffer.scope) || !isAccumulation(s)) {
          other.add(s.buffer);
          return note(s.value);
        }
        for (const e of [s.value.a, s.value.b]) if (!isSelf(e, s)) note(e);
        steps.set(s.buffer, [...steps.get(s.buffer) ?? [], s]);
        return;
      }
      default:
        return s satisfies never;
    }
  });
  if (meets) return [];
  return [...steps].flatMap(([b, own]) => {
    const isFixed = own.every(({ index }) => !readsMemory(index) && !usesVar(index, (v) => inside.has(v)));
    return other.has(b) || !isFixed ? [] : onePerElement(own);
  });
}

/** Takes one store of each element, where the places differ by constants, and so certainly. */
function onePerElement(stores: readonly Accumulation[]): readonly Accumulation[] {
  const places = new Set<string>(), found = new Map<number, Accumulation>();
  for (const s of stores) {
    const { terms, constant } = linearOf(s.index);
    places.add([...terms.values()].map((t) => `${t.coeff}*${keyOf(t.atom)}`).sort().join("+"));
    const known = found.get(constant) ?? s;
    if (keyOf(known.index) !== keyOf(s.index)) return [];
    found.set(constant, known);
  }
  return places.size === 1 ? [...found.values()] : [];
}

function visit(body: readonly KernelStmt[], f: (s: KernelStmt) => void): void {
  for (const s of body) {
    f(s);
    if (s.kind === "for") visit(s.body, f);
    if (s.kind === "if") {
      visit(s.then, f);
      visit(s.else, f);
    }
  }
}
