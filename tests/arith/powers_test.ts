/** Powers of sums, and loads within loads: what would be written out without end stays as it is. */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { Analyzer } from "../../lib/arith/analyzer.ts";
import { add, buffer, constant, floorMod, load, mul, sub, variable } from "../../lib/ir/build.ts";
import { equalExpr } from "../../lib/ir/equal.ts";
import type { Expr, Var } from "../../lib/ir/expr.ts";
import { mapExpr } from "../../lib/ir/visit.ts";

const VARS = Array.from({ length: 8 }, (_, k) => variable(`i${k}`));
const SUM = VARS.reduce((a: Expr, b) => add(a, b), constant(0));

function analyzer(extent?: number): Analyzer {
  const made = new Analyzer();
  if (extent !== undefined) { for (const v of VARS) made.bind(v, constant(extent)); }
  return made;
}

function nodesOf(e: Expr): number {
  let nodes = 1;
  mapExpr(e, (c) => {
    nodes += nodesOf(c);
    return c;
  });
  return nodes;
}

/** The value of integer arithmetic, modulo 2³². */
function valueOf(e: Expr, env: ReadonlyMap<Var, number>): number {
  switch (e.kind) {
    case "const":
      return e.value;
    case "var":
      return env.get(e) as number;
    case "binary": {
      const a = valueOf(e.a, env), b = valueOf(e.b, env);
      switch (e.op) {
        case "add":
          return (a + b) | 0;
        case "sub":
          return (a - b) | 0;
        case "mul":
          return Math.imul(a, b);
        case "floormod":
          return ((a % b) + b) % b;
        default:
          throw new Error(`no value of ${e.op}`);
      }
    }
    default:
      throw new Error(`no value of a ${e.kind}`);
  }
}

const power = (of: Expr, n: number): Expr => Array.from({ length: n }, () => of).reduce((a, b) => mul(a, b));

Deno.test("a power of a sum stays about as long as it was written, keeps its value, and is simplified once", () => {
  const env = new Map(VARS.map((v, k) => [v, 12345 * k - 7] as const));
  for (const extent of [undefined, 64]) {
    const known = analyzer(extent);
    for (
      const e of [
        floorMod(power(SUM, 12), constant(64)),
        power(SUM, 300),
        sub(power(SUM, 12), power(SUM, 11)),
        mul(power(SUM, 9), add(power(SUM, 7), VARS[0] as Var)),
      ]
    ) {
      const simplified = known.simplify(e);
      assert(nodesOf(simplified) <= 20 * nodesOf(e), `${nodesOf(e)} nodes became ${nodesOf(simplified)}`);
      assert(equalExpr(known.simplify(simplified), simplified));
      known.bounds(simplified);
      if (extent === undefined) assertEquals(valueOf(simplified, env), valueOf(e, env));
    }
  }
});

Deno.test("a load at a product of a load stays about as long as it was written", () => {
  const A = buffer("A", [64], "i32");
  let e: Expr = SUM;
  for (let k = 0; k < 100; k++) e = load(A, mul(e, SUM));
  assert(nodesOf(analyzer().simplify(e)) <= 4 * nodesOf(e));
});

Deno.test("products of any sums keep their value modulo 2³²", () => {
  const arb: fc.Arbitrary<Expr> = fc.letrec<{ readonly e: Expr }>((tie) => ({
    e: fc.oneof(
      { maxDepth: 6 },
      fc.constantFrom<Expr>(...VARS),
      fc.integer({ min: -9, max: 9 }).map((n) => constant(n)),
      ...[add, sub, mul, mul].map((op) => fc.tuple(tie("e"), tie("e")).map(([a, b]) => op(a, b))),
    ),
  })).e;
  fc.assert(
    fc.property(arb, fc.array(fc.integer(), { minLength: 8, maxLength: 8 }), (e, values) => {
      const env = new Map(VARS.map((v, k) => [v, values[k] as number] as const));
      assertEquals(valueOf(analyzer().simplify(e), env), valueOf(e, env));
    }),
    { numRuns: 1000 },
  );
});
