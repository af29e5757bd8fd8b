/**
 * Puts a barrier between two statements if one writes shared memory that the other reads or writes; also between
 * iterations of a loop. Barriers are placed only where all threads of a workgroup pass.
 */
import { seq, sub, variable } from "../ir/build.ts";
import type { Buffer, Expr, Load, Var } from "../ir/expr.ts";
import { keyOf } from "../ir/key.ts";
import type { Analyzer } from "../arith/analyzer.ts";
import type { For, Stmt, Store } from "../ir/stmt.ts";
import { mapStmt, someStmt, usesVar, walkExpr, walkStmt } from "../ir/visit.ts";
import { substitute } from "../ir/substitute.ts";
import { analyzerOf, type KernelDraft, workgroupVars } from "./kernel_draft.ts";
import { LowerError } from "./error.ts";
import { AliasAnalysis } from "./alias.ts";
import { addPlace, type Places, Touched } from "./shared_accesses.ts";
import { barriers, passesBarrier } from "./barrier.ts";

export function insertBarriers(draft: KernelDraft): KernelDraft {
  const threads = [...draft.threads].filter(([tag]) => tag.startsWith("threadIdx")).map(([, t]) => t);
  const size = threads.reduce((n, t) => n * (t.extent.kind === "const" ? t.extent.value : NaN), 1);
  const shares = someStmt(draft.body, (s) => s.kind === "store" && isShared(s.buffer, draft));
  if (size === 1 || !shares) return draft;
  const placer = new Placer(new Set(threads.map((t) => t.var)), draft);
  const { reads, writes } = placer.touchedBy(draft.body);
  // Workgroup memory that is never read may be written in any order.
  const isRead = reads.size > 0 || [...writes.keys()].some((b) => b.scope !== "shared");
  if (!isRead) return draft;
  return { ...draft, body: placer.place(draft.body, new Touched()) };
}

function isShared(b: Buffer, draft: KernelDraft): boolean {
  return b.scope === "shared" || draft.sharedGlobals.has(b);
}

class Placer {
  readonly #analyzer: Analyzer;
  /** Variables that are the same for all threads of a workgroup: its index, shapes, iterations of common loops. */
  readonly #fixed: Set<Var>;
  /** For each loop's variable, a variable that stands for an unknown iteration of the loop. */
  readonly #someIteration = new Map<Var, Var>();
  readonly #touched = new Map<Stmt, Touched>();
  readonly #reaches: AliasAnalysis;

  constructor(readonly threads: ReadonlySet<Var>, readonly draft: KernelDraft) {
    this.#analyzer = analyzerOf(draft);
    this.#fixed = new Set(workgroupVars(draft));
    this.#reaches = new AliasAnalysis(this.#analyzer, (v) => this.#fixed.has(v));
  }

  /** Places barriers in `s`. `now` holds the accesses since the last barrier; it is updated to the end of `s`. */
  place(s: Stmt, now: Touched): Stmt {
    switch (s.kind) {
      case "seq": {
        const out: Stmt[] = [];
        for (const x of s.body) {
          const between = this.#conflicts(now, this.touchedBy(x));
          if (between.size > 0) {
            out.push(...barriers(between));
            now.clear();
          }
          out.push(this.place(x, now));
        }
        return seq(...out);
      }
      case "for": {
        if (this.#isUnit(s)) return this.#leaf(s, now);
        // An iteration starts with the accesses that earlier iterations may have left.
        const start = now.copy();
        this.#fix(s.var, true);
        for (;;) {
          const end = start.copy();
          const body = this.place(s.body, end);
          if (start.add(this.#asSeen(end, s, passesBarrier(body) ? sub(s.var, 1) : undefined))) continue;
          this.#fix(s.var, false);
          const loop = { ...s, body };
          if (passesBarrier(loop)) now.clear();
          now.add(this.#asSeen(end, s, undefined));
          return loop;
        }
      }
      case "let":
        return { ...s, body: this.place(s.body, now) };
      case "if": {
        if (this.#isUnit(s)) return this.#leaf(s, now);
        const other = now.copy();
        const then = this.place(s.then, now);
        const otherwise = s.else && this.place(s.else, other);
        now.add(other);
        return { kind: "if", cond: s.cond, then, ...(otherwise ? { else: otherwise } : {}) };
      }
      case "store":
      case "block":
      case "barrier":
        return this.#leaf(s, now);
      default:
        return s satisfies never;
    }
  }

  /** Marks `v` as the same for all threads, or unmarks it. */
  #fix(v: Var, fixed: boolean): void {
    if (fixed) this.#fixed.add(v);
    else this.#fixed.delete(v);
    this.#reaches.forget();
  }

  /** Rewrites the accesses of one iteration for use outside of it: for iteration `at`, or for an unknown one. */
  #asSeen(touched: Touched, loop: For, at: Expr | undefined): Touched {
    let some = this.#someIteration.get(loop.var);
    if (!some) {
      some = variable(loop.var.name);
      this.#someIteration.set(loop.var, some);
      this.#analyzer.bind(some, loop.extent);
    }
    const by = new Map([[loop.var, at ?? some]]);
    const seen = new Touched();
    const move = (to: Places, from: Places) => {
      for (const [buffer, indices] of from) {
        for (const index of indices.values()) {
          const e = substitute(index, by);
          addPlace(to, buffer, keyOf(e), e);
        }
      }
    };
    move(seen.reads, touched.reads);
    move(seen.writes, touched.writes);
    return seen;
  }

  /** Gives the accesses of `s` to shared memory. */
  touchedBy(s: Stmt): Touched {
    const known = this.#touched.get(s);
    if (known) return known;
    const touched = new Touched();
    this.#touched.set(s, touched);
    const { reads, writes } = touched;
    const note = (places: Places, { buffer: b, indices: [index] }: Load | Store) => {
      if (index && isShared(b, this.draft)) addPlace(places, b, keyOf(index), index);
    };
    if (s.kind === "store") note(writes, s);
    mapStmt(
      s,
      (x) => (touched.add(this.touchedBy(x)), x),
      (e) => (walkExpr(e, (x) => x.kind === "load" && note(reads, x)), e),
    );
    return touched;
  }

  /** Places a barrier before a statement that must not contain one, if it conflicts. */
  #leaf(s: Stmt, now: Touched): Stmt {
    const own = this.touchedBy(s);
    if ((s.kind === "for" || s.kind === "if") && this.#hasInnerConflict(s)) {
      throw new LowerError(
        `cannot place a barrier in ${this.draft.name}: threads share memory inside a condition or loop that ` +
          `differs from thread to thread; move the shared buffer's producer out of it`,
      );
    }
    const between = this.#conflicts(now, own);
    if (between.size > 0) now.clear();
    now.add(own);
    return between.size === 0 ? s : seq(...barriers(between), s);
  }

  /** Tells whether `s` must not contain a barrier: only some threads enter it, or it accesses no shared memory. */
  #isUnit(s: Stmt): boolean {
    const varies = (e: Expr) => usesVar(e, (v) => this.threads.has(v));
    if (s.kind === "store" || s.kind === "barrier") return true;
    if (s.kind === "for" && varies(s.extent)) return true;
    if (s.kind === "if" && varies(s.cond)) return true;
    return this.touchedBy(s).isEmpty;
  }

  /** Whether two statements inside `s`, or two iterations of a loop in it, would need a barrier between them. */
  #hasInnerConflict(s: Stmt): boolean {
    const stores: Stmt[] = [];
    let looped = false;
    walkStmt(s, (x) => {
      if (x.kind === "store") stores.push(x);
      if (x.kind === "for") looped = true;
    });
    const before = new Touched();
    return stores.some((x) => {
      const own = this.touchedBy(x);
      if (this.#conflicts(before, own).size > 0 || (looped && this.#conflicts(own, own).size > 0)) {
        return true;
      }
      before.add(own);
      return false;
    });
  }

  /** Finds the buffers for which `b` has to wait for `a`. */
  #conflicts(a: Touched, b: Touched): ReadonlySet<Buffer> {
    const found = new Set<Buffer>();
    const meet = (p: Places, q: Places) => {
      for (const [buffer, indices] of q) {
        const others = p.get(buffer);
        if (!others || found.has(buffer)) continue;
        for (const y of indices.values()) {
          if (others.values().every((x) => this.#reaches.areApart(x, y))) continue;
          found.add(buffer);
          break;
        }
      }
    };
    meet(a.writes, b.reads);
    meet(a.writes, b.writes);
    meet(a.reads, b.writes);
    return found;
  }
}
