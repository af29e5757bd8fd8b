import fc from "fast-check";
import { assertEquals } from "@std/assert";
import {
  add,
  block,
  floorDiv,
  floorMod,
  forLoop,
  iterVar,
  min,
  mul,
  seq,
  variable,
} from "../../lib/ir/build.ts";
import type { Expr, Var } from "../../lib/ir/expr.ts";
import { evaluate, exprToJson } from "../../lib/ir/json.ts";
import { Analyzer } from "../../lib/arith/analyzer.ts";
import type { For, Stmt } from "../../lib/ir/stmt.ts";
import { isOneToOne } from "../../lib/schedule/injective_bindings.ts";
import { Schedule } from "../../lib/schedule/schedule.ts";
import { findBlock } from "../../lib/schedule/find.ts";
import { compute } from "../../lib/te/compute.ts";
import { placeholder } from "../../lib/te/tensor.ts";
import { primFunc } from "../../lib/te/prim_func.ts";
import { reduceAxis, sum } from "../../lib/te/reduce.ts";
import { addOne2, addOneSymbolic, product } from "./programs.ts";

/** Loops of these extents, and what is said of a block under them that is bound to what `bindings` gives. */
function says(extents: readonly number[], bindings: (...vars: readonly Var[]) => readonly Expr[]) {
  const vars = extents.map((_, k) => variable(`x${k}`));
  const at = bindings(...vars);
  const b = block("B", at.map((_, k) => iterVar(variable(`v${k}`), 1000)), at, seq());
  const nest = vars.reduceRight<Stmt>((s, v, k) => forLoop(v, extents[k] as number, s), b);
  const analyzer = new Analyzer();
  analyzer.bindLoops(nest);
  const loops: For[] = [];
  for (let s = nest; s.kind === "for"; s = s.body) loops.push(s);
  return { certain: isOneToOne(b, loops, analyzer), vars, at };
}

/** Whether two iterations of the loops really give the same values. */
function collides(extents: readonly number[], vars: readonly Var[], at: readonly Expr[]): boolean {
  const seen = new Set<string>();
  const json = at.map(exprToJson);
  const visit = (values: readonly number[]): boolean => {
    const extent = extents[values.length];
    if (extent === undefined) {
      const env = Object.fromEntries(vars.map((v, k) => [v.name, values[k] as number]));
      const key = json.map((e) => evaluate(e, env)).join();
      return seen.has(key) || (seen.add(key), false);
    }
    return Array.from({ length: extent }, (_, k) => k).some((k) => visit([...values, k]));
  };
  return visit([]);
}

Deno.test("axes that are loops, digits of loops, or loops put together are told apart", () => {
  const yes = (extents: readonly number[], bindings: (...v: readonly Var[]) => readonly Expr[]) =>
    assertEquals(says(extents, bindings).certain, true);
  yes([4, 5], (i, j) => [j, i]);
  yes([4, 5], (i, j) => [add(mul(i, 5), j)]);
  yes([4, 5], (i, j) => [add(mul(i, 7), j)]);
  yes([4, 5], (i, j) => [add(i, mul(j, 4))]);
  yes([20], (f) => [floorDiv(f, 5), floorMod(f, 5)]);
  yes([60], (f) => [floorDiv(f, 20), floorMod(floorDiv(f, 5), 4), floorMod(f, 5)]);
  yes([20], (f) => [add(mul(floorMod(f, 5), 4), floorDiv(f, 5))]);
  yes([4, 5], (f, g) => {
    const both = add(mul(f, 5), g);
    return [floorDiv(both, 3), floorMod(both, 3)];
  });
  yes([4, 1], (i) => [i]);
  yes([], () => []);
});

Deno.test("axes that leave a loop out, or overlap, are not", () => {
  const no = (extents: readonly number[], bindings: (...v: readonly Var[]) => readonly Expr[]) =>
    assertEquals(says(extents, bindings).certain, false);
  no([4, 5], (i) => [i]);
  no([4, 5], (i, j) => [add(mul(i, 4), j)]);
  no([4, 2], (i, j) => [add(i, j)]);
  no([20], (f) => [floorDiv(f, 5)]);
  no([20], (f) => [floorDiv(f, 5), floorMod(f, 4)]);
  no([60], (f) => [floorDiv(f, 20), floorMod(f, 5)]);
  no([6], (f) => [min(f, 3)]);
});

Deno.test("what is said to be told apart is, whatever the loops and axes", () => {
  const expr = fc.letrec<{ expr: (v: readonly Var[]) => Expr }>((tie) => ({
    expr: fc.oneof(
      { maxDepth: 3, withCrossShrink: true },
      fc.nat(2).map((k) => (v: readonly Var[]) => v[k % v.length] as Expr),
      fc.tuple(tie("expr"), tie("expr")).map(([a, b]) => (v: readonly Var[]) => add(a(v), b(v))),
      fc.tuple(tie("expr"), fc.integer({ min: 2, max: 6 })).map(([a, c]) => (v: readonly Var[]) =>
        mul(a(v), c)
      ),
      fc.tuple(tie("expr"), fc.integer({ min: 2, max: 6 })).map(([a, c]) => (v: readonly Var[]) =>
        floorDiv(a(v), c)
      ),
      fc.tuple(tie("expr"), fc.integer({ min: 2, max: 6 })).map(([a, c]) => (v: readonly Var[]) =>
        floorMod(a(v), c)
      ),
    ),
  })).expr;
  const extents = fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 3 });
  fc.assert(
    fc.property(extents, fc.array(expr, { minLength: 1, maxLength: 3 }), (extents, axes) => {
      const { certain, vars, at } = says(extents, (...v) => axes.map((a) => a(v)));
      if (certain) assertEquals(collides(extents, vars, at), false);
    }),
    { numRuns: 2000 },
  );
});

Deno.test("loops of a schedule are told apart from inside and outside, symbolic ones too", () => {
  const certain = (sch: Schedule, block: string, from = 0) => {
    const { block: b, loops } = findBlock(sch.func, block);
    return isOneToOne(b, loops.slice(from), Analyzer.of(sch.func));
  };
  const tiled = new Schedule(product(16, 8, 8));
  const [i0, i1] = tiled.split("i", [null, 4]);
  const [j0, j1] = tiled.split("j", [null, 2, 2]);
  tiled.reorder(j1, i1, i0, j0);
  tiled.fuse(j1, i1);
  assertEquals([0, 1, 2, 3].map((k) => certain(tiled, "C", k)), [true, true, true, true]);
  const uneven = new Schedule(addOne2(7, 5));
  uneven.split(uneven.fuse("i", "j"), [null, 4]);
  assertEquals(certain(uneven, "B"), true);
  const symbolic = new Schedule(addOneSymbolic());
  symbolic.split("i", [null, 2, 4]);
  symbolic.reorder("i_2", "i_0");
  assertEquals(certain(symbolic, "B"), true);
  // f // m and f % m, m symbolic; without the one the other says little.
  const m = variable("m"), A = placeholder("A", [6, m]), k = reduceAxis(m);
  const rows = compute("B", [6, m], (i, j) => mul(A.at(i, j), A.at(i, j)));
  const fused = new Schedule(primFunc("rows", [A, rows]));
  fused.fuse("i", "j");
  assertEquals(certain(fused, "B"), true);
  const sums = new Schedule(primFunc("sums", [A, compute("S", [6], (i) => sum(A.at(i, k.var), [k]))]));
  sums.fuse("i", "k");
  assertEquals(certain(sums, "S"), true);
});
