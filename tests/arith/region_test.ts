import fc from "fast-check";
import { assert, assertEquals } from "@std/assert";
import {
  add,
  binary,
  buffer,
  ceilDiv,
  constant,
  floorDiv,
  floorMod,
  min,
  mul,
  select,
  sub,
  variable,
} from "../../lib/ir/build.ts";
import { foldBinary } from "../../lib/ir/fold.ts";
import type { Expr, Var } from "../../lib/ir/expr.ts";
import { printExpr } from "../../lib/ir/print.ts";
import { type Range, regionOf, unionRange } from "../../lib/arith/region.ts";
import { Analyzer } from "../../lib/arith/analyzer.ts";

const i = variable("i"), j = variable("j"), k = variable("k"), m = variable("m");
const A = buffer("A", [1000]);

function value(e: Expr, env: ReadonlyMap<Var, number>): number {
  if (e.kind === "const") return e.value;
  if (e.kind === "var") return env.get(e) ?? NaN;
  if (e.kind === "select") return value(e.cond, env) ? value(e.a, env) : value(e.b, env);
  if (e.kind !== "binary") throw new Error(e.kind);
  return foldBinary(e.op, "i32", value(e.a, env), value(e.b, env)) ?? NaN;
}

/** Index expressions as schedules make them, and some that they don't. */
const arbIndex: fc.Arbitrary<Expr> = fc.letrec<{ e: Expr }>((tie) => ({
  e: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom<Expr>(i, j, k),
    fc.integer({ min: -3, max: 9 }).map((v): Expr => constant(v)),
    fc.tuple(tie("e"), tie("e")).map(([a, b]) => add(a, b)),
    fc.tuple(tie("e"), tie("e")).map(([a, b]) => sub(a, b)),
    fc.tuple(tie("e"), fc.constantFrom(2, 3, 4, -1, 8)).map(([a, c]) => mul(a, c)),
    fc.tuple(tie("e"), tie("e")).map(([a, b]) => mul(a, b)),
    fc.tuple(tie("e"), fc.constantFrom(2, 3, 4, 8)).map(([a, c]) => floorDiv(a, c)),
    fc.tuple(tie("e"), fc.constantFrom(2, 3, 4, 7, 8)).map(([a, c]) => floorMod(a, c)),
    fc.tuple(tie("e"), tie("e")).map(([a, b]) => min(a, b)),
    fc.tuple(tie("e"), tie("e")).map(([a, b]) => select(binary("lt", a, 3), a, b)),
  ),
})).e;

const arbExtent = fc.constantFrom(1, 2, 3, 4, 8);

/** Every value that `index` takes while the relaxed variables run and the others stay, for all that they can be. */
function* touched(
  index: Expr,
  extents: readonly number[],
  relaxed: ReadonlySet<Var>,
  known: ReadonlyMap<Var, number> = new Map(),
) {
  const all = [i, j, k] as const;
  const fixed = all.filter((v) => !relaxed.has(v)), free = all.filter((v) => relaxed.has(v));
  const points = (vars: readonly Var[]): readonly ReadonlyMap<Var, number>[] =>
    vars.reduce<readonly ReadonlyMap<Var, number>[]>(
      (list, v) =>
        list.flatMap((p) =>
          Array.from({ length: extents[all.indexOf(v as typeof i)] ?? 0 }, (_, n) => new Map([...p, [v, n]]))
        ),
      [new Map()],
    );
  for (const point of points(fixed)) {
    const env = new Map([...known, ...point]);
    yield { env, values: new Set(points(free).map((p) => value(index, new Map([...env, ...p])))) };
  }
}

function bound(extents: readonly [number, number, number]): Analyzer {
  const an = new Analyzer();
  [i, j, k].forEach((v, n) => an.bind(v, constant(extents[n] ?? 1)));
  return an;
}

/** Checks `r` against what is touched where the variables that stay have the values `env`. */
function checkRange(r: Range, env: ReadonlyMap<Var, number>, values: ReadonlySet<number>): void {
  const from = value(r.min, env), size = value(r.extent, env);
  for (const v of values) assert(v >= from && v < from + size, `${v} is outside of ${from} + ${size}`);
  if (r.exact) assertEquals(values.size, size, `${from} + ${size} has gaps`);
}

const arbExtents = fc.tuple(arbExtent, arbExtent, arbExtent);
const arbRelaxed = fc.subarray([i, j, k]).map((list) => new Set<Var>(list));

Deno.test("a region holds all that is touched, and if it says exact, nothing else", () => {
  let exact = 0;
  fc.assert(
    fc.property(arbIndex, arbExtents, arbRelaxed, (index, extents, relaxed) => {
      const an = bound(extents);
      const [r] = regionOf(A, [index], (v) => relaxed.has(v), an);
      assert(r);
      // A dimension taken whole: nothing was known about it.
      if (r.extent === A.shape[0]) return;
      if (r.exact) exact++;
      for (const { env, values } of touched(index, extents, relaxed)) checkRange(r, env, values);
    }),
    { numRuns: 1200 },
  );
  assert(exact > 100, `${exact} were exact`);
});

Deno.test("a region of symbolic extents holds all that is touched, whatever the size", () => {
  const an = new Analyzer();
  an.bindRange(m, [1, Infinity]);
  an.bind(i, m);
  an.bind(j, constant(4));
  an.bind(k, ceilDiv(m, 4));
  fc.assert(
    fc.property(arbIndex, fc.integer({ min: 1, max: 13 }), arbRelaxed, (index, size, relaxed) => {
      const [r] = regionOf(A, [index], (v) => relaxed.has(v), an);
      assert(r);
      if (r.extent === A.shape[0]) return;
      const env = new Map([[m, size]]);
      for (const x of touched(index, [size, 4, Math.ceil(size / 4)], relaxed, env)) {
        checkRange(r, x.env, x.values);
      }
    }),
    { numRuns: 800 },
  );
});

Deno.test("a union holds both, and if it says exact, nothing else", () => {
  fc.assert(
    fc.property(
      arbIndex,
      fc.integer({ min: -9, max: 9 }),
      arbExtents,
      arbRelaxed,
      (a, shift, extents, relaxed) => {
        const an = bound(extents);
        const b = add(a, shift);
        const [p] = regionOf(A, [a], (v) => relaxed.has(v), an),
          [q] = regionOf(A, [b], (v) => relaxed.has(v), an);
        assert(p && q);
        if (p.extent === A.shape[0] || q.extent === A.shape[0]) return;
        const r = unionRange(p, q, an);
        assert(r, "ranges that differ by a constant have a union");
        const others = [...touched(b, extents, relaxed)];
        for (const [n, { env, values }] of [...touched(a, extents, relaxed)].entries()) {
          checkRange(r, env, values.union(others[n]?.values ?? new Set()));
        }
      },
    ),
    { numRuns: 800 },
  );
});

function shown(index: Expr, an: Analyzer, ...relaxed: readonly Var[]): string {
  const [r] = regionOf(A, [index], (v) => relaxed.includes(v), an);
  return r ? `${printExpr(r.min)} + ${printExpr(r.extent)}${r.exact ? "" : " (gaps)"}` : "";
}

Deno.test("the regions of tiles, halos and strides", () => {
  const an = bound([8, 4, 3]);
  const tile = add(mul(i, 4), j);
  assertEquals(shown(tile, an, j), "i * 4 + 4");
  assertEquals(shown(tile, an, i, j), "0 + 32");
  assertEquals(shown(tile, an, i), "j + 29 (gaps)");
  assertEquals(shown(tile, an), "i * 4 + j + 1");
  assertEquals(shown(add(j, k), an, j, k), "0 + 6");
  assertEquals(shown(add(add(mul(i, 4), j), k), an, j, k), "i * 4 + 6");
  assertEquals(shown(sub(j, k), an, j, k), "-2 + 6");
  assertEquals(shown(sub(7, i), an, i), "0 + 8");
  assertEquals(shown(mul(j, 2), an, j), "0 + 7 (gaps)");
  assertEquals(shown(add(mul(j, 2), k), an, j, k), "0 + 9");
  assertEquals(shown(constant(5), an), "5 + 1");
});

Deno.test("the regions of what fused loops index", () => {
  const an = bound([32, 4, 3]);
  assertEquals(shown(floorDiv(i, 8), an, i), "0 + 4");
  assertEquals(shown(floorMod(i, 8), an, i), "0 + 8");
  assertEquals(shown(floorMod(mul(i, 3), 7), an, i), "0 + 7 (gaps)");
  assertEquals(shown(mul(j, k), an, j, k), "0 + 7 (gaps)");
  assertEquals(shown(add(j, floorDiv(j, 2)), an, j), "0 + 5 (gaps)");
  assertEquals(shown(add(mul(floorDiv(i, 8), 8), floorMod(i, 8)), an, i), "0 + 32");
});

Deno.test("a region of symbolic extent", () => {
  const an = new Analyzer();
  an.bindRange(m, [1, Infinity]);
  an.bind(i, m);
  an.bind(j, constant(4));
  an.bind(k, ceilDiv(m, 4));
  assertEquals(shown(i, an, i), "0 + m");
  assertEquals(shown(add(mul(k, 4), j), an, j), "k * 4 + 4");
  assertEquals(shown(add(mul(k, 4), j), an, k, j), "0 + (m + 3) // 4 * 4");
  assertEquals(shown(floorMod(i, m), an, i), "0 + m");
  // Whatever is not known is taken whole.
  assertEquals(shown(floorMod(mul(i, 2), m), an, i), "0 + 1000 (gaps)");
  assertEquals(shown(sub(0, i), an, i), "0 + 1000 (gaps)");
});

Deno.test("ranges whose distance is not known have no union", () => {
  const an = bound([8, 4, 3]);
  const range = (min: Expr): Range => ({ min, extent: constant(4), exact: true });
  assertEquals(unionRange(range(i), range(j), an), undefined);
  const near = unionRange(range(mul(i, 4)), range(add(mul(i, 4), 2)), an);
  assertEquals([printExpr(near?.min ?? i), near?.extent, near?.exact], ["i * 4", constant(6), true]);
  const apart = unionRange(range(add(i, 5)), range(i), an);
  assertEquals([apart?.min, apart?.extent, apart?.exact], [i, constant(9), false]);
});
