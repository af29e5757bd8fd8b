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
  lt,
  mul,
  sub,
  variable,
} from "../../lib/ir/build.ts";
import { foldBinary } from "../../lib/ir/fold.ts";
import type { BinaryOp, Expr, Var } from "../../lib/ir/expr.ts";
import { keyOf } from "../../lib/ir/key.ts";
import { printExpr } from "../../lib/ir/print.ts";
import { regionOf } from "../../lib/arith/region.ts";
import { Analyzer } from "../../lib/arith/analyzer.ts";
import { walkExpr } from "../../lib/ir/visit.ts";

const vars = ["a", "b", "c", "d"].map((name) => variable(name));
const at = (k: number): Var => vars[k] as Var;

function value(e: Expr, env: ReadonlyMap<Var, number>): number {
  if (e.kind === "const") return e.value;
  if (e.kind === "var") return env.get(e) ?? NaN;
  if (e.kind === "select") return value(e.cond, env) ? value(e.a, env) : value(e.b, env);
  if (e.kind === "not") return +!value(e.a, env);
  if (e.kind !== "binary") throw new Error(e.kind);
  return foldBinary(e.op, "i32", value(e.a, env), value(e.b, env)) ?? NaN;
}

const arb: fc.Arbitrary<Expr> = fc.letrec<{ e: Expr }>((tie) => ({
  e: fc.oneof(
    { maxDepth: 5 },
    fc.integer({ min: 0, max: 3 }).map((k): Expr => at(k)),
    fc.integer({ min: -9, max: 40 }).map((v): Expr => constant(v)),
    fc.tuple(fc.constantFrom<BinaryOp>("add", "add", "sub", "min", "max"), tie("e"), tie("e"))
      .map(([op, a, b]) => binary(op, a, b)),
    fc.tuple(tie("e"), fc.constantFrom(2, 3, 4, 8, 32, -1, 5)).map(([a, c]) => mul(a, c)),
    fc.tuple(tie("e"), tie("e")).map(([a, b]) => binary("mul", a, b)),
    fc.tuple(tie("e"), fc.constantFrom(2, 3, 4, 8, 12, 32)).map(([a, c]) => floorDiv(a, c)),
    fc.tuple(tie("e"), fc.constantFrom(2, 3, 4, 8, 12, 32)).map(([a, c]) => floorMod(a, c)),
    fc.tuple(tie("e"), fc.nat(3)).map(([a, c]) => binary("shr", a, c)),
  ),
})).e;

const arbExtents = fc.tuple(...[0, 1, 2, 3].map(() => fc.constantFrom(1, 2, 3, 4, 8, 16)));

Deno.test("simplify, bounds and proofs agree with evaluation", () => {
  fc.assert(
    fc.property(
      arb,
      arb,
      arbExtents,
      fc.array(fc.nat(15), { minLength: 4, maxLength: 4 }),
      (e, f, extents, raw) => {
        const an = new Analyzer();
        extents.forEach((x, k) => an.bind(at(k), constant(x)));
        const env = new Map(extents.map((x, k) => [at(k), (raw[k] ?? 0) % x]));
        const want = value(e, env);
        assertEquals(value(an.simplify(e), env), want, "simplify changes the value");
        const [lo, hi] = an.bounds(e);
        assert(lo <= want && want <= hi, `${want} outside ${lo}..${hi}`);
        for (const op of ["lt", "le", "eq", "ne", "ge"] as const) {
          const cond = binary(op, e, f);
          if (an.proves(cond)) assertEquals(value(cond, env), 1, `proved a falsehood: ${op}`);
        }
        assertEquals(value(an.simplify(binary("lt", e, f)), env), +(want < value(f, env)));
      },
    ),
    { numRuns: 3000 },
  );
});

const m = variable("m");

/** Extents that depend on m. */
const arbSymbolicExtent = fc.constantFrom(m, mul(m, 4), add(m, 3), ceilDiv(m, 4), mul(ceilDiv(m, 8), 8));

Deno.test("simplify, bounds and proofs agree with evaluation where extents are symbolic", () => {
  const numbers = fc.array(fc.nat(99), { minLength: 4, maxLength: 4 });
  const withM = fc.tuple(arb, fc.constantFrom(1, 4, 8, -1, 0), fc.constantFrom(1, 3, 8)).map(([e, c, d]) =>
    add(e, mul(floorDiv(m, d), c))
  );
  fc.assert(
    fc.property(
      withM,
      withM,
      fc.tuple(arbSymbolicExtent, arbSymbolicExtent),
      arbExtents,
      numbers,
      fc.integer({ min: 1, max: 40 }),
      (e, f, [x, y], extents, raw, size) => {
        const an = new Analyzer();
        an.bindRange(m, [1, Infinity]);
        const all = [x, y, ...extents.slice(2).map((n) => constant(n))];
        all.forEach((extent, k) => an.bind(at(k), extent));
        const env = new Map<Var, number>([[m, size]]);
        all.forEach((extent, k) => env.set(at(k), (raw[k] ?? 0) % value(extent, env)));
        const want = value(e, env);
        assertEquals(value(an.simplify(e), env), want, "simplify changes the value");
        const [lo, hi] = an.bounds(e);
        assert(lo <= want && want <= hi, `${want} outside ${lo}..${hi}`);
        for (const op of ["lt", "le", "gt", "ge", "eq", "ne"] as const) {
          const cond = binary(op, e, f);
          if (an.proves(cond)) assertEquals(value(cond, env), 1, `proved a falsehood: ${op}`);
          assertEquals(value(an.simplify(cond), env), value(cond, env));
        }
        for (const op of ["floordiv", "floormod"] as const) {
          for (const by of [x, y]) {
            for (const part of [e, at(0), at(1)].map((a) => binary(op, a, by))) {
              assertEquals(value(an.simplify(part), env), value(part, env), "a division by a symbol");
            }
          }
        }
      },
    ),
    { numRuns: 2000 },
  );
});

const arbCondition: fc.Arbitrary<Expr> = fc.letrec<{ c: Expr }>((tie) => ({
  c: fc.oneof(
    { maxDepth: 4 },
    fc.tuple(fc.constantFrom<BinaryOp>("lt", "le", "gt", "ge", "eq", "ne"), arb, arb)
      .map(([op, a, b]) => binary(op, a, b)),
    fc.boolean().map((x): Expr => constant(+x, "bool")),
    tie("c").map((c): Expr => ({ kind: "not", dtype: "bool", a: c })),
    fc.tuple(fc.constantFrom<BinaryOp>("and", "or"), tie("c"), tie("c"))
      .map(([op, a, b]): Expr => ({ kind: "binary", dtype: "bool", op, a, b })),
    fc.tuple(tie("c"), tie("c"), tie("c"))
      .map(([cond, a, b]): Expr => ({ kind: "select", dtype: "bool", cond, a, b })),
  ),
})).c;

Deno.test("conditions and choices keep their value, and what is proved is true", () => {
  const raw = fc.array(fc.nat(15), { minLength: 4, maxLength: 4 });
  fc.assert(
    fc.property(arbCondition, arb, arb, arbExtents, raw, (cond, a, b, extents, raw) => {
      const an = new Analyzer();
      extents.forEach((x, k) => an.bind(at(k), constant(x)));
      const env = new Map(extents.map((x, k) => [at(k), (raw[k] ?? 0) % x]));
      const want = value(cond, env);
      assertEquals(value(an.simplify(cond), env), want);
      if (an.proves(cond)) assertEquals(want, 1, "proved a falsehood");
      const choice: Expr = { kind: "select", dtype: "i32", cond, a, b };
      assertEquals(value(an.simplify(choice), env), value(choice, env));
      const [lo, hi] = an.bounds(choice);
      assert(lo <= value(choice, env) && value(choice, env) <= hi);
    }),
    { numRuns: 1500 },
  );
});

Deno.test("simplified integers are integers of 32 bits, and zero has no sign", () => {
  const a = variable("a");
  const negative = mul(binary("shr", a, constant(0)), sub(sub(-1, a), a));
  const an = new Analyzer();
  an.bind(a, constant(3));
  walkExpr(an.simplify(negative), (x) => assert(x.kind !== "const" || Object.is(x.value, x.value | 0)));
  fc.assert(
    fc.property(arb, arbExtents, (e, extents) => {
      const an = new Analyzer();
      extents.forEach((x, k) => an.bind(at(k), constant(x)));
      walkExpr(
        an.simplify(e),
        (x) => assert(x.kind !== "const" || Object.is(x.value, x.value | 0), `${keyOf(x)}`),
      );
    }),
    { numRuns: 1500 },
  );
});

function simplified(e: Expr, ...extents: number[]): string {
  const an = new Analyzer();
  extents.forEach((x, k) => an.bind(at(k), constant(x)));
  return keyOf(an.simplify(e));
}

Deno.test("simplify knows the identities that tiling makes", () => {
  const [a, b, c] = [at(0), at(1), at(2)];
  const tiled = add(mul(a, 32), add(mul(b, 4), c));
  assertEquals(simplified(floorDiv(tiled, 32), 16, 8, 4), keyOf(a));
  assertEquals(simplified(floorDiv(tiled, 4), 16, 8, 4), keyOf(add(mul(a, 8), b)));
  assertEquals(simplified(floorMod(tiled, 32), 16, 8, 4), keyOf(add(mul(b, 4), c)));
  assertEquals(simplified(floorMod(tiled, 4), 16, 8, 4), keyOf(c));
  assertEquals(simplified(add(mul(floorDiv(a, 7), 7), floorMod(a, 7)), 100), keyOf(a));
  assertEquals(simplified(floorDiv(floorDiv(a, 3), 5), 1000), keyOf(floorDiv(a, 15)));
  assertEquals(simplified(sub(add(a, b), a), 9, 9), keyOf(b));
});

Deno.test("symbolic extents: a loop's variable divided by its extent leaves all of it", () => {
  const an = new Analyzer();
  an.bindRange(m, [1, Infinity]);
  an.bind(at(0), m);
  an.bind(at(1), add(m, 1));
  const parts = [at(0), at(1)].flatMap((v) => [an.simplify(floorDiv(v, m)), an.simplify(floorMod(v, m))]);
  assertEquals(parts.map(keyOf), [constant(0), at(0), floorDiv(at(1), m), floorMod(at(1), m)].map(keyOf));
});

Deno.test("symbolic extents: a tile of a padded loop stays inside", () => {
  const [i0, i1] = [at(0), at(1)];
  const an = new Analyzer();
  an.bindRange(m, [1, Infinity]);
  an.bind(i0, ceilDiv(m, 32));
  an.bind(i1, constant(32));
  const padded = mul(ceilDiv(m, 32), 32);
  const i = add(mul(i0, 32), i1);
  assert(an.proves(lt(i, padded)));
  assert(!an.proves(lt(i, m)));
  assert(an.proves(binary("le", m, padded)));
  const [r] = regionOf(buffer("A", [padded]), [i], (v) => v === i1, an);
  assertEquals([keyOf(r?.min ?? i), keyOf(r?.extent ?? i)], [keyOf(mul(i0, 32)), keyOf(constant(32))]);
});

Deno.test("symbolic products have one order, whichever factor was seen first", () => {
  const shown = [[0, 1, 2], [2, 1, 0], [1, 2, 0]].map((seen) => {
    const own = ["i", "j", "m"].map((name) => variable(name)) as [Var, Var, Var];
    for (const k of seen) keyOf(own[k] as Var);
    const [i, j, m] = own;
    return printExpr(new Analyzer().simplify(add(mul(m, i), mul(floorDiv(j, 4), mul(m, i)))));
  });
  assertEquals(shown, Array(3).fill("i * m + j // 4 * i * m"));
});
