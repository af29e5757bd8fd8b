/**
 * Keeps the guards of tails where results leave the registers, and drops them where values only enter registers: a thread
 * past the end computes values that are never stored. Loads from outside of a buffer are harmless: WebGPU gives some
 * value for them, and JavaScript gives undefined.
 *
 *     if (i < n) { a = A[i]; }            a = A[i];
 *     if (i < n) { s = s + a; }     →     s = s + a;
 *     if (i < n) { B[i] = s; }            if (i < n) { B[i] = s; }
 */
import { and, conjuncts, isConst } from "../ir/build.ts";
import type { Buffer, Expr, Var } from "../ir/expr.ts";
import { keyOf } from "../ir/key.ts";
import type { Stmt, Store } from "../ir/stmt.ts";
import { mapStmt, someStmt, walkExpr, walkOnce, walkStmt } from "../ir/visit.ts";
import type { KernelDraft } from "./kernel_draft.ts";

type Conditions = ReadonlySet<string>;

export function dropGuards(draft: KernelDraft): KernelDraft {
  if (!someStmt(draft.body, (s) => s.kind === "if")) return draft;
  const isFixed = fixedConditions(draft.body);
  const needs = neededUnder(draft.body, isFixed);
  const stmt = (s: Stmt): Stmt => {
    const x = mapStmt(s, stmt);
    if (x.kind !== "if" || x.else) return x;
    const stores = storesOf(x.then, () => false).map((g) => g.store);
    const isFree = (c: Expr) =>
      isFixed(c) && stores.every(({ buffer: b }) => b.scope === "local" && needs.get(b)?.has(keyOf(c)));
    const cond = and(...conjuncts(x.cond).filter((c) => !isFree(c)));
    return isConst(cond, 1) ? x.then : { ...x, cond };
  };
  return { ...draft, body: stmt(draft.body) };
}

/** Conditions that mean the same everywhere in the kernel: no loop changes them, and no memory is asked. */
function fixedConditions(body: Stmt): (e: Expr) => boolean {
  const inner = new Set<Var>();
  walkStmt(body, (s) => (s.kind === "for" || s.kind === "let") && inner.add(s.var));
  return (e) => {
    let fixed = true;
    walkExpr(e, (x) => {
      if (x.kind === "load" || (x.kind === "var" && inner.has(x))) fixed = false;
    });
    return fixed;
  };
}

/** A store, and the fixed conditions around it. */
interface Guarded {
  readonly store: Store;
  readonly guards: Conditions;
}

function storesOf(body: Stmt, isFixed: (e: Expr) => boolean): readonly Guarded[] {
  const found: Guarded[] = [];
  const visit = (s: Stmt, guards: Conditions): void => {
    if (s.kind === "store") found.push({ store: s, guards });
    else if (s.kind === "if") {
      visit(s.then, guards.union(new Set(conjuncts(s.cond).filter(isFixed).map(keyOf))));
      if (s.else) visit(s.else, guards);
    } else mapStmt(s, (x) => (visit(x, guards), x));
  };
  visit(body, new Set());
  return found;
}

/**
 * Finds the conditions under which each register is needed: those that all stores that read it have in common. A store has
 * its own guards and, where it stores to a register, the conditions under which that one is needed. The result is the
 * greatest solution, found by iteration. Registers that a condition or a loop's extent reads are needed always, and so
 * are those that a thread passes to other threads, whose conditions differ.
 */
function neededUnder(body: Stmt, isFixed: (e: Expr) => boolean): ReadonlyMap<Buffer, Conditions> {
  // Last stores first, because needs propagate back from results: a chain of registers then takes one round.
  const stores = storesOf(body, isFixed).toReversed();
  const all = stores.reduce<Conditions>((p, s) => p.union(s.guards), new Set());
  const needs = new Map<Buffer, Conditions>();
  for (const { store } of stores) if (store.buffer.scope === "local") needs.set(store.buffer, all);
  const loadsOf = (...exprs: readonly Expr[]) => {
    const read = new Set<Buffer>();
    for (const e of exprs) walkExpr(e, (x) => x.kind === "load" && read.add(x.buffer));
    return read;
  };
  walkOnce(body, (s) => {
    const asked = s.kind === "if"
      ? s.cond
      : s.kind === "for"
      ? s.extent
      : s.kind === "let"
      ? s.value
      : undefined;
    if (asked) { for (const b of loadsOf(asked)) needs.set(b, new Set()); }
  }, (e) => {
    if (e.kind !== "call" || e.op !== "subgroupShuffleXor") return;
    for (const b of loadsOf(e)) needs.set(b, new Set());
  });
  const reads = stores.map(({ store }) => loadsOf(store.value, ...store.indices));
  for (let changed = true; changed;) {
    changed = false;
    stores.forEach(({ store, guards }, k) => {
      const open = [...reads[k] as ReadonlySet<Buffer>].filter((b) => needs.get(b)?.size);
      if (open.length === 0) return;
      const under = guards.union(needs.get(store.buffer) ?? new Set());
      for (const b of open) {
        const known = needs.get(b);
        const now = known?.intersection(under);
        if (!known || !now || now.size === known.size) continue;
        needs.set(b, now);
        changed = true;
      }
    });
  }
  return needs;
}
