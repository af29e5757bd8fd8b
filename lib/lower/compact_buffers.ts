/**
 * Buffers in registers and workgroup memory shrink to what one invocation or workgroup holds at a time:
 * the box that their accesses touch while the loops inside their common scope run.
 */
import { constant, isConst, sub } from "../ir/build.ts";
import type { Buffer, Expr, Load, Var } from "../ir/expr.ts";
import { type Range, regionOf, unionRange } from "../ir/region.ts";
import type { Analyzer } from "../ir/simplify.ts";
import type { Stmt, Store } from "../ir/stmt.ts";
import { mapExpr, mapStmt } from "../ir/visit.ts";
import { type Access, accessesOf, commonLoops } from "./accesses.ts";
import { analyzerOf, type Draft, threadVars, workgroupVars } from "./draft.ts";
import { LowerError } from "./error.ts";

export function compactBuffers(draft: Draft): Draft {
  const analyzer = analyzerOf(draft);
  const accesses = accessesOf(draft.body);
  const plans = new Map<Buffer, { now: Buffer; mins: readonly Expr[] }>();
  for (const [b, list] of accesses) {
    if (b.scope === "local" || b.scope === "shared") plans.set(b, plan(b, list, draft, analyzer));
  }
  const move = <T extends Load | Store>(x: T): T => {
    const p = plans.get(x.buffer);
    return p
      ? {
        ...x,
        buffer: p.now,
        indices: x.indices.map((e, d) => analyzer.simplify(sub(e, p.mins[d] ?? constant(0)))),
      }
      : x;
  };
  const expr = (e: Expr): Expr => {
    const x = mapExpr(e, expr);
    return x.kind === "load" ? move(x) : x;
  };
  const stmt = (s: Stmt): Stmt => {
    const x = mapStmt(s, stmt, expr);
    return x.kind === "store" ? move(x) : x;
  };
  return { ...draft, body: stmt(draft.body) };
}

function plan(b: Buffer, accesses: readonly Access[], draft: Draft, analyzer: Analyzer) {
  const common = commonLoops(accesses);
  const own = b.scope === "local" ? threadVars(draft, "threadIdx") : new Set<Var>();
  const fixed = new Set(common.map((l) => l.var)).union(workgroupVars(draft)).union(own);
  const relaxed = (v: Var) => !fixed.has(v);
  const boxOf = (list: readonly Access[]): readonly Range[] =>
    list.map((a) => regionOf(b, a.indices, relaxed, analyzer)).reduce((p, q) =>
      p.map((r, d) => unionRange(r, q[d] ?? r, analyzer) ?? whole(b, d))
    );
  const box = boxOf(accesses);
  const written = boxOf(accesses.filter((a) => a.write));
  if (b.scope === "local") checkCovered(b, box, written, analyzer);
  // A box may reach past the buffer, where a condition keeps the accesses away: then the whole is smaller.
  const held = box.map((r, d): Range => {
    const extent = analyzer.simplify(r.extent);
    const full = b.shape[d] ?? constant(1);
    if (isConst(extent)) return isConst(full) && full.value < extent.value ? whole(b, d) : { ...r, extent };
    throw new LowerError(
      `cannot place ${b.name} in ${b.scope} memory: dimension ${d} needs a size that is not constant; ` +
        `move its producer under a loop of constant extent (computeAt), or split that loop`,
    );
  });
  return { now: { ...b, shape: held.map((r) => r.extent) }, mins: held.map((r) => r.min) };
}

function whole(b: Buffer, d: number): Range {
  return { min: constant(0), extent: b.shape[d] ?? constant(1), exact: false };
}

/** What an invocation reads from its registers it must have written itself. */
function checkCovered(b: Buffer, box: readonly Range[], written: readonly Range[], analyzer: Analyzer): void {
  box.forEach((r, d) => {
    const w = written[d];
    if (w && analyzer.provesEqual(w.min, r.min) && analyzer.provesEqual(w.extent, r.extent)) return;
    throw new LowerError(
      `cannot keep ${b.name} in registers: an invocation would read elements of dimension ${d} that it did not ` +
        `write; compute the producer under the same thread loops as its consumer, or use shared memory`,
    );
  });
}
