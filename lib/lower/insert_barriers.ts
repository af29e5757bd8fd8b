/**
 * Puts a barrier between statements of which one writes workgroup memory that the other reads or writes, also from one
 * turn of a loop to the next. A barrier stands only where all threads of a workgroup pass.
 */
import { seq } from "../ir/build.ts";
import type { Buffer, Expr, Var } from "../ir/expr.ts";
import type { Stmt } from "../ir/stmt.ts";
import { usesVar, walkStmt } from "../ir/visit.ts";
import type { Draft } from "./draft.ts";
import { LowerError } from "./error.ts";

/** Workgroup memory touched since the last barrier. */
interface Touched {
  readonly reads: ReadonlySet<Buffer>;
  readonly writes: ReadonlySet<Buffer>;
}
const NONE: Touched = { reads: new Set(), writes: new Set() };

export function insertBarriers(draft: Draft): Draft {
  const threads = new Set<Var>(
    [...draft.threads].filter(([tag]) => tag.startsWith("threadIdx")).map(([, t]) => t.var),
  );
  const size = [...draft.threads].filter(([tag]) => tag.startsWith("threadIdx"))
    .reduce((n, [, t]) => n * (t.extent.kind === "const" ? t.extent.value : NaN), 1);
  const { reads, writes } = touchedBy(draft.body);
  if (size === 1 || reads.size === 0 || writes.size === 0) return draft;
  const [body] = place(draft.body, NONE, threads, draft.name);
  return { ...draft, body };
}

/** `s` with its barriers, given what was touched before it, and what is touched after its last barrier. */
function place(s: Stmt, before: Touched, threads: ReadonlySet<Var>, name: string): [Stmt, Touched] {
  switch (s.kind) {
    case "seq": {
      const out: Stmt[] = [];
      let now = before;
      for (const x of s.body) {
        if (conflicts(now, touchedBy(x))) {
          out.push({ kind: "barrier" });
          now = NONE;
        }
        const [y, after] = place(x, now, threads, name);
        out.push(y);
        now = after;
      }
      return [seq(...out), now];
    }
    case "for": {
      if (isUnit(s, threads)) return leaf(s, before, name);
      // The second turn starts with what the first has left.
      const [once, after] = place(s.body, before, threads, name);
      const [twice, end] = place(s.body, union(before, after), threads, name);
      const body = countBarriers(twice) === countBarriers(once) ? once : twice;
      return [{ ...s, body }, union(before, end)];
    }
    case "let": {
      const [body, after] = place(s.body, before, threads, name);
      return [{ ...s, body }, after];
    }
    case "if": {
      if (isUnit(s, threads)) return leaf(s, before, name);
      const [then, a] = place(s.then, before, threads, name);
      const [otherwise, b] = s.else ? place(s.else, before, threads, name) : [undefined, before];
      return [{ kind: "if", cond: s.cond, then, ...(otherwise ? { else: otherwise } : {}) }, union(a, b)];
    }
    case "store":
    case "block":
    case "barrier":
      return leaf(s, before, name);
    default:
      return s satisfies never;
  }
}

/** A statement that holds no barrier inside: one goes before it where it conflicts. */
function leaf(s: Stmt, before: Touched, name: string): [Stmt, Touched] {
  const own = touchedBy(s);
  if ((s.kind === "for" || s.kind === "if") && hasInnerConflict(s)) {
    throw new LowerError(
      `cannot place a barrier in ${name}: threads share workgroup memory inside a condition or loop that differs ` +
        `from thread to thread; move the shared buffer's producer out of it`,
    );
  }
  if (!conflicts(before, own)) return [s, union(before, own)];
  return [seq({ kind: "barrier" }, s), own];
}

/** Statements that are entered by some threads only, or that touch no workgroup memory, take no barrier inside. */
function isUnit(s: Stmt, threads: ReadonlySet<Var>): boolean {
  const varies = (e: Expr) => usesVar(e, (v) => threads.has(v));
  if (s.kind === "store" || s.kind === "barrier") return true;
  if (s.kind === "for" && varies(s.extent)) return true;
  if (s.kind === "if" && varies(s.cond)) return true;
  const own = touchedBy(s);
  return own.reads.size === 0 && own.writes.size === 0;
}

function touchedBy(s: Stmt): Touched {
  const reads = new Set<Buffer>(), writes = new Set<Buffer>();
  walkStmt(
    s,
    (x) => x.kind === "store" && x.buffer.scope === "shared" && writes.add(x.buffer),
    (e) => e.kind === "load" && e.buffer.scope === "shared" && reads.add(e.buffer),
  );
  return { reads, writes };
}

/** Whether two statements inside `s`, or two turns of a loop in it, would need a barrier between them. */
function hasInnerConflict(s: Stmt): boolean {
  const stores: Stmt[] = [];
  let looped = false;
  walkStmt(s, (x) => {
    if (x.kind === "store") stores.push(x);
    if (x.kind === "for") looped = true;
  });
  const touched = stores.map(touchedBy);
  return touched.some((a, i) => touched.some((b, j) => (looped ? i <= j : i < j) && conflicts(a, b)));
}

function conflicts(a: Touched, b: Touched): boolean {
  return [...a.writes].some((x) => b.reads.has(x) || b.writes.has(x)) ||
    [...a.reads].some((x) => b.writes.has(x));
}

function union(a: Touched, b: Touched): Touched {
  return { reads: new Set([...a.reads, ...b.reads]), writes: new Set([...a.writes, ...b.writes]) };
}

function countBarriers(s: Stmt): number {
  let n = 0;
  walkStmt(s, (x) => x.kind === "barrier" && n++);
  return n;
}
