/**
 * Ends a loop once its remaining iterations contribute nothing: where its stores are guarded by a condition that holds in
 * its first iterations only. Copies that it makes for the other iterations are saved as well.
 *
 *     for t in range(8):                              for t in range(min(8, n)):
 *       a = A[t]                                 →      a = A[t]
 *       s = s + (a if t < n else 0)                     s = s + a
 *
 * Only where all threads of a workgroup agree on the end, as they may have to meet in the loop. A loop of symbolic
 * extent stays as it is: its iterations are counted at launch, by shapes alone.
 */
import { and, binary, conjuncts, isConst, min, select, TRUE } from "../ir/build.ts";
import { equalExpr } from "../ir/equal.ts";
import type { Binary, Buffer, Expr, Select, Var } from "../ir/expr.ts";
import { keyOf } from "../ir/key.ts";
import { fromLinear, linearAdd, linearAtom } from "../arith/linear.ts";
import { type CombineOp, reducerOf } from "../ir/reducer.ts";
import type { Analyzer } from "../arith/analyzer.ts";
import type { For, Stmt, Store } from "../ir/stmt.ts";
import { mapStmt, readsMemory, someStmt, usesVar, walkStmt } from "../ir/visit.ts";
import { analyzerOf, type KernelDraft, threadVars } from "./kernel_draft.ts";

export function trimLoops(draft: KernelDraft): KernelDraft {
  const starts = startsOf(draft.body);
  const guarded = (s: Store) => guardedStep(s, starts);
  if (!someStmt(draft.body, (s) => s.kind === "store" && guarded(s) !== undefined)) return draft;
  const analyzer = analyzerOf(draft), threads = threadVars(draft, "threadIdx");
  const all = usesIn(draft.body);
  const stmt = (s: Stmt): Stmt => {
    if (s.kind !== "for" || s.loop !== "serial" || !isConst(s.extent)) return mapStmt(s, stmt);
    const own = usesIn(s.body);
    const isSeen = (b: Buffer) => draft.outer.has(b) || own.get(b) !== all.get(b);
    const ends = endsOf(s, isSeen, guarded, threads, analyzer);
    if (ends.size === 0) return mapStmt(s, stmt);
    const extent = analyzer.simplify([...ends.values()].reduce((p, q) => min(p, q), s.extent));
    return mapStmt({ ...s, extent, body: without(s.body, guarded, new Set(ends.keys())) }, stmt);
  };
  return { ...draft, body: stmt(draft.body) };
}

/** Counts the accesses of each buffer in `s`. */
function usesIn(s: Stmt): ReadonlyMap<Buffer, number> {
  const uses = new Map<Buffer, number>();
  const note = (b: Buffer) => uses.set(b, (uses.get(b) ?? 0) + 1);
  walkStmt(s, (x) => x.kind === "store" && note(x.buffer), (e) => e.kind === "load" && note(e.buffer));
  return uses;
}

/**
 * Finds the conditions, by their keys, that guard each store to memory outside of the loop, and the iteration from which
 * each of them fails.
 */
function endsOf(
  loop: For,
  isSeen: (b: Buffer) => boolean,
  guarded: (s: Store) => Guarded | undefined,
  threads: ReadonlySet<Var>,
  analyzer: Analyzer,
): ReadonlyMap<string, Expr> {
  const inside = new Set<Var>(threads);
  const stores: Store[] = [];
  walkStmt(loop.body, (s) => {
    if (s.kind === "for" || s.kind === "let") inside.add(s.var);
    if (s.kind === "store" && isSeen(s.buffer)) stores.push(s);
  });
  const guards = stores.map((s) =>
    new Map(conjuncts(guarded(s)?.value.cond ?? TRUE).map((c) => [keyOf(c), c]))
  );
  const [first, ...more] = guards;
  const ends = new Map<string, Expr>();
  for (const [key, cond] of first ?? []) {
    const end = more.every((g) => g.has(key)) ? endOf(cond, loop.var, analyzer) : undefined;
    if (end && !readsMemory(end) && !usesVar(end, (v) => inside.has(v))) ends.set(key, end);
  }
  return ends;
}

/** A step of a reduction that adds something under a condition only. */
interface Guarded {
  readonly op: CombineOp;
  readonly self: Expr;
  readonly value: Select;
}

/**
 * The least constant that each buffer starts at, where it is otherwise stored to as a maximum of itself only: then it is
 * never below.
 */
function startsOf(body: Stmt): ReadonlyMap<Buffer, number> {
  const starts = new Map<Buffer, number>();
  walkStmt(body, (s) => {
    if (s.kind !== "store" || reducerOf(s)?.op === "max") return;
    const start = s.value.kind === "const" ? s.value.value : -Infinity;
    starts.set(s.buffer, Math.min(start, starts.get(s.buffer) ?? Infinity));
  });
  return starts;
}

function guardedStep(s: Store, starts: ReadonlyMap<Buffer, number>): Guarded | undefined {
  const reducer = reducerOf(s);
  if (reducer?.value.kind !== "select") return undefined;
  const { b: otherwise } = reducer.value;
  const below = reducer.op === "max" && otherwise.kind === "const" &&
    otherwise.value <= (starts.get(s.buffer) ?? -Infinity);
  if (!below && !equalExpr(otherwise, reducer.identity)) return undefined;
  const { a, b } = s.value as Binary;
  return { op: reducer.op, self: reducer.value === a ? b : a, value: reducer.value };
}

/** The first value of `v` for which `cond` fails, as it does for all from there on; undefined for other conditions. */
function endOf(cond: Expr, v: Var, analyzer: Analyzer): Expr | undefined {
  if (cond.kind !== "binary" || cond.op !== "lt" || cond.a.dtype !== "i32") return undefined;
  const a = analyzer.linear(cond.a), b = analyzer.linear(cond.b);
  const end = linearAdd(linearAdd(b, a, -1), linearAtom(v));
  // What wraps around may hold again later.
  if (![a, b, end].every((l) => analyzer.isExact(l))) return undefined;
  const isFree = end.terms.values().every((t) => !usesVar(t.atom, (x) => x === v));
  return isFree ? fromLinear(end) : undefined;
}

/** `s` whose steps do not ask for the conditions of these keys. */
function without(
  s: Stmt,
  guarded: (s: Store) => Guarded | undefined,
  gone: ReadonlySet<string>,
): Stmt {
  const step = s.kind === "store" ? guarded(s) : undefined;
  if (s.kind !== "store" || !step) return mapStmt(s, (x) => without(x, guarded, gone));
  const { op, self, value: { cond, a, b } } = step;
  const rest = and(...conjuncts(cond).filter((c) => !gone.has(keyOf(c))));
  return { ...s, value: binary(op, self, select(rest, a, b)) };
}
