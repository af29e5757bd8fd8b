/**
 * Puts a barrier between statements of which one writes memory that the other reads or writes, where threads
 * share that memory; also from one turn of a loop to the next. A barrier stands only where all threads of a
 * workgroup pass.
 */
import { seq } from "../ir/build.ts";
import type { Buffer, Expr, Var } from "../ir/expr.ts";
import type { Barrier, Stmt } from "../ir/stmt.ts";
import { usesVar, walkStmt } from "../ir/visit.ts";
import type { Draft } from "./draft.ts";
import { LowerError } from "./error.ts";

/** Shared memory touched since the last barrier. */
interface Touched {
  readonly reads: ReadonlySet<Buffer>;
  readonly writes: ReadonlySet<Buffer>;
}
const NONE: Touched = { reads: new Set(), writes: new Set() };

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
  constructor(readonly threads: ReadonlySet<Var>, readonly draft: Draft) {}

  /** `s` with its barriers, given what was touched before it, and what is touched after its last barrier. */
  place(s: Stmt, before: Touched): [Stmt, Touched] {
    switch (s.kind) {
      case "seq": {
        const out: Stmt[] = [];
        let now = before;
        for (const x of s.body) {
          const between = conflicts(now, this.touchedBy(x));
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
    const reads = new Set<Buffer>(), writes = new Set<Buffer>();
    walkStmt(
      s,
      (x) => x.kind === "store" && isShared(x.buffer) && writes.add(x.buffer),
      (e) => e.kind === "load" && isShared(e.buffer) && reads.add(e.buffer),
    );
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
    const between = conflicts(before, own);
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
      touched.some((b, j) => (looped ? i <= j : i < j) && conflicts(a, b).size > 0)
    );
  }
}

/** One barrier for each kind of memory that is waited for. */
function barriers(buffers: ReadonlySet<Buffer>): readonly Barrier[] {
  const all = [...buffers];
  return [
    ...(all.some((b) => b.scope === "shared") ? [{ kind: "barrier", memory: "shared" } as const] : []),
    ...(all.some((b) => b.scope !== "shared") ? [{ kind: "barrier", memory: "global" } as const] : []),
  ];
}

/** The buffers for which `b` has to wait for `a`. */
function conflicts(a: Touched, b: Touched): ReadonlySet<Buffer> {
  return new Set([
    ...[...a.writes].filter((x) => b.reads.has(x) || b.writes.has(x)),
    ...[...a.reads].filter((x) => b.writes.has(x)),
  ]);
}

function union(a: Touched, b: Touched): Touched {
  return { reads: new Set([...a.reads, ...b.reads]), writes: new Set([...a.writes, ...b.writes]) };
}

function sizeOf(t: Touched): number {
  return t.reads.size + t.writes.size;
}
