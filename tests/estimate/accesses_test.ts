/** Counts of accesses, against enumeration of the loops. */
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { busiest, issued, issuedTo, iterationsOf, opsOf, touched } from "../../lib/estimate/accesses.ts";
import { type StoreNest, storeNestsOf } from "../../lib/estimate/store_nests.ts";
import {
  add,
  buffer,
  constant,
  type ExprLike,
  forLoop,
  load,
  mul,
  store,
  variable,
} from "../../lib/ir/build.ts";
import type { Expr, Var } from "../../lib/ir/expr.ts";
import { PrimFunc } from "../../lib/ir/func.ts";
import type { LoopKind, Stmt } from "../../lib/ir/stmt.ts";

interface Loop {
  readonly extent: number;
  readonly kind?: LoopKind;
}

/** The store B[…] = A[index] · 2 under some loops, A and B of two dimensions. */
function nestOf(
  loops: readonly Loop[],
  index: (vars: readonly Var[]) => readonly [ExprLike, ExprLike],
): StoreNest {
  const A = buffer("A", [100, 1000]), B = buffer("B", [100, 1000]);
  const vars = loops.map((_, k) => variable(`v${k}`));
  const at = index(vars) as readonly [Expr, Expr];
  const body = store(B, at, mul(load(A, ...at), 2));
  const nest = loops.reduceRight<Stmt>((s, l, k) => forLoop(vars[k] as Var, l.extent, s, l.kind), body);
  return storeNestsOf(new PrimFunc("f", [A, B], [], [], nest))[0] as StoreNest;
}

Deno.test("tiles, leaps and windows touch as many elements as enumeration finds", () => {
  const arb = fc.record({
    extents: fc.tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 6 })),
    step: fc.nat(9),
    row: fc.nat(3),
    rows: fc.integer({ min: 1, max: 4 }),
  });
  fc.assert(
    fc.property(arb, ({ extents: [outer, inner], step, row, rows }) => {
      // Row `row·r`, column `step·i + j`.
      const leaf = nestOf([{ extent: rows }, { extent: outer }, { extent: inner }], ([r, i, j]) => [
        mul(r as Var, row),
        add(mul(i as Var, step), j as Var),
      ]);
      for (const chosen of [[], [0], [1], [2], [1, 2], [0, 1], [0, 1, 2]]) {
        const found = new Set<string>();
        const to = (loop: number, extent: number) => chosen.includes(loop) ? extent : 1;
        for (let r = 0; r < to(0, rows); r++) {
          for (let i = 0; i < to(1, outer); i++) {
            for (let j = 0; j < to(2, inner); j++) found.add(`${row * r}, ${step * i + j}`);
          }
        }
        assertEquals(touched(leaf.store, leaf, chosen), found.size, `loops ${chosen}`);
      }
    }),
    { numRuns: 300 },
  );
});

Deno.test("a thread issues each iteration of its own loops, and a vector over neighbours once", () => {
  for (const [stride, times] of [[0, 1], [1, 1], [2, 4], [25, 4]] as const) {
    const leaf = nestOf(
      [
        { extent: 5, kind: "blockIdx.x" },
        { extent: 8, kind: "threadIdx.x" },
        { extent: 3, kind: "serial" },
        { extent: 2, kind: "unrolled" },
        { extent: 4, kind: "vectorized" },
      ],
      ([b, t, , , lane]) => [b as Var, add(t as Var, mul(lane as Var, stride))],
    );
    assertEquals(issued(leaf, leaf.store), 3 * 2 * times, `stride ${stride}`);
    assertEquals(issuedTo([leaf, leaf], "load", "global"), 2 * 3 * 2 * times);
    assertEquals(issuedTo([leaf], "store", "shared"), 0);
    assertEquals([iterationsOf(leaf, "group"), iterationsOf(leaf, "serial", "unrolled")], [5, 6]);
    assertEquals([leaf.iterations, opsOf(leaf)], [5 * 8 * 3 * 2 * 4, 1]);
  }
});

Deno.test("the busiest stores are those of the most iterations", () => {
  const of = (extent: number) => nestOf([{ extent }], ([i]) => [constant(0), i as Var]);
  const leaves = [of(3), of(9), of(5)];
  assertEquals(busiest(leaves, 2).map((l) => l.iterations), [9, 5]);
});
