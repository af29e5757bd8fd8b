import fc from "fast-check";
import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { add, constant, floorDiv, floorMod, mul, sub, variable } from "../../lib/ir/build.ts";
import { foldBinary } from "../../lib/ir/fold.ts";
import type { Expr, Var } from "../../lib/ir/expr.ts";
import {
  fromLinear,
  type Linear,
  linearAdd,
  linearAtom,
  linearConst,
  linearScale,
} from "../../lib/arith/linear.ts";
import { printExpr } from "../../lib/ir/print.ts";
import { Analyzer } from "../../lib/arith/analyzer.ts";

const vars = ["a", "b", "c"].map((name) => variable(name));
const [a, b, c] = vars as [Var, Var, Var];

/** `c0 + Σ ci·vi`, and its value where the variables have values. */
interface Form {
  readonly constant: number;
  readonly coeffs: readonly number[];
}
const number = fc.integer({ min: -20, max: 20 });
const arbForm: fc.Arbitrary<Form> = fc.record({
  constant: number,
  coeffs: fc.array(number, { minLength: 3, maxLength: 3 }),
});
const arbPoint = fc.array(number, { minLength: 3, maxLength: 3 });

function linearOf({ constant, coeffs }: Form): Linear {
  return coeffs.reduce(
    (l, coeff, k) => linearAdd(l, linearAtom(vars[k] as Var), coeff),
    linearConst(constant),
  );
}
function valueOf(e: Expr, point: readonly number[]): number {
  if (e.kind === "const") return e.value;
  if (e.kind === "var") return point[vars.indexOf(e)] ?? NaN;
  if (e.kind !== "binary") throw new Error(e.kind);
  return foldBinary(e.op, "i32", valueOf(e.a, point), valueOf(e.b, point)) ?? NaN;
}
const formValue = (f: Form, point: readonly number[]) =>
  f.coeffs.reduce((n, coeff, k) => n + coeff * (point[k] ?? NaN), f.constant);

Deno.test("forms add, scale and turn back into expressions of the same value", () => {
  fc.assert(fc.property(arbForm, arbForm, number, arbPoint, (f, g, scale, point) => {
    const l = linearAdd(linearOf(f), linearOf(g), scale);
    assertEquals(valueOf(fromLinear(l), point), formValue(f, point) + scale * formValue(g, point));
    assertEquals(
      valueOf(fromLinear(linearScale(linearOf(f), scale)), point),
      scale * formValue(f, point) + 0,
    );
  }));
});

Deno.test("a form has no term that is zero", () => {
  fc.assert(fc.property(arbForm, (f) => {
    const l = linearOf(f);
    assertEquals(l.terms.size, f.coeffs.filter((x) => x !== 0).length);
    const zero = linearAdd(l, l, -1);
    assertEquals([zero.terms.size, zero.constant], [0, 0]);
    assertEquals(fromLinear(linearScale(l, 0)), constant(0));
  }));
});

Deno.test("a form that is read again is the same form", () => {
  fc.assert(fc.property(arbForm, (f) => {
    const l = linearOf(f), again = new Analyzer().linear(fromLinear(l));
    assertEquals(again.constant, l.constant);
    const coeffs = (x: Linear) => new Map([...x.terms.values()].map((t) => [t.atom, t.coeff]));
    assertEquals(coeffs(again), coeffs(l));
  }));
});

Deno.test("adding and scaling leave their operands alone", () => {
  const l = linearOf({ constant: 3, coeffs: [1, 2, 0] });
  linearAdd(l, linearOf({ constant: 1, coeffs: [-1, 5, 7] }), 2);
  linearScale(l, 4);
  assertEquals([l.constant, [...l.terms.values()].map((t) => t.coeff)], [3, [1, 2]]);
  assertStrictEquals(linearScale(l, 1), l);
  assertStrictEquals(linearAdd(l, l, 0), l);
});

Deno.test("an atom is the same where its structure is", () => {
  const l = linearAdd(linearAtom(floorDiv(a, 4), 3), linearAtom(floorDiv(a, 4), -2));
  assertEquals([...l.terms.values()].map((t) => [printExpr(t.atom), t.coeff]), [["a // 4", 1]]);
  const two = linearAdd(linearAtom(variable("x")), linearAtom(variable("x")));
  assert(two.terms.size === 2, "two variables of one name are two");
});

Deno.test("a form reads as a sum, what is added before what is taken away", () => {
  const text = (constant: number, ...coeffs: readonly number[]) =>
    printExpr(fromLinear(linearOf({ constant, coeffs })));
  assertEquals(text(0, 1, 2, 0), "a + b * 2");
  assertEquals(text(5, -1, 1, 0), "b + 5 - a");
  assertEquals(text(-5, 1, 0, 0), "a - 5");
  assertEquals(text(-5, 1, -2, 1), "a + c - b * 2 - 5");
  assertEquals(text(-5, -1, -1, 0), "-5 - a - b");
  assertEquals(text(0, -1, 0, 0), "0 - a");
  assertEquals(text(7, 0, 0, 0), "7");
});

Deno.test("sums and products with constants are seen through, whatever their nesting", () => {
  const an = new Analyzer();
  const e = sub(mul(add(a, add(mul(b, 3), 2)), 4), mul(3, sub(b, c)));
  const form = an.linear(e);
  assertEquals(form.constant, 8);
  assertEquals(
    new Map([...form.terms.values()].map((t) => [t.atom, t.coeff])),
    new Map([[a, 4], [b, 9], [c, 3]]),
  );
  assert(an.provesEqual(mul(add(a, b), sub(a, b)), sub(mul(a, a), mul(b, b))));
});

Deno.test("the digits of a number make it up again", () => {
  const analyzer = new Analyzer();
  analyzer.bind(a, constant(60));
  const digits = add(
    add(mul(floorDiv(a, 12), 12), mul(floorMod(floorDiv(a, 4), 3), 4)),
    floorMod(a, 4),
  );
  assertStrictEquals(analyzer.simplify(digits), a);
  // Two of the three, and three of another number.
  const high = add(mul(floorDiv(a, 12), 3), floorMod(floorDiv(a, 4), 3));
  assertEquals(printExpr(analyzer.simplify(high)), "a // 4");
  const other = add(mul(floorDiv(a, 15), 12), mul(floorMod(floorDiv(a, 4), 3), 4));
  assertEquals(printExpr(analyzer.simplify(other)), "a // 15 * 12 + a // 4 % 3 * 4");
});
