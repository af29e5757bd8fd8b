import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  add,
  binary,
  buffer,
  cast,
  ceilDiv,
  constant,
  floorDiv,
  floorMod,
  load,
  max,
  min,
  mul,
  sub,
  variable,
} from "../../lib/ir/build.ts";
import { IrError } from "../../lib/ir/error.ts";
import type { Expr, Var } from "../../lib/ir/expr.ts";
import { evaluate, exprFromJson, type ExprJson, exprToJson } from "../../lib/ir/json.ts";

const m = variable("m"), n = variable("n");
const vars: ReadonlyMap<string, Var> = new Map([["m", m], ["n", n]]);

/** An index expression, and a function that computes it. */
interface Sample {
  readonly e: Expr;
  readonly value: (m: number, n: number) => number;
}
const arbSample: fc.Arbitrary<Sample> = fc.letrec<{ s: Sample }>((tie) => ({
  s: fc.oneof(
    { maxDepth: 4 },
    fc.constant<Sample>({ e: m, value: (m) => m }),
    fc.constant<Sample>({ e: n, value: (_, n) => n }),
    fc.integer({ min: -5, max: 40 }).map((c): Sample => ({ e: constant(c), value: () => c })),
    fc.tuple(tie("s"), tie("s")).map(([a, b]): Sample => ({
      e: add(a.e, b.e),
      value: (m, n) => a.value(m, n) + b.value(m, n),
    })),
    fc.tuple(tie("s"), tie("s")).map(([a, b]): Sample => ({
      e: sub(a.e, b.e),
      value: (m, n) => a.value(m, n) - b.value(m, n),
    })),
    fc.tuple(tie("s"), fc.constantFrom(2, 3, -4)).map(([a, c]): Sample => ({
      e: mul(a.e, c),
      value: (m, n) => a.value(m, n) * c,
    })),
    fc.tuple(tie("s"), fc.constantFrom(2, 32, -3)).map(([a, c]): Sample => ({
      e: floorDiv(a.e, c),
      value: (m, n) => Math.floor(a.value(m, n) / c),
    })),
    fc.tuple(tie("s"), fc.constantFrom(2, 32)).map(([a, c]): Sample => ({
      e: floorMod(a.e, c),
      value: (m, n) => ((a.value(m, n) % c) + c) % c,
    })),
    fc.tuple(tie("s"), tie("s")).map(([a, b]): Sample => ({
      e: min(a.e, b.e),
      value: (m, n) => Math.min(a.value(m, n), b.value(m, n)),
    })),
    fc.tuple(tie("s"), tie("s")).map(([a, b]): Sample => ({
      e: max(a.e, b.e),
      value: (m, n) => Math.max(a.value(m, n), b.value(m, n)),
    })),
  ),
})).s;

Deno.test("an index expression keeps its value in JSON, and as the expression that is read from it", () => {
  const size = fc.integer({ min: 1, max: 500 });
  fc.assert(fc.property(arbSample, size, size, ({ e, value }, m, n) => {
    const json: ExprJson = JSON.parse(JSON.stringify(exprToJson(e)));
    const want = value(m, n) + 0;
    assertEquals(evaluate(json, { m, n }), want);
    assertEquals(evaluate(exprToJson(exprFromJson(json, vars)), { m, n }), want);
  }));
});

Deno.test("index expressions are short", () => {
  assertEquals(exprToJson(ceilDiv(m, 32)), ["floordiv", ["add", "m", 31], 32]);
  assertEquals(exprToJson(constant(7)), 7);
  assertEquals(exprFromJson(["floordiv", ["add", "m", 31], 32], vars), ceilDiv(m, 32));
});

Deno.test("the variables that are read are those that were given", () => {
  const e = exprFromJson(["mul", "m", ["sub", "n", 1]], vars);
  assertEquals(e, mul(m, sub(n, 1)));
  assertThrows(() => exprFromJson("k", vars), IrError, "unknown shape variable k: known are m, n");
  assertThrows(() => exprFromJson("k", new Map()), IrError, "known are none");
});

Deno.test("what is not integer arithmetic over shape variables has no such form", () => {
  const refused = (e: Expr, says: string) => assertThrows(() => exprToJson(e), IrError, says);
  refused(cast("i32", variable("x", "f32")), "cannot write a cast as an index expression");
  refused(load(buffer("A", [4], "i32"), m), "cannot write a load as an index expression");
  refused(add(m, binary("shl", n, 2)), "cannot write a binary as an index expression");
});

Deno.test("a variable without a value and a division by zero have no value", () => {
  assertThrows(() => evaluate(["add", "m", 1], {}), IrError, "shape variable m has no value");
  assertThrows(() => evaluate("constructor", {}), IrError, "shape variable constructor has no value");
  assertThrows(() => evaluate(["floormod", 4, ["sub", "m", 2]], { m: 2 }), IrError, "division by zero");
});
