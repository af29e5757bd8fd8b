import { assert, assertEquals, assertThrows } from "@std/assert";
import { tableFromArrays } from "apache-arrow";
import fc from "fast-check";
import { RecordError } from "../../lib/records/error.ts";
import { svgOf } from "../../lib/charts/picture.ts";
import {
  type PredictionRow,
  predictionsSpec,
  predictionTable,
  rankCorrelation,
} from "../../lib/charts/predictions.ts";
import { chartShows } from "./facts.ts";

const rows: readonly PredictionRow[] = [
  { predicted: 0.2, measured: 0.1, kind: "learnt" },
  { predicted: 0.6, measured: 0.5, kind: "learnt" },
  { predicted: 0.3, measured: 0.9, kind: "unseen" },
  { predicted: 0.4, measured: 0.2, kind: "unseen" },
  { predicted: 0.5, measured: 0.4, kind: "unseen" },
  { predicted: 0.9, measured: 1, kind: "next" },
  { predicted: 0.8, measured: NaN, kind: "next" },
  { predicted: NaN, measured: 1, kind: "unseen" },
];
const table = predictionTable(rows);

interface Point {
  readonly x: number;
  readonly y: number;
  readonly kind: string;
}
function pointsOf(spec: unknown): readonly Point[] {
  const { layer } = spec as {
    readonly layer: readonly {
      readonly mark: { readonly type: string };
      readonly data: { readonly values: readonly Point[] };
    }[];
  };
  return layer.filter((l) => l.mark.type === "point").flatMap((l) => l.data.values);
}

Deno.test("the chart of predictionsSpec is as it was", async () => {
  const said = { title: "A small model", subtitle: "a small device", unit: "share of the best" };
  await chartShows("predictions", predictionsSpec(table, said));
});

Deno.test("points stand at prediction and measurement, those to be tried next in front, unmeasured ones at the bottom", async () => {
  const points = pointsOf(predictionsSpec(table));
  assertEquals(points.length, 7);
  assertEquals(points.at(-2), { x: 0.9, y: 1, kind: "would be tried next" });
  assertEquals([points.at(-1)?.x, Number(points.at(-1)?.y) < 0], [0.8, true]);
  const svg = await svgOf(predictionsSpec(table));
  // Ranks 0, 1, 2, 3 against 2, 0, 1, 3: by Spearman's formula 1 - 6 · (4 + 1 + 1) / (4 · 15).
  assert(svg.includes(">rank correlation 0.40 on 4 points that the model had not seen<"));
  assert(svg.includes(">at the bottom: 1 without a measurement<"));
});

Deno.test("by rank, a model that orders rightly is on the diagonal, whatever its numbers are", () => {
  const ranks = predictionTable(
    [3, 1, 2].map((x) => ({ predicted: x ** 5 - 100, measured: x, kind: "unseen" })),
  );
  const points = pointsOf(predictionsSpec(ranks, { by: "rank" }));
  assertEquals(points.map((p) => [p.x, p.y]), [[1, 1], [0, 0], [0.5, 0.5]]);
});

Deno.test("the rank correlation is Spearman's", () => {
  const distinct = fc.uniqueArray(fc.integer(), { minLength: 2, maxLength: 20 });
  fc.assert(fc.property(distinct, (values) => {
    const rho = rankCorrelation(values, [...values.keys()]);
    const sorted = values.toSorted((a, b) => a - b), n = values.length;
    const d2 = values.reduce((sum, v, k) => sum + (sorted.indexOf(v) - k) ** 2, 0);
    assert(Math.abs(rho - (1 - 6 * d2 / (n * (n * n - 1)))) < 1e-9);
  }));
  // Ties share their ranks: 0.5, 0.5, 2 against 0, 1, 2.
  assert(Math.abs(rankCorrelation([1, 1, 2], [1, 2, 3]) - Math.sqrt(0.75)) < 1e-12);
  assertEquals(rankCorrelation([1, 1], [1, 2]), NaN);
});

Deno.test("nothing, one point, equal points and another table", async () => {
  const draw = async (some: readonly PredictionRow[], by: "value" | "rank" = "value") =>
    await svgOf(predictionsSpec(predictionTable(some), { by }));
  assert((await draw([])).includes(">nothing was predicted<"));
  for (const by of ["value", "rank"] as const) {
    for (
      const some of [
        rows.slice(0, 1),
        rows.slice(6, 7),
        [{ predicted: 0, measured: 0, kind: "unseen" }] as const,
      ]
    ) {
      const svg = await draw(some, by);
      assert(svg.includes(">too few measurements for a rank correlation<"));
      assert(!svg.includes("NaN") && !svg.includes("Infinity"));
    }
  }
  assertThrows(
    () => predictionsSpec(tableFromArrays({ x: [1] })),
    RecordError,
    "expected a table with a column predicted, got x",
  );
});
