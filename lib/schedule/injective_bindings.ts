/** Whether a block runs at most once for each value of its axes. */
import { isConst } from "../ir/build.ts";
import type { Expr } from "../ir/expr.ts";
import { keyOf } from "../ir/key.ts";
import type { Term } from "../arith/linear.ts";
import type { Analyzer } from "../arith/analyzer.ts";
import type { Block, For } from "../ir/stmt.ts";
import { usesVar } from "../ir/visit.ts";

/**
 * True only if different iterations of `loops`, for fixed outer loops, give `b` different axes.
 *
 * It recovers the loops' variables from the axes: `4·i + j` with j < 4 gives i and j; `f // 4` and `f % 4` give f.
 */
export function isOneToOne(b: Block, loops: readonly For[], analyzer: Analyzer): boolean {
  const open = new Set(loops.filter((l) => !isConst(analyzer.simplify(l.var))).map((l) => l.var));
  const forms = b.bindings.map((e) => analyzer.linear(e));
  const known = new Map<string, Expr>();
  const isOpen = (e: Expr) => !known.has(keyOf(e)) && usesVar(e, (v) => open.has(v));
  for (let before = -1; open.size > 0 && before !== known.size;) {
    before = known.size;
    for (const form of forms) {
      const terms = [...form.terms.values()].filter((t) => isOpen(t.atom));
      if (!isSeparable(terms, analyzer)) continue;
      for (const { atom } of terms) {
        known.set(keyOf(atom), atom);
        if (atom.kind === "var") open.delete(atom);
      }
    }
    for (const e of wholesOf([...known.values()], analyzer)) {
      if (known.has(keyOf(e))) continue;
      known.set(keyOf(e), e);
      if (e.kind === "var") open.delete(e);
      else forms.push(analyzer.linear(e));
    }
  }
  return open.size === 0;
}

/** Tells whether Σ coeff·atom determines each atom: each coefficient exceeds the range of the smaller terms. */
function isSeparable(terms: readonly Term[], analyzer: Analyzer): boolean {
  let reach = 0;
  for (const t of terms.toSorted((p, q) => Math.abs(p.coeff) - Math.abs(q.coeff))) {
    if (Math.abs(t.coeff) <= reach) return false;
    const [lo, hi] = analyzer.bounds(t.atom);
    reach += Math.abs(t.coeff) * (hi - lo);
  }
  return true;
}

/** The known digits of a number: without the part below `from`, and modulo `to`. */
interface Digit {
  readonly of: Expr;
  readonly from: number;
  readonly to: number;
}

/** The expressions all of whose digits are among `known`. */
function wholesOf(known: readonly Expr[], analyzer: Analyzer): readonly Expr[] {
  const digits = Map.groupBy(known.flatMap((e) => digitOf(e)), (d) => keyOf(d.of));
  const found: Expr[] = [];
  for (const list of digits.values()) {
    let reach = 1;
    for (const d of list.toSorted((p, q) => p.from - q.from)) if (d.from === reach) reach = d.to;
    const { of } = list[0] as Digit;
    const [lo, hi] = analyzer.bounds(of);
    if (reach === Infinity || (lo >= 0 && hi < reach)) found.push(of);
  }
  // By a divisor that is not constant: quotient and remainder together.
  const keys = new Set(known.map(keyOf));
  for (const e of known) {
    if (e.kind !== "binary" || e.op !== "floordiv" || isConst(e.b)) continue;
    if (keys.has(keyOf({ ...e, op: "floormod" }))) found.push(e.a);
  }
  return found;
}

function digitOf(e: Expr): readonly Digit[] {
  if (e.kind !== "binary" || !isConst(e.b)) return [];
  if (e.op === "floordiv") return [{ of: e.a, from: e.b.value, to: Infinity }];
  if (e.op !== "floormod") return [];
  const { a, b } = e;
  return a.kind === "binary" && a.op === "floordiv" && isConst(a.b)
    ? [{ of: a.a, from: a.b.value, to: a.b.value * b.value }]
    : [{ of: a, from: 1, to: b.value }];
}
