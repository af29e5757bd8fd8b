/**
 * Puts a barrier between statements of which one writes memory that the other reads or writes, where threads
 * share that memory; also from one turn of a loop to the next. A barrier stands only where all threads of a
 * workgroup pass.
 */
import { constant, isConst, seq, sub, variable } from "../ir/build.ts";
import type { Buffer, Expr, Load, Var } from "../ir/expr.ts";
import { keyOf } from "../ir/key.ts";
import { type Linear, linearAdd } from "../ir/linear.ts";
import type { Analyzer } from "../ir/simplify.ts";
import type { Barrier, For, Stmt, Store } from "../ir/stmt.ts";
import { substitute, usesVar, walkExpr, walkStmt } from "../ir/visit.ts";
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
  // Workgroup memory that nobody reads may be written in any order.
  const isRead = reads.size > 0 || [...writes.keys()].some((b) => b.scope !== "shared");
  if (size === 1 || writes.size === 0 || !isRead) return draft;
  const [body] = placer.place(draft.body, NONE);
  return { ...draft, body };
}

class Placer {
  readonly #analyzer: Analyzer;
  /** Variables that are the same for all threads of a workgroup: which one it is, the shapes, the turns of loops. */
  readonly #fixed: Set<Var>;
  /** For a loop's variable one that stands for some turn of it, nobody knows which. */
  readonly #someTurn = new Map<Var, Var>();

  constructor(readonly threads: ReadonlySet<Var>, readonly draft: Draft) {
    this.#analyzer = analyzerOf(draft);
    this.#fixed = new Set(workgroupVars(draft));
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
        // A turn starts with what turns before it may have left.
        this.#fixed.add(s.var);
        for (let start = before;;) {
          const [body, end] = this.place(s.body, start);
          const next = union(start, this.#asSeen(end, s, passesBarrier(body) ? sub(s.var, 1) : undefined));
          if (sizeOf(next) === sizeOf(start)) {
            this.#fixed.delete(s.var);
            const loop = { ...s, body }, after = this.#asSeen(end, s, undefined);
            return [loop, passesBarrier(loop) ? after : union(before, after)];
          }
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

  /** What a turn of `loop` touched, as it is seen from outside of that turn: `turn` of it, or any. */
  #asSeen(touched: Touched, loop: For, turn: Expr | undefined): Touched {
    let some = this.#someTurn.get(loop.var);
    if (!some) {
      some = variable(loop.var.name);
      this.#someTurn.set(loop.var, some);
      this.#analyzer.bind(some, loop.extent);
    }
    const by = new Map([[loop.var, turn ?? some]]);
    const move = (places: Places): Places =>
      new Map([...places].map(([buffer, indices]) => [
        buffer,
        new Map([...indices.values()].map((e) => substitute(e, by)).map((e) => [keyOf(e), e])),
      ]));
    return { reads: move(touched.reads), writes: move(touched.writes) };
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

  /** Whether no thread's `a` is any thread's `b`. */
  #areApart(a: Expr, b: Expr): boolean {
    const p = this.#reach(a), q = this.#reach(b);
    const between = this.#valuesOf(linearAdd(p.fixed, q.fixed, -1));
    return between?.every((d) => p.hi + d < q.lo || q.hi < p.lo + d) ?? false;
  }

  /** The values that `l` takes, where it is constant or tells even turns of a loop from odd ones. */
  #valuesOf(l: Linear): readonly number[] | undefined {
    if (l.terms.size === 0) return [l.constant];
    const atoms = [...l.terms.values()].map((t) => t.atom);
    const vars = new Set<Var>();
    for (const e of atoms) {
      if (e.kind !== "binary" || e.op !== "floormod" || !isConst(e.b, 2)) return undefined;
      walkExpr(e, (x) => x.kind === "var" && vars.add(x));
    }
    const [turn, ...more] = vars;
    if (!turn || more.length > 0) return undefined;
    const at = (n: number) => {
      const by = new Map([[turn, constant(n)]]);
      return [...l.terms.values()].reduce((sum, t) => {
        const value = this.#analyzer.simplify(substitute(t.atom, by));
        return sum + t.coeff * (isConst(value) ? value.value : NaN);
      }, l.constant);
    };
    const values = [at(2), at(3)];
    return values.some((n) => Number.isNaN(n)) ? undefined : values;
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

/** Whether whoever runs `s` passes a barrier. */
function passesBarrier(s: Stmt): boolean {
  switch (s.kind) {
    case "barrier":
      return true;
    case "seq":
      return s.body.some(passesBarrier);
    case "for":
      return isConst(s.extent) && passesBarrier(s.body);
    case "let":
      return passesBarrier(s.body);
    case "if":
      return s.else !== undefined && passesBarrier(s.then) && passesBarrier(s.else);
    case "store":
    case "block":
      return false;
    default:
      return s satisfies never;
  }
}

function sizeOf({ reads, writes }: Touched): number {
  return [...reads.values(), ...writes.values()].reduce((n, places) => n + places.size, 0);
}
