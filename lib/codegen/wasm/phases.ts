/**
 * The phases of a kernel between barriers. All threads run a phase, one after the other, before any begins the next:
 *
 *     a; barrier; b     →     for each thread: a
 *                             for each thread: b
 */
import type { Buffer, Expr, Var } from "../../ir/expr.ts";
import { walkExpr } from "../../ir/visit.ts";
import type { Kernel, KernelFor, KernelIf, KernelStmt } from "../../lower/kernel.ts";

/** A part of a kernel: what each thread runs, or a loop or condition around phases, which all threads pass alike. */
export type Phase =
  | { readonly kind: "threads"; readonly body: readonly KernelStmt[] }
  | { readonly kind: "for"; readonly loop: KernelFor }
  | KernelIf;

/** Tells whether threads meet at a barrier in some statements. */
export function meetsIn(body: readonly KernelStmt[]): boolean {
  return body.some((s) =>
    s.kind === "barrier" || (s.kind === "for" && meetsIn(s.body)) ||
    (s.kind === "if" && (meetsIn(s.then) || meetsIn(s.else)))
  );
}

/** Splits statements at barriers, and at loops and conditions that have some. */
export function phasesOf(stmts: readonly KernelStmt[]): readonly Phase[] {
  const phases: Phase[] = [];
  let own: KernelStmt[] = [];
  const end = () => {
    if (own.length > 0) phases.push({ kind: "threads", body: own });
    own = [];
  };
  for (const s of stmts) {
    if (s.kind === "barrier") end();
    else if (!meetsIn([s])) own.push(s);
    else {
      end();
      if (s.kind === "for") phases.push({ kind: "for", loop: s });
      else if (s.kind === "if") phases.push(s);
    }
  }
  end();
  return phases;
}

/** Names and arrays of registers that live across a barrier: each thread needs its own. */
export interface Across {
  readonly vars: ReadonlySet<Var>;
  readonly buffers: ReadonlySet<Buffer>;
}

/** Finds what lives across a barrier: what two phases use, and registers of a phase that runs again and again. */
export function livingAcross(kernel: Kernel): Across {
  const vars = new Map<Var, number>(), buffers = new Map<Buffer, number>();
  const acrossVars = new Set<Var>(), acrossBuffers = new Set<Buffer>();
  let phase = 0;
  const useVar = (v: Var) => {
    const known = vars.get(v);
    if (known !== undefined && known !== phase) acrossVars.add(v);
  };
  const useBuffer = (b: Buffer, again: boolean) => {
    if (b.scope !== "local") return;
    if (again || (buffers.get(b) ?? phase) !== phase) acrossBuffers.add(b);
    buffers.set(b, phase);
  };
  const expr = (e: Expr, again: boolean) =>
    walkExpr(e, (x) => {
      if (x.kind === "var") useVar(x);
      if (x.kind === "load") useBuffer(x.buffer, again);
    });
  const stmts = (body: readonly KernelStmt[], again: boolean): void => {
    for (const s of body) {
      if (s.kind === "let") {
        expr(s.value, again);
        vars.set(s.var, phase);
      } else if (s.kind === "store") {
        useBuffer(s.buffer, again);
        expr(s.index, again);
        expr(s.value, again);
      } else if (s.kind === "for") {
        expr(s.extent, again);
        stmts(s.body, again);
      } else if (s.kind === "if") {
        expr(s.cond, again);
        stmts(s.then, again);
        stmts(s.else, again);
      }
    }
  };
  const walk = (body: readonly KernelStmt[], again: boolean): void => {
    for (const p of phasesOf(body)) {
      phase++;
      if (p.kind === "threads") stmts(p.body, again);
      else if (p.kind === "for") {
        expr(p.loop.extent, again);
        walk(p.loop.body, true);
      } else {
        expr(p.cond, again);
        walk(p.then, again);
        walk(p.else, again);
      }
    }
  };
  if (meetsIn(kernel.body)) walk(kernel.body, false);
  return { vars: acrossVars, buffers: acrossBuffers };
}
