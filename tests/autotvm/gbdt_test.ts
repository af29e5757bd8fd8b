import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertGreater,
  assertLess,
  assertThrows,
} from "@std/assert";
import { TunerError } from "../../lib/autotvm/error.ts";
import { fitGbdt, type Gbdt } from "../../lib/autotvm/gbdt.ts";
import { Rng } from "../../lib/base/random.ts";

/** Friedman's first function (1991), of five of the features; the others are noise. */
function friedman(rows: number, width: number, seed: number) {
  const rng = Rng.of(seed);
  const x = Array.from({ length: rows }, () => Float64Array.from({ length: width }, () => rng.float()));
  const y = x.map(([a = 0, b = 0, c = 0, d = 0, e = 0]) =>
    10 * Math.sin(Math.PI * a * b) + 20 * (c - 0.5) ** 2 + 10 * d + 5 * e
  );
  return { x, y };
}

function r2(model: Gbdt, x: readonly Float64Array[], y: readonly number[]): number {
  const mean = y.reduce((a, b) => a + b) / y.length;
  const total = y.reduce((s, v) => s + (v - mean) ** 2, 0);
  return 1 - x.reduce((s, row, i) => s + (model.predict(row) - (y[i] ?? 0)) ** 2, 0) / total;
}

/** The share of pairs that the model puts in the right order. */
function pairsInOrder(model: Gbdt, x: readonly Float64Array[], y: readonly number[]): number {
  const p = x.map((row) => model.predict(row));
  let right = 0, all = 0;
  for (let i = 0; i < y.length; i++) {
    for (let j = 0; j < i; j++) {
      all++;
      if (((p[i] ?? 0) > (p[j] ?? 0)) === ((y[i] ?? 0) > (y[j] ?? 0))) right++;
    }
  }
  return right / all;
}

const seen = friedman(500, 100, 1), unseen = friedman(300, 100, 2);

Deno.test("squared error: explains 85% of what it has not seen, 500 rows of 100 features", () => {
  const model = fitGbdt(seen.x, seen.y, { depth: 3 });
  assertGreater(r2(model, unseen.x, unseen.y), 0.85);
  assertGreater(r2(model, seen.x, seen.y), 0.95);
});

Deno.test("rank loss: puts 88% of unseen pairs in order, and has no unit", () => {
  const model = fitGbdt(seen.x, seen.y, { depth: 3, loss: "rank" });
  assertGreater(pairsInOrder(model, unseen.x, unseen.y), 0.88);
  const scaled = fitGbdt(seen.x, seen.y.map((v) => Math.exp(v / 4)), { depth: 3, loss: "rank" });
  const [row] = unseen.x;
  assert(row);
  assertEquals(scaled.predict(row), model.predict(row));
});

Deno.test("both losses learn from thirty rows what matters", () => {
  const few = friedman(30, 20, 3);
  for (const loss of ["regression", "rank"] as const) {
    assertGreater(pairsInOrder(fitGbdt(few.x, few.y, { loss, depth: 3 }), unseen.x, unseen.y), 0.65);
  }
});

Deno.test("rank loss: more rows than each has partners are learnt no worse", () => {
  const accuracy = [48, 64, 96, 128].map((n) => {
    const few = friedman(n, 10, 4);
    return pairsInOrder(fitGbdt(few.x, few.y, { loss: "rank", depth: 3, rounds: 60 }), seen.x, seen.y);
  });
  assertEquals(accuracy, accuracy.toSorted((a, b) => a - b));
});

Deno.test("importance is of the features that matter", () => {
  const { importance } = fitGbdt(seen.x, seen.y, { depth: 3 });
  assertLess(Math.abs(importance.reduce((a, b) => a + b) - 1), 1e-9);
  assertGreater(importance.slice(0, 5).reduce((a, b) => a + b), 0.85);
});

Deno.test("columns that order the rows alike, or the other way round, count once", () => {
  const { x, y } = friedman(60, 20, 3);
  const more = x.map((row) => Float64Array.from([...row, ...row.map((v) => 2 * v), ...row.map((v) => -v)]));
  const [one, three] = [fitGbdt(x, y, { depth: 3 }), fitGbdt(more, y, { depth: 3 })];
  assertEquals(more.map((row) => three.predict(row)), x.map((row) => one.predict(row)));
  assertEquals([...three.importance.slice(0, 20)], [...one.importance]);
  assert(three.importance.slice(20).every((share) => share === 0));
});

Deno.test("the same rows give the same model", () => {
  for (const loss of ["regression", "rank"] as const) {
    const [a, b] = [fitGbdt(seen.x, seen.y, { loss }), fitGbdt(seen.x, seen.y, { loss })];
    assertEquals(unseen.x.map((row) => a.predict(row)), unseen.x.map((row) => b.predict(row)));
  }
});

Deno.test("a step is found where it is, and a constant needs no tree", () => {
  const x = Array.from({ length: 40 }, (_, i) => Float64Array.of(i, 7));
  const step = fitGbdt(x, x.map(([i = 0]) => (i < 25 ? 1 : 3)), { rounds: 200 });
  assertLess(Math.abs(step.predict(Float64Array.of(24, 7)) - 1), 0.01);
  assertLess(Math.abs(step.predict(Float64Array.of(25, 7)) - 3), 0.01);
  const flat = fitGbdt(x, x.map(() => 5));
  assertEquals([flat.predict(Float64Array.of(0, 0)), [...flat.importance]], [5, [0, 0]]);
});

Deno.test("more distinct values than bins are cut at quantiles", () => {
  const x = Array.from({ length: 1000 }, (_, i) => Float64Array.of(i ** 3));
  const model = fitGbdt(x, x.map((_, i) => i));
  assertLess(Math.abs(model.predict(Float64Array.of(500 ** 3)) - 500), 20);
  assertLess(Math.abs(model.predict(Float64Array.of(1e12)) - 992), 20);
});

Deno.test("what a margin explains is left to it", () => {
  const x = Array.from({ length: 40 }, (_, i) => Float64Array.of(i, i % 2));
  const y = x.map(([i = 0, odd = 0]) => 100 * i + odd);
  const margins = x.map(([i = 0]) => 100 * i);
  const model = fitGbdt(x, y, { rounds: 200 }, { margins });
  assertGreater(model.importance[1] ?? 0, 0.999);
  assertLess(Math.abs(model.predict(Float64Array.of(7, 1)) - 1), 0.01);
  // In order by their margins already, pairs give the trees nothing to do.
  const ranked = fitGbdt(x, y, { loss: "rank" }, { margins: y.map((v) => v * 10) });
  assertEquals(ranked.importance[0], 0);
});

Deno.test("rank loss compares rows of one group only", () => {
  // In each group more is better; between the groups it is the other way round.
  const x = Array.from({ length: 40 }, (_, i) => Float64Array.of(i < 20 ? i : 100 + i, i % 20));
  const y = x.map(([, at = 0], i) => (i < 20 ? 1000 : 0) + at);
  const groups = x.map((_, i) => (i < 20 ? 0 : 1));
  assertGreater(fitGbdt(x, y, { loss: "rank" }, { groups }).importance[1] ?? 0, 0.9);
  assertGreater(fitGbdt(x, y, { loss: "rank" }).importance[0] ?? 0, 0.9);
});

Deno.test("one row, and rows that tie, are learnt as they are", () => {
  assertEquals(fitGbdt([Float64Array.of(1)], [3]).predict(Float64Array.of(9)), 3);
  const ties = fitGbdt([Float64Array.of(1), Float64Array.of(2)], [4, 4], { loss: "rank" });
  assertEquals(ties.predict(Float64Array.of(1)), ties.predict(Float64Array.of(2)));
});

Deno.test("rows that cannot be learnt from are refused", () => {
  const row = Float64Array.of(1, 2);
  assertThrows(() => fitGbdt([], []), TunerError, "expected at least one row, got none");
  assertThrows(() => fitGbdt([row], [1, 2]), TunerError, "expected one target for each of 1 rows, got 2");
  assertThrows(
    () => fitGbdt([row, Float64Array.of(1)], [1, 2]),
    TunerError,
    "expected 2 features, as row 0 has, got 1 in row 1",
  );
  assertThrows(
    () => fitGbdt([Float64Array.of(NaN, 1)], [1]),
    TunerError,
    "expected finite features and targets",
  );
  assertThrows(() => fitGbdt([row], [Infinity]), TunerError, "expected finite features and targets");
});

Deno.test("a tree of one split is the best one that enumeration finds", () => {
  for (let seed = 0; seed < 30; seed++) {
    const rng = Rng.of(seed), n = 20, lambda = seed % 3, minWeight = 1 + seed % 4, rate = 0.5;
    const x = Array.from({ length: n }, () => Float64Array.from({ length: 3 }, () => rng.int(12)));
    // One row is far from all others: alone it may be too light for a leaf.
    const y = x.map((row, i) => row[0]! + (i === 0 ? 1000 : rng.float()));
    const mean = y.reduce((a, b) => a + b) / n;
    const sumOf = (rows: readonly number[]) => rows.reduce((s, i) => s + y[i]! - mean, 0);
    const worth = (rows: readonly number[]) => sumOf(rows) ** 2 / (rows.length + lambda);
    let best = { gain: -Infinity, sides: [[], []] as readonly (readonly number[])[] };
    for (let f = 0; f < 3; f++) {
      for (const at of new Set(x.map((row) => row[f]!))) {
        const left: number[] = [], right: number[] = [];
        x.forEach((row, i) => (row[f]! <= at ? left : right).push(i));
        if (left.length < minWeight || right.length < minWeight) continue;
        const gain = worth(left) + worth(right);
        if (gain > best.gain + 1e-9) best = { gain, sides: [left, right] };
      }
    }
    const model = fitGbdt(x, y, { rounds: 1, depth: 1, rate, lambda, minWeight });
    for (const rows of best.sides) {
      const want = mean + rate * sumOf(rows) / (rows.length + lambda);
      for (const i of rows) assertAlmostEquals(model.predict(x[i]!), want, 1e-6, `seed ${seed}`);
    }
  }
});
