/** The only module that knows the children of a node. Mappers return the same object where nothing changed. */
import type { Expr, Var } from "./expr.ts";
import type { Stmt } from "./stmt.ts";

/** Maps a list, keeping its identity where no element changed. */
export function mapList<T>(list: readonly T[], f: (x: T) => T): readonly T[] {
  let out: T[] | undefined;
  for (let i = 0; i < list.length; i++) {
    const old = list[i] as T;
    const now = f(old);
    if (now !== old && !out) out = list.slice(0, i);
    out?.push(now);
  }
  return out ?? list;
}

/** `e` with `f` applied to each direct child. */
export function mapExpr(e: Expr, f: (child: Expr) => Expr): Expr {
  switch (e.kind) {
    case "const":
    case "var":
      return e;
    case "binary": {
      const a = f(e.a), b = f(e.b);
      return a === e.a && b === e.b ? e : { ...e, a, b };
    }
    case "not":
    case "cast":
    case "broadcast": {
      const a = f(e.a);
      return a === e.a ? e : { ...e, a };
    }
    case "select": {
      const cond = f(e.cond), a = f(e.a), b = f(e.b);
      return cond === e.cond && a === e.a && b === e.b ? e : { ...e, cond, a, b };
    }
    case "call": {
      const args = mapList(e.args, f);
      return args === e.args ? e : { ...e, args };
    }
    case "load": {
      const indices = mapList(e.indices, f);
      return indices === e.indices ? e : { ...e, indices };
    }
    case "ramp": {
      const base = f(e.base);
      return base === e.base ? e : { ...e, base };
    }
    case "shuffle": {
      const lanes = mapList(e.lanes, f);
      return lanes === e.lanes ? e : { ...e, lanes };
    }
    default:
      return e satisfies never;
  }
}

/** `s` with `stmt` applied to each direct child statement and `expr` to each direct expression. */
export function mapStmt(s: Stmt, stmt: (child: Stmt) => Stmt, expr: (child: Expr) => Expr = (e) => e): Stmt {
  switch (s.kind) {
    case "for": {
      const extent = expr(s.extent), body = stmt(s.body);
      return extent === s.extent && body === s.body ? s : { ...s, extent, body };
    }
    case "seq": {
      const body = mapList(s.body, stmt);
      return body === s.body ? s : { ...s, body };
    }
    case "if": {
      const cond = expr(s.cond), then = stmt(s.then);
      const otherwise = s.else && stmt(s.else);
      if (cond === s.cond && then === s.then && otherwise === s.else) return s;
      return { kind: "if", cond, then, ...(otherwise ? { else: otherwise } : {}) };
    }
    case "store": {
      const indices = mapList(s.indices, expr), value = expr(s.value);
      return indices === s.indices && value === s.value ? s : { ...s, indices, value };
    }
    case "block": {
      const bindings = mapList(s.bindings, expr), where = expr(s.where);
      const iters = mapList(s.iters, (it) => {
        const extent = expr(it.extent);
        return extent === it.extent ? it : { ...it, extent };
      });
      const init = s.init && stmt(s.init), body = stmt(s.body);
      if (
        bindings === s.bindings && where === s.where && iters === s.iters && init === s.init &&
        body === s.body
      ) {
        return s;
      }
      const { init: _old, ...rest } = s;
      return { ...rest, bindings, where, iters, body, ...(init ? { init } : {}) };
    }
    case "let": {
      const value = expr(s.value), body = stmt(s.body);
      return value === s.value && body === s.body ? s : { ...s, value, body };
    }
    case "barrier":
      return s;
    default:
      return s satisfies never;
  }
}

/** Nodes that a walk visits as often as they stand there. Beyond, it visits each once: few nodes may stand at 2^n places. */
const MOST_REPEATED = 512;
/** Of the walk that is under way. */
let steps = 0, seen: Set<Expr> | undefined;

/**
 * Tells whether `has` holds for `e` or anything below it. Parents are asked first, and nothing after the first yes. A
 * node that stands at many places of a large expression is not asked at each.
 */
export function someExpr(e: Expr, has: (e: Expr) => boolean): boolean {
  if (e.kind === "const" || e.kind === "var") return has(e);
  const outerSteps = steps, outerSeen = seen;
  steps = 0;
  seen = undefined;
  const found = someBelow(e, has);
  steps = outerSteps;
  seen = outerSeen;
  return found;
}

function someBelow(e: Expr, has: (e: Expr) => boolean): boolean {
  if (seen !== undefined) {
    if (seen.has(e)) return false;
    seen.add(e);
  } else if (++steps > MOST_REPEATED) seen = new Set();
  if (has(e)) return true;
  switch (e.kind) {
    case "const":
    case "var":
      return false;
    case "binary":
      return someBelow(e.a, has) || someBelow(e.b, has);
    case "not":
    case "cast":
    case "broadcast":
      return someBelow(e.a, has);
    case "select":
      return someBelow(e.cond, has) || someBelow(e.a, has) || someBelow(e.b, has);
    case "call":
      return someOf(e.args, has);
    case "load":
      return someOf(e.indices, has);
    case "ramp":
      return someBelow(e.base, has);
    case "shuffle":
      return someOf(e.lanes, has);
    default:
      return e satisfies never;
  }
}

function someOf(list: readonly Expr[], has: (e: Expr) => boolean): boolean {
  for (const e of list) if (someBelow(e, has)) return true;
  return false;
}

/** Calls `f` on `e` and everything below it, parents first. */
export function walkExpr(e: Expr, f: (e: Expr) => void): void {
  someExpr(e, (x) => (f(x), false));
}

/** Tells whether `has` holds for `s` or any statement below it. Parents are asked first, and nothing after the first yes. */
export function someStmt(s: Stmt, has: (s: Stmt) => boolean): boolean {
  if (has(s)) return true;
  switch (s.kind) {
    case "seq":
      for (const x of s.body) if (someStmt(x, has)) return true;
      return false;
    case "if":
      return someStmt(s.then, has) || (s.else !== undefined && someStmt(s.else, has));
    case "block":
      return (s.init !== undefined && someStmt(s.init, has)) || someStmt(s.body, has);
    case "for":
    case "let":
      return someStmt(s.body, has);
    case "store":
    case "barrier":
      return false;
    default:
      return s satisfies never;
  }
}

/** Calls `stmt` on `s` and every statement below, `expr` on every expression, parents first. */
export function walkStmt(s: Stmt, stmt: (s: Stmt) => void, expr?: (e: Expr) => void): void {
  if (expr) walkDirect(s, stmt, (e) => walkExpr(e, expr));
  else someStmt(s, (x) => (stmt(x), false));
}

/** As `walkStmt`, but visits an expression object once, even if unrolled loops contain it many times. */
export function walkOnce(s: Stmt, stmt: (s: Stmt) => void, expr: (e: Expr) => void): void {
  walkDirect(s, stmt, eachOnce(expr));
}

/** Calls `stmt` on `s` and every statement below, and `expr` on their direct expressions. */
export function walkDirect(s: Stmt, stmt: (s: Stmt) => void, expr: (e: Expr) => void): void {
  const onExpr = (e: Expr): Expr => (expr(e), e);
  const onStmt = (x: Stmt): Stmt => {
    stmt(x);
    return mapStmt(x, onStmt, onExpr);
  };
  onStmt(s);
}

/** Calls `f` on an expression and everything below it, parents first, and never on the same one again. */
export function eachOnce(f: (e: Expr) => void): (e: Expr) => void {
  const shown = new Set<Expr>();
  const visit = (e: Expr): Expr => {
    if (shown.has(e)) return e;
    shown.add(e);
    f(e);
    return mapExpr(e, visit);
  };
  return visit;
}

/** Remembers the results of a function of expressions, so that each node is visited once. `f` may call the result. */
export function memoized<T>(f: (e: Expr) => T): (e: Expr) => T {
  const known = new Map<Expr, T>();
  return (e) => {
    let value = known.get(e);
    if (value === undefined) known.set(e, value = f(e));
    return value;
  };
}

/** Rewrites an expression bottom-up by `f`. A node at many places, as unrolled loops have it, is rewritten once. */
export function rewriter(f: (e: Expr) => Expr): (e: Expr) => Expr {
  const known = new Map<Expr, Expr>();
  const expr = (e: Expr): Expr => {
    if (e.kind === "const" || e.kind === "var") return f(e);
    let now = known.get(e);
    if (now === undefined) known.set(e, now = f(mapExpr(e, expr)));
    return now;
  };
  return expr;
}

/** Rewrites every expression of `s`, bottom-up, by `f`. */
export function rewriteExprs(s: Stmt, f: (e: Expr) => Expr): Stmt {
  const expr = rewriter(f);
  const stmt = (x: Stmt): Stmt => mapStmt(x, stmt, expr);
  return stmt(s);
}

/** Whether `e` mentions a variable for which `has` holds. */
export function usesVar(e: Expr, has: (v: Var) => boolean): boolean {
  return someExpr(e, (x) => x.kind === "var" && has(x));
}

/** Whether `e` loads from any buffer. */
export function readsMemory(e: Expr): boolean {
  return someExpr(e, (x) => x.kind === "load");
}
