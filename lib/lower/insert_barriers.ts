/**
 * Puts a barrier between statements of which one writes memory that the other reads or writes, where threads
 * share that memory; also from one turn of a loop to the next. A barrier stands only where all threads of a
 * workgroup pass.
 */
import { seq } from "../ir/build.ts";
import type { Buffer, Expr, Load, Var } from "../ir/expr.ts";
import { keyOf } from "../ir/key.ts";
import { type Linear, linearAdd } from "../ir/linear.ts";
import type { Analyzer } from "../ir/simplify.ts";
import type { Barrier, Stmt, Store } from "../ir/stmt.ts";
import { usesVar, walkStmt } from "../ir/visit.ts";
import { analyzerOf, type Draft, workgroupVars } from "./draft.ts";
import { LowerError } from "./error.ts";

/** Shared memory touched since the last barrier: the indices of each buffer, by their keys. */
interface Touched {
  readonly reads: Places;
  readonly writes: Places;
}
type Places = ReadonlyMap<Buffer, ReadonlyMap<string, Expr>>;
const NONE: Touched = { reads: new Map(), writes: new Map() };

export function insertBarriers(draft: Draft): Draft {
  const threads = [...draft.threads].filter(([tag]) => tag.startsWith("threadIdx")).map(([, t]) => t);
  const size = threads.reduce((n, t) => n * (t.extent.kind === "const" ? t.extent.value : NaN), 1);
  const placer = new Placer(new Set(threads.map((t) => t.var)), draft);
  const { reads, writes } = placer.touchedBy(draft.body);
  if (size === 1 || reads.size === 0 || writes.size === 0) return draft;
  const [body] = placer.place(draft.body, NONE);
  return { ...draft, body };
}

class Placer {
  readonly #analyzer: Analyzer;
  /** Variables that are the same for all threads of a workgroup at any time. */
  readonly #fixed: ReadonlySet<Var>;

  constructor(readonly threads: ReadonlySet<Var>, readonly draft: Draft) {
    this.#analyzer = analyzerOf(draft);
    this.#fixed = workgroupVars(draft);
  }

  /** `s` with its barriers, given what was touched before it, and what is touched after its last barrier. */
  place(s: Stmt, before: Touched): [Stmt, Touched] {
    switch (s.kind) {
      case "seq": {
        const out: Stmt[] = [];
        let now = before;
        for (const x of s.body) {
          const between = this.#conflicts(now, this.touchedBy(x));
          if (between.size > 0) {
            out.push(...barriers(between));
            now = NONE;
          }
          const [y, after] = this.place(x, now);
          out.push(y);
          now = after;
        }
        return [seq(...out), now];
      }
      case "for": {
        if (this.#isUnit(s)) return this.#leaf(s, before);
        // A turn starts with what any turn before it may have left.
        for (let start = before;;) {
          const [body, end] = this.place(s.body, start);
          const next = union(start, end);
          if (sizeOf(next) === sizeOf(start)) return [{ ...s, body }, union(before, end)];
          start = next;
        }
      }
      case "let": {
        const [body, after] = this.place(s.body, before);
        return [{ ...s, body }, after];
      }
      case "if": {
        if (this.#isUnit(s)) return this.#leaf(s, before);
        const [then, a] = this.place(s.then, before);
        const [otherwise, b] = s.else ? this.place(s.else, before) : [undefined, before];
        return [
          { kind: "if", cond: s.cond, then, ...(otherwise ? { else: otherwise } : {}) },
          union(a, b),
        ];
      }
      case "store":
      case "block":
      case "barrier":
        return this.#leaf(s, before);
      default:
        return s satisfies never;
    }
  }

  /** What `s` touches of the memory that threads share. */
  touchedBy(s: Stmt): Touched {
    const isShared = (b: Buffer) => b.scope === "shared" || this.draft.exchanged.has(b);
    const reads = new Map<Buffer, Map<string, Expr>>(), writes = new Map<Buffer, Map<string, Expr>>();
    const note = (places: Map<Buffer, Map<string, Expr>>, { buffer: b, indices }: Load | Store) => {
      const [index] = indices;
      if (!isShared(b) || !index) return;
      const known = places.get(b) ?? new Map<string, Expr>();
      places.set(b, known.set(keyOf(index), index));
    };
    walkStmt(s, (x) => x.kind === "store" && note(writes, x), (e) => e.kind === "load" && note(reads, e));
    return { reads, writes };
  }

  /** A statement that holds no barrier inside: one goes before it where it conflicts. */
  #leaf(s: Stmt, before: Touched): [Stmt, Touched] {
    const own = this.touchedBy(s);
    if ((s.kind === "for" || s.kind === "if") && this.#hasInnerConflict(s)) {
      throw new LowerError(
        `cannot place a barrier in ${this.draft.name}: threads share memory inside a condition or loop that ` +
          `differs from thread to thread; move the shared buffer's producer out of it`,
      );
    }
    const between = this.#conflicts(before, own);
    return between.size === 0 ? [s, union(before, own)] : [seq(...barriers(between), s), own];
  }

  /** Statements that are entered by some threads only, or that touch no shared memory, take no barrier inside. */
  #isUnit(s: Stmt): boolean {
    const varies = (e: Expr) => usesVar(e, (v) => this.threads.has(v));
    if (s.kind === "store" || s.kind === "barrier") return true;
    if (s.kind === "for" && varies(s.extent)) return true;
    if (s.kind === "if" && varies(s.cond)) return true;
    const own = this.touchedBy(s);
    return own.reads.size === 0 && own.writes.size === 0;
  }

  /** Whether two statements inside `s`, or two turns of a loop in it, would need a barrier between them. */
  #hasInnerConflict(s: Stmt): boolean {
    const stores: Stmt[] = [];
    let looped = false;
    walkStmt(s, (x) => {
      if (x.kind === "store") stores.push(x);
      if (x.kind === "for") looped = true;
    });
    const touched = stores.map((x) => this.touchedBy(x));
    return touched.some((a, i) =>
      touched.some((b, j) => (looped ? i <= j : i < j) && this.#conflicts(a, b).size > 0)
    );
  }

  /** The buffers for which `b` has to wait for `a`. */
  #conflicts(a: Touched, b: Touched): ReadonlySet<Buffer> {
    const meet = (p: Places, q: Places) =>
      [...p].filter(([buffer, ps]) => {
        const qs = q.get(buffer);
        return qs && [...ps.values()].some((x) => [...qs.values()].some((y) => !this.#areApart(x, y)));
      }).map(([buffer]) => buffer);
    return new Set([...meet(a.writes, b.reads), ...meet(a.writes, b.writes), ...meet(a.reads, b.writes)]);
  }

  /** Whether no thread's `a` is any thread's `b`, at whatever turns of their loops. */
  #areApart(a: Expr, b: Expr): boolean {
    const p = this.#reach(a), q = this.#reach(b);
    return linearAdd(p.fixed, q.fixed, -1).terms.size === 0 && (p.hi < q.lo || q.hi < p.lo);
  }

  #reach(index: Expr): Reach {
    const base = index.kind === "ramp" ? index.base : index;
    const l = this.#analyzer.linear(base);
    const isFixed = (e: Expr) => !usesVar(e, (v) => !this.#fixed.has(v));
    const part = (fixed: boolean) => new Map([...l.terms].filter(([, t]) => isFixed(t.atom) === fixed));
    const [lo, hi] = this.#analyzer.boundsOf({ terms: part(false), constant: l.constant });
    const lanes = index.kind === "ramp" ? 3 * index.stride : 0;
    return { fixed: { terms: part(true), constant: 0 }, lo, hi: hi + lanes };
  }
}

/** An index: what is the same for all threads, and the range of the rest. */
interface Reach {
  readonly fixed: Linear;
  readonly lo: number;
  readonly hi: number;
}

/** One barrier for each kind of memory that is waited for. */
function barriers(buffers: ReadonlySet<Buffer>): readonly Barrier[] {
  const all = [...buffers];
  return [
    ...(all.some((b) => b.scope === "shared") ? [{ kind: "barrier", memory: "shared" } as const] : []),
    ...(all.some((b) => b.scope !== "shared") ? [{ kind: "barrier", memory: "global" } as const] : []),
  ];
}

function union(a: Touched, b: Touched): Touched {
  const both = (p: Places, q: Places): Places =>
    new Map(
      [...p, ...q].map(([buffer]) => [buffer, new Map([...p.get(buffer) ?? [], ...q.get(buffer) ?? []])]),
    );
  return { reads: both(a.reads, b.reads), writes: both(a.writes, b.writes) };
}

function sizeOf({ reads, writes }: Touched): number {
  return [...reads.values(), ...writes.values()].reduce((n, places) => n + places.size, 0);
}
