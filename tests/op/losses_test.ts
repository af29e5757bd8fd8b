/** Losses, and functions that only differ in the function, in doubles. */
import { assertThrows } from "@std/assert";
import * as op from "../../lib/face/op.ts";
import * as te from "../../lib/face/te.ts";
import { assertResults, drawn } from "./drawn.ts";

Deno.test("cross entropy of rows, their sum and mean, and rows that are ignored", async () => {
  const X = drawn("X", [4, 5]), I = drawn("I", [4], { dtype: "i32", from: 0, below: 5 });
  const row = (i: number) => [0, 1, 2, 3, 4].map((j) => X.at(i, j));
  const losses = [0, 1, 2, 3].map((i) =>
    Math.log(row(i).reduce((s, x) => s + Math.exp(x), 0)) - X.at(i, I.at(i))
  );
  const sum = losses.reduce((a, b) => a + b);
  const check = async (options: op.ClassLossOptions, wanted: readonly number[], everywhere = false) =>
    await assertResults([X, I], [op.crossEntropy(X.tensor, I.tensor, options)], [wanted], { everywhere });
  await check({ reduction: "none" }, losses);
  await check({ reduction: "sum" }, [sum]);
  await check({}, [sum / 4], true);
  const ignore = I.at(2), kept = losses.filter((_, i) => I.at(i) !== ignore);
  await check({ ignore, reduction: "none" }, losses.map((x, i) => I.at(i) === ignore ? 0 : x));
  if (kept.length > 0) await check({ ignore }, [kept.reduce((a, b) => a + b) / kept.length]);
  assertThrows(() => op.crossEntropy(X.tensor, X.tensor), te.TeError, "expected classes of i32");
});

Deno.test("squared error", async () => {
  const X = drawn("X", [3, 4]), T = drawn("T", [3, 4]);
  const squares = [...X.array].map((x, k) => (x - (T.array[k] ?? NaN)) ** 2),
    sum = squares.reduce((a, b) => a + b);
  await assertResults([X, T], [op.squaredError(X.tensor, T.tensor, { reduction: "none" })], [squares]);
  await assertResults([X, T], [op.squaredError(X.tensor, T.tensor)], [[sum / 12]], { everywhere: true });
});

Deno.test("functions of elements are those of Math", async () => {
  const wide = drawn("X", [40], { from: -3, below: 3 }),
    unit = drawn("U", [40], { from: -0.99, below: 0.99 });
  const above = drawn("V", [40], { from: 1, below: 50 });
  const MATH = ["tan", "atan", "sinh", "cosh", "asinh", "ceil", "trunc", "sign"] as const;
  for (const name of MATH) {
    await assertResults([wide], [op[name](wide.tensor)], [[...wide.array].map(Math[name])]);
  }
  for (const name of ["asin", "acos", "atanh"] as const) {
    await assertResults([unit], [op[name](unit.tensor)], [[...unit.array].map(Math[name])]);
  }
  for (const name of ["acosh", "log2"] as const) {
    await assertResults([above], [op[name](above.tensor)], [[...above.array].map(Math[name])]);
  }
  await assertResults([wide], [op.exp2(wide.tensor)], [[...wide.array].map((x) => 2 ** x)]);
  await assertResults([wide], [op.round(wide.tensor)], [[...wide.array].map(Math.round)]);
});
