/**
 * Replaces vectorized loops by statements over vectors of four; other operations are written out lane by lane. Without
 * vectors in the target, a vectorized loop becomes an unrolled one.
 */
import { add, broadcast, constant, seq } from "../ir/build.ts";
import { lanesOf, scalarOf, withLanes } from "../ir/dtype.ts";
import type { Expr, Var } from "../ir/expr.ts";
import { keyOf } from "../ir/key.ts";
import { fromLinear } from "../arith/linear.ts";
import type { Analyzer } from "../arith/analyzer.ts";
import { nodesIn } from "../ir/size.ts";
import type { For, Stmt } from "../ir/stmt.ts";
import { mapExpr, mapStmt, someStmt } from "../ir/visit.ts";
import { substitute, substituteStmt } from "../ir/substitute.ts";
import type { Target } from "../target/target.ts";
import { analyzerOf, type KernelDraft } from "./kernel_draft.ts";
import { LimitError, LowerError } from "./error.ts";
import { isInjective } from "./injectivity.ts";

/** Statements and expressions that vectors may make in one kernel, far above those of a kernel that compiles. */
const MOST_MADE = 1 << 17;

const LANES = [0, 1, 2, 3] as const;

export function vectorizeLoops(draft: KernelDraft, target: Target): KernelDraft {
  const analyzer = analyzerOf(draft);
  let made = 0;
  const stmt = (s: Stmt): Stmt => {
    const x = mapStmt(s, stmt);
    if (x.kind !== "for" || x.loop !== "vectorized") return x;
    if (x.extent.kind !== "const") {
      throw new LowerError(`cannot vectorize ${x.var.name}: its extent is not constant; split it by 4 first`);
    }
    const fits = x.extent.value % 4 === 0 && lanesAreApart(x, analyzer);
    if (target.lanes === 1 || !fits) return { ...x, loop: "unrolled" };
    if ((made += x.extent.value / 4 * nodesIn(x.body)) > MOST_MADE) {
      throw new LimitError(
        `cannot vectorize the loops of ${draft.name}: they make more than ${MOST_MADE} statements and expressions; ` +
          `split off 4 to vectorize`,
      );
    }
    return vectorized(x, x.extent.value, analyzer);
  };
  return { ...draft, body: stmt(draft.body) };
}

/** Tells whether no two iterations store to one place: only then may all iterations run statement by statement. */
function lanesAreApart(loop: For, analyzer: Analyzer): boolean {
  return !someStmt(loop.body, (s) => s.kind === "store" && !isInjective(s.indices, loop.var, analyzer));
}

function vectorized(loop: For, extent: number, analyzer: Analyzer): Stmt {
  if (extent === 4) return new Vectorizer(loop.var, analyzer).stmt(loop.body);
  const chunks: Stmt[] = [];
  for (let base = 0; base < extent; base += 4) {
    const lane: Var = { kind: "var", dtype: "i32", name: loop.var.name };
    analyzer.bind(lane, constant(4));
    const body = substituteStmt(loop.body, new Map([[loop.var, add(lane, base)]]));
    chunks.push(new Vectorizer(lane, analyzer).stmt(body));
  }
  return seq(...chunks);
}

/** Rewrites for the four values of one lane variable at once. */
class Vectorizer {
  readonly #made = new Map<Expr, Expr>();
  readonly #varying = new Map<Expr, boolean>();

  constructor(readonly lane: Var, readonly analyzer: Analyzer) {}

  stmt(s: Stmt): Stmt {
    switch (s.kind) {
      case "seq":
        return seq(...s.body.map((x) => this.stmt(x)));
      case "for":
        return this.#varies(s.extent) ? this.#byLane(s) : { ...s, body: this.stmt(s.body) };
      case "if": {
        const cond = this.expr(s.cond);
        if (lanesOf(cond.dtype) > 1) return this.#byLane(s);
        return { kind: "if", cond, then: this.stmt(s.then), ...(s.else ? { else: this.stmt(s.else) } : {}) };
      }
      case "store": {
        const indices = s.indices.map((e) => this.expr(e));
        const last = indices.at(-1);
        const outer = indices.slice(0, -1);
        if (last?.kind !== "ramp" || last.stride !== 1 || outer.some((e) => lanesOf(e.dtype) > 1)) {
          return this.#byLane(s);
        }
        const value = this.expr(s.value);
        return { ...s, indices, value: lanesOf(value.dtype) > 1 ? value : broadcast(value, 4) };
      }
      case "let":
      case "barrier":
      case "block":
        return this.#byLane(s);
      default:
        return s satisfies never;
    }
  }

  /** `e` for all lanes: a scalar where the lanes agree, else a vector of four. */
  expr(e: Expr): Expr {
    if (!this.#varies(e)) return e;
    let made = this.#made.get(e);
    if (made === undefined) this.#made.set(e, made = this.#make(e));
    return made;
  }

  #make(e: Expr): Expr {
    if (scalarOf(e.dtype) === "i32" || scalarOf(e.dtype) === "bool") return this.#fromLanes(e);
    if (e.kind === "load") return this.#load(e);
    if (e.kind === "call" && e.op === "subgroupShuffleXor") return this.#shuffle(e);
    if (e.kind === "select" && lanesOf(this.expr(e.cond).dtype) > 1) return this.#shuffle(e);
    const children: Expr[] = [];
    mapExpr(e, (c) => (children.push(this.expr(c)), c));
    if (children.every((c) => lanesOf(c.dtype) === 1)) return this.#replace(e, children, 1);
    return this.#replace(e, children.map((c, k) => e.kind === "select" && k === 0 ? c : wide(c)), 4);
  }

  #replace(e: Expr, children: readonly Expr[], lanes: number): Expr {
    let k = 0;
    const x = mapExpr(e, () => children[k++] as Expr);
    return { ...x, dtype: withLanes(e.dtype, lanes) } as Expr;
  }

  #load(e: Extract<Expr, { kind: "load" }>): Expr {
    const indices = e.indices.map((i) => this.expr(i));
    if (indices.every((i) => lanesOf(i.dtype) === 1)) return { ...e, indices };
    const last = indices.at(-1);
    const plain = indices.slice(0, -1).every((i) => lanesOf(i.dtype) === 1);
    if (plain && last?.kind === "ramp" && last.stride === 1) {
      return { ...e, indices, dtype: withLanes(e.dtype, 4) };
    }
    return this.#shuffle(e);
  }

  /** An integer or boolean: one value if the lanes agree, a ramp if they step evenly. */
  #fromLanes(e: Expr): Expr {
    const evenly = e.dtype === "i32" ? this.#stepped(e) : undefined;
    if (evenly) return evenly;
    const lanes = this.#lanes(e);
    const [first] = lanes as [Expr, Expr, Expr, Expr];
    const key = keyOf(first);
    if (lanes.every((x) => keyOf(x) === key)) return first;
    return { kind: "shuffle", dtype: withLanes(e.dtype, 4), lanes };
  }

  /** An index whose linear form has the lane itself, or does not have it at all. */
  #stepped(e: Expr): Expr | undefined {
    const form = this.analyzer.linear(e);
    const terms = new Map(form.terms);
    terms.delete(this.lane);
    if (terms.values().some((t) => this.#varies(t.atom))) return undefined;
    const base = fromLinear({ terms, constant: form.constant });
    const stride = form.terms.get(this.lane)?.coeff;
    return stride === undefined ? base : { kind: "ramp", dtype: "i32x4", base, stride };
  }

  #shuffle(e: Expr): Expr {
    return { kind: "shuffle", dtype: withLanes(e.dtype, 4), lanes: this.#lanes(e) };
  }

  #lanes(e: Expr): readonly Expr[] {
    return LANES.map((k) => this.analyzer.simplify(substitute(e, new Map([[this.lane, constant(k)]]))));
  }

  #byLane(s: Stmt): Stmt {
    return seq(...LANES.map((k) => substituteStmt(s, new Map([[this.lane, constant(k)]]))));
  }

  #varies(e: Expr): boolean {
    if (e.kind === "const") return false;
    if (e.kind === "var") return e === this.lane;
    let varies = this.#varying.get(e);
    if (varies === undefined) {
      let some = false;
      mapExpr(e, (child) => (some ||= this.#varies(child), child));
      this.#varying.set(e, varies = some);
    }
    return varies;
  }
}

function wide(e: Expr): Expr {
  return lanesOf(e.dtype) > 1 ? e : broadcast(e, 4);
}
