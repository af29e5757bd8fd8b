/** Unrolled loops are written out. */
import { foldScalar } from "../arith/fold.ts";
import { add, cast, constant, isConst, seq, sub } from "../ir/build.ts";
import { foldCall } from "../ir/fold_call.ts";
import type { Const, Expr, Var } from "../ir/expr.ts";
import { I32 } from "../arith/interval.ts";
import { isIndex } from "../arith/is_index.ts";
import { fromLinear, type Linear } from "../arith/linear.ts";
import type { Stmt } from "../ir/stmt.ts";
import { mapExpr, mapStmt, memoized, usesVar, walkStmt } from "../ir/visit.ts";
import { substitute } from "../ir/substitute.ts";
import { analyzerOf, type KernelDraft } from "./kernel_draft.ts";
import { LimitError, LowerError } from "./error.ts";

/** Statements in one kernel; beyond it drivers take minutes to compile. */
const MAX_STATEMENTS = 1 << 14;

/** The values of the unrolled loops' variables in one copy. */
type Values = ReadonlyMap<Var, Const>;

/** The common part of an index's copies; they differ in their constant only. */
interface Copies {
  /** The terms that unrolled loops do not change. */
  readonly rest: Linear;
  /** The step of the index for one iteration of each unrolled loop. */
  readonly steps: readonly (readonly [Var, number])[];
  /** The index without its constant, if it is a sum to which the constant is added. */
  readonly plain?: Expr;
}

/** Undefined where an index depends on an unrolled loop otherwise than by steps. */
function copiesOf(form: Linear, unrolled: ReadonlySet<Var>): Copies | undefined {
  const terms = new Map(form.terms);
  const steps: (readonly [Var, number])[] = [];
  for (const [key, { atom, coeff }] of form.terms) {
    if (!usesVar(atom, (v) => unrolled.has(v))) continue;
    if (atom.kind !== "var") return undefined;
    terms.delete(key);
    steps.push([atom, coeff]);
  }
  const rest = { terms, constant: form.constant };
  const isSum = terms.size > 0 && terms.values().every((t) => t.coeff > 0);
  return { rest, steps, ...(isSum ? { plain: fromLinear({ terms, constant: 0 }) } : {}) };
}

export function unrollLoops(draft: KernelDraft): KernelDraft {
  const analyzer = analyzerOf(draft);
  let statements = 0, iterations = 0;
  const tooMany = () =>
    new LimitError(
      `cannot unroll the loops of ${draft.name}: they make more than ${MAX_STATEMENTS} statements; unroll fewer or smaller ones`,
    );
  // One walk carries the values of all unrolled loops, so that each statement is rebuilt once.
  const stmt = (s: Stmt, values: Values): Stmt => {
    if (s.kind === "for" && s.loop === "unrolled") {
      const extent = analyzer.simplify(substitute(s.extent, values));
      if (extent.kind !== "const") {
        throw new LowerError(`cannot unroll ${s.var.name}: its extent is not constant; split it first`);
      }
      const copies: Stmt[] = [];
      for (let k = 0; k < extent.value; k++) {
        // A loop with an empty body may have any number of iterations.
        if (++iterations > 4 * MAX_STATEMENTS) throw tooMany();
        copies.push(stmt(s.body, new Map(values).set(s.var, constant(k))));
      }
      return seq(...copies);
    }
    if (s.kind === "store" && ++statements > MAX_STATEMENTS) throw tooMany();
    if (s.kind === "if" && values.size > 0) {
      const cond = instance(s.cond, values);
      if (isConst(cond)) return cond.value ? stmt(s.then, values) : s.else ? stmt(s.else, values) : seq();
    }
    return mapStmt(s, (x) => stmt(x, values), (e) => values.size ? instance(e, values) : e);
  };
  const unrolled = new Set<Var>();
  walkStmt(draft.body, (s) => s.kind === "for" && s.loop === "unrolled" && unrolled.add(s.var));
  const unrolledIn: (e: Expr) => readonly Var[] = memoized((e) => {
    const found = new Set<Var>();
    mapExpr(e, (child) => {
      if (child.kind !== "var") { for (const v of unrolledIn(child)) found.add(v); }
      else if (unrolled.has(child)) found.add(child);
      return child;
    });
    return [...found];
  });
  // Most of thousands of copies are equal, because few expressions mention all loops: each is made once.
  const known = new Map<Expr, { readonly vars: readonly Var[]; readonly copies: Map<string, Expr> }>();
  const instance = (e: Expr, values: Values): Expr => {
    if (e.kind === "const") return e;
    if (e.kind === "var") return values.get(e) ?? e;
    let own = known.get(e);
    if (!own) known.set(e, own = { vars: unrolledIn(e), copies: new Map() });
    const key = own.vars.map((v) => values.get(v)?.value).join();
    let copy = own.copies.get(key);
    if (!copy) own.copies.set(key, copy = newInstance(e, values));
    return copy;
  };
  const forms = new Map<Expr, Copies | undefined>();
  const newInstance = (e: Exclude<Expr, Var>, values: Values): Expr => {
    if (e.kind !== "binary" || e.dtype !== "i32") {
      const x = mapExpr(e, (c) => instance(c, values));
      if (x.dtype === "bool" || x.kind === "select") return analyzer.simplify(x);
      // WGSL refuses `u32(-2)`, as it does all constants that do not fit: no operation on constants is left.
      if (x.kind === "cast") return x.a.kind === "const" ? cast(x.dtype, x.a) : x;
      return x.kind === "binary" ? foldScalar(x) : x.kind === "call" ? foldCall(x) : x;
    }
    if (!forms.has(e)) forms.set(e, copiesOf(analyzer.linear(e), unrolled));
    const copies = forms.get(e);
    // Arithmetic on data may be a large graph; each of its nodes stays one.
    if (!copies) {
      return analyzer.simplify(
        isIndex(e) ? substitute(e, values) : mapExpr(e, (c) => instance(c, values)),
      );
    }
    const { rest, steps, plain } = copies;
    // i32 wraps around, and so does the constant. Each product is exact, and the few of them have an exact sum.
    const at = steps.reduce(
      (n, [v, step]) => n + Math.imul(step, values.get(v)?.value ?? 0),
      rest.constant,
    ) | 0;
    if (plain) return at < 0 && at !== I32[0] ? sub(plain, -at) : add(plain, at);
    return fromLinear({ terms: rest.terms, constant: at });
  };
  return { ...draft, body: stmt(draft.body, new Map()) };
}
