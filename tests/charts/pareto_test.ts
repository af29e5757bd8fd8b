import { assert, assertEquals, assertThrows } from "@std/assert";
import { tableFromArrays } from "apache-arrow";
import fc from "fast-check";
import { RecordError } from "../../lib/records/error.ts";
import { paretoSpec, type WayRow, wayTable } from "../../lib/charts/pareto.ts";
import { svgOf } from "../../lib/charts/picture.ts";
import { assertShown } from "../notebook/texts.ts";
import { chartShows } from "./facts.ts";

const rows: readonly WayRow[] = [
  { name: "DLight", seconds: 0.01, quality: 0.6 },
  { name: "random", seconds: 10, quality: 0.5 },
  { name: "portfolio, 16 trials", seconds: 8, quality: 0.9 },
  { name: "xgb", seconds: 40, quality: 0.85 },
  { name: "portfolio, 64 trials", seconds: 35, quality: 1 },
  { name: "broken", seconds: 3, quality: NaN },
];

interface Point {
  readonly name?: string;
  readonly x: number;
  readonly y: number;
}
function layersOf(spec: unknown, mark: string): readonly (readonly Point[])[] {
  const { layer } = spec as {
    readonly layer: readonly {
      readonly mark: { readonly type: string };
      readonly data: { readonly values: readonly Point[] };
    }[];
  };
  return layer.filter((l) => l.mark.type === mark).map((l) => l.data.values);
}

Deno.test("the Pareto chart is as it was", async () => {
  const said = { title: "Quality", subtitle: "a small device", quality: "share of the best speed" };
  await chartShows("pareto", paretoSpec(wayTable(rows), said));
});

Deno.test("the front is of those than which nothing is as good in less time", async () => {
  const [others, front] = layersOf(paretoSpec(wayTable(rows)), "point");
  assertEquals(front?.map((p) => p.name), ["DLight", "portfolio, 16 trials", "portfolio, 64 trials"]);
  assertEquals(others?.map((p) => p.name), ["random", "xgb"]);
  const svg = await svgOf(paretoSpec(wayTable(rows)));
  for (const text of ["portfolio, 16 trials", "1 without a result", "seconds of tuning (log scale)"]) {
    assert(svg.includes(`>${text}<`), text);
  }
});

Deno.test("the step line never falls, and no way lies above it", () => {
  const way = fc.record({
    name: fc.string({ maxLength: 5 }),
    seconds: fc.double({ min: 0, max: 100, noNaN: true }),
    quality: fc.double({ min: 0, max: 1, noNaN: true }),
  });
  fc.assert(fc.property(fc.array(way, { minLength: 1, maxLength: 12 }), (ways) => {
    const spec = paretoSpec(wayTable(ways));
    const [line = []] = layersOf(spec, "line");
    line.forEach((p, k) => assert(k === 0 || (p.x >= (line[k - 1]?.x ?? 0) && p.y >= (line[k - 1]?.y ?? 0))));
    const reached = (x: number) => line.findLast((p) => p.x <= x)?.y ?? -1;
    for (const p of layersOf(spec, "point").flat()) assert(p.y <= reached(p.x), JSON.stringify(p));
  }));
});

Deno.test("a stranger's names are shown, and act on nothing", () => {
  const names = ["\u001b[31mred", "\u202eback", "z".repeat(1000)];
  assertShown(paretoSpec(wayTable(names.map((name, k) => ({ name, seconds: k, quality: k })))));
});

Deno.test("nothing, one way, no time at all, and another table", async () => {
  assert((await svgOf(paretoSpec(wayTable([])))).includes(">no way gave a result<"));
  const zero = (name: string) => ({ name, seconds: 0, quality: 0 });
  for (
    const some of [rows.slice(0, 1), [zero("a")], [zero("a"), zero("b"), ...rows], [{
      name: "c",
      seconds: 1,
      quality: -3,
    }]]
  ) {
    const svg = await svgOf(paretoSpec(wayTable(some)));
    assert(svg.includes(`>${some[0]?.name}<`) && !svg.includes("NaN") && !svg.includes("Infinity"));
  }
  assertThrows(
    () => paretoSpec(tableFromArrays({ x: [1] })),
    RecordError,
    "expected a table with a column name, got x",
  );
});
