import { assert, assertEquals, assertThrows } from "@std/assert";
import { tableFromArrays, tableFromIPC } from "apache-arrow";
import { flopsOf } from "../../lib/estimate/work.ts";
import { RecordError } from "../../lib/records/error.ts";
import type { TrialRecord } from "../../lib/records/record.ts";
import { tableToSpace } from "../../lib/records/recorded_space.ts";
import { recordsToTable } from "../../lib/records/table.ts";
import { ChartError } from "../../lib/charts/error.ts";
import { parallelCoordinatesSpec } from "../../lib/charts/parallel_coordinates.ts";
import { svgOf } from "../../lib/charts/picture.ts";
import { spaceHeatmapSpec } from "../../lib/charts/space_heatmap.ts";
import { exploredPoints } from "../../lib/charts/explored_points.ts";
import { trialOf } from "./results.ts";
import { assertShown } from "../notebook/texts.ts";
import { chartShows } from "./facts.ts";

/** Milliseconds by tile, path and a flag; NaN where it failed. The preset is 8×4, buffer, true. */
const TRIED: readonly (readonly [readonly number[], string, boolean, number])[] = [
  [[8, 4], "buffer", true, 4],
  [[8, 4], "texture", true, 1],
  [[8, 4], "texture", false, 3],
  [[16, 4], "buffer", true, 8],
  [[16, 4], "texture", true, NaN],
  [[16, 4], "texture", false, NaN],
  [[1, 1], "buffer", true, 40],
  [[1, 1], "buffer", false, NaN],
];
const records: readonly TrialRecord[] = TRIED.map(([tile, path, flag, ms], trial) => {
  const config = JSON.stringify({ tile, path, flag, same: 1 });
  const failed = Number.isNaN(ms);
  return trialOf({ config, trial, start: "preset", ...(failed ? { status: "timeout" } : { medianMs: ms }) });
});
const table = recordsToTable(records);
const said = { title: "A small space", subtitle: "a small device" };
const recorded = tableFromIPC(
  Deno.readFileSync(new URL("../../notebooks/data/space_gemv_llvmpipe.arrows", import.meta.url)),
);

interface Datum {
  readonly [field: string]: unknown;
}
function layersOf(spec: unknown, mark: string): readonly (readonly Datum[])[] {
  const { layer } = spec as {
    readonly layer: readonly {
      readonly mark: { readonly type: string };
      readonly data: { readonly values: readonly Datum[] };
    }[];
  };
  return layer.filter((l) => l.mark.type === mark).map((l) => l.data.values);
}
const cellsOf = (spec: unknown) => layersOf(spec, "rect")[1] ?? [];

Deno.test("the charts of a space are as they were", async () => {
  const axes = { x: "path", y: "tile" };
  await chartShows("space_heatmap", spaceHeatmapSpec(table, { ...said, ...axes }));
  const parallel = parallelCoordinatesSpec(table, { ...said, best: 1, failures: true });
  await chartShows("parallel_coordinates", parallel);
});

Deno.test("a cell has the best, or the median, of its points; values stand by their size", () => {
  const shown = (over: "best" | "median") =>
    cellsOf(spaceHeatmapSpec(table, { x: "path", y: "tile", over })).map((
      c,
    ) => [c.x, c.y, Number(c.speed).toFixed(2)]);
  assertEquals(shown("best"), [
    ["buffer", "8×4", "5.00"],
    ["texture", "8×4", "20.00"],
    ["buffer", "16×4", "2.50"],
    ["buffer", "1×1", "0.50"],
  ]);
  assertEquals(shown("median")[1], ["texture", "8×4", "13.33"]);
  assertEquals(exploredPoints(table).knobs, [
    { name: "tile", values: ["1×1", "8×4", "16×4"] },
    { name: "path", values: ["buffer", "texture"] },
    { name: "flag", values: ["false", "true"] },
  ]);
});

Deno.test("cells whose points failed, wholly or in part, the preset and the best are marked", async () => {
  const spec = spaceHeatmapSpec(table, { x: "path", y: "tile" });
  const [all, some, , preset, best] = layersOf(spec, "point");
  const places = (data: readonly Datum[] = []) => data.map((d) => [d.x, d.y, d.kind]);
  assertEquals(places(all), [["texture", "16×4", "too slow"]]);
  assertEquals(places(some), [["buffer", "1×1", "too slow"]]);
  assertEquals(places(preset), [["buffer", "8×4", "rule's preset"]]);
  assertEquals(places(best), [["texture", "8×4", "best"]]);
  const svg = await svgOf(spec);
  for (const text of ["too slow", "best", "8×4", "an empty cell was not tried"]) {
    assert(svg.includes(`>${text}<`), text);
  }
});

Deno.test("a recorded space is drawn as its trials would be", () => {
  const { func, space, points } = tableToSpace(recorded);
  const trials = [...points.values()].map((p, trial) =>
    trialOf({
      config: JSON.stringify(space.at(p.index)),
      status: p.status,
      trial,
      gflops: flopsOf(func) / p.ms / 1e6,
    })
  );
  const options = { x: "tile_k", y: "tile_rows" };
  const number = (c: Datum) => `${c.x} ${c.y} ${c.points} ${Number(c.speed).toPrecision(6)}`;
  const of = (t: typeof recorded) => cellsOf(spaceHeatmapSpec(t, options)).map(number).sort();
  assertEquals(of(recorded), of(recordsToTable(trials)));
});

Deno.test("without knobs the two that matter most are drawn; an unknown one is refused by name", () => {
  const { layer } = spaceHeatmapSpec(table) as unknown as {
    readonly layer: readonly { readonly encoding: { readonly x: Datum; readonly y: Datum } }[];
  };
  assertEquals([layer[0]?.encoding.x.title, layer[0]?.encoding.y.title], ["path", "tile"]);
  for (const x of ["nothing", "same"]) {
    assertThrows(
      () => spaceHeatmapSpec(table, { x }),
      ChartError,
      `several explored values, got ${x}, drawing a space; such knobs are tile, path, flag`,
    );
  }
});

Deno.test("of a knob with very many values the best and the preset's are shown", async () => {
  const many = Array.from(
    { length: 300 },
    (_, k) =>
      trialOf({
        trial: k,
        start: "preset",
        medianMs: 400 - (k || 100),
        config: JSON.stringify({ n: k, flag: k % 2 === 0 }),
      }),
  );
  const spec = spaceHeatmapSpec(recordsToTable(many), { x: "flag", y: "n" });
  const ns = cellsOf(spec).map((c) => Number(c.y)).sort((a, b) => a - b);
  assertEquals(ns, [0, ...Array.from({ length: 47 }, (_, k) => 253 + k)]);
  assert((await svgOf(spec)).includes(">of n, the best 48 of 300 values<"));
  assertThrows(
    () => spaceHeatmapSpec(recordsToTable(many), { x: "n", y: "n" }),
    ChartError,
    "expected two different knobs, got n twice",
  );
});

Deno.test("a line is a configuration: through its values, each at its place, to its speed", () => {
  const spec = parallelCoordinatesSpec(table, { best: 1, failures: true });
  const [bad = [], faint = [], strong = []] = layersOf(spec, "line");
  assertEquals([bad.length, faint.length, strong.length], [3, 4, 1]);
  // The best: the second of three tiles, the second of two paths, the second of two flags, and the top.
  const [best] = strong as readonly [Datum];
  const within = (value: unknown, place: number, count: number) =>
    assertEquals(Math.floor(Number(value) * count), place, `${value} is not the place ${place} of ${count}`);
  within(best["0"], 1, 3);
  within(best["1"], 1, 2);
  within(best["2"], 1, 2);
  assertEquals([best.speed, best.gain], [1, 20]);
  // Of lines through one value, the faster stands higher.
  const slower = faint.filter((d) => Math.floor(Number(d["0"]) * 3) === 1);
  assertEquals(slower.length, 2);
  for (const d of slower) assert(Number(d["0"]) < Number(best["0"]));
  for (const d of bad) assert(Number(d.speed) < 0);
});

Deno.test("two thousand configurations stay a small file, and failures are told where they are not drawn", async () => {
  const many = Array.from({ length: 2000 }, (_, k) =>
    trialOf({
      trial: k,
      medianMs: 1 + k / 100,
      config: JSON.stringify({
        tile: [2 ** (k % 7), 2 ** (k % 5)],
        path: ["a", "b", "c"][k % 3],
        n: k % 11,
        id: k,
      }),
    }));
  const spec = parallelCoordinatesSpec(recordsToTable([...many, ...records.slice(5, 6)]));
  assert(JSON.stringify(spec).length < 400_000);
  const svg = await svgOf(spec);
  assert(svg.includes(">2000 configurations, the best 10 drawn strongly; the darker, the faster<"));
  assert(svg.includes(">not drawn: 1 too slow<") && !svg.includes("NaN"));
});

Deno.test("nothing, failures alone and one point are charts that say so; other tables are refused", async () => {
  const empty = recordsToTable([]),
    failed = recordsToTable(records.slice(4, 6)),
    one = recordsToTable(records.slice(0, 1));
  const says = async (spec: Parameters<typeof svgOf>[0], text: string) =>
    assert((await svgOf(spec)).includes(`>${text}<`), text);
  await says(spaceHeatmapSpec(empty), "no point was tried");
  await says(spaceHeatmapSpec(one), "fewer than two knobs were tried with several values");
  await says(parallelCoordinatesSpec(empty), "no configuration gave a result");
  await says(parallelCoordinatesSpec(failed), "no configuration gave a result");
  await says(parallelCoordinatesSpec(one), "no knob was tried with several values");
  const some = recordsToTable(
    records.slice(3, 7).map((r) => trialOf({ config: r.config, status: "timeout" })),
  );
  assert(!(await svgOf(spaceHeatmapSpec(some))).includes("NaN"));
  for (const draw of [spaceHeatmapSpec, parallelCoordinatesSpec]) {
    assertThrows(() => draw(tableFromArrays({ x: [1] })), RecordError, "expected a table with a column");
    const two = recordsToTable([trialOf({}), trialOf({ task: "softmax(A: f32[2, 2])" })]);
    assertThrows(() => draw(two), ChartError, "2 programs");
    assertThrows(
      () => draw(recordsToTable([trialOf({ config: "[" })])),
      RecordError,
      "reading a configuration",
    );
  }
});

Deno.test("a stranger's knobs and values are shown, and act on nothing", async () => {
  const odd = recordsToTable(
    ["\u001b[31mred", "constructor", "y".repeat(500)].flatMap((v, k) =>
      [1, 2].map((n) =>
        trialOf({ medianMs: k + n, config: JSON.stringify({ "\u202eknob": v, n }), trial: k })
      )
    ),
  );
  for (const spec of [spaceHeatmapSpec(odd), parallelCoordinatesSpec(odd)]) {
    assertShown(spec);
    const svg = await svgOf(spec);
    assert(svg.includes("“constructor”") && svg.includes("\\u001b[31mred"));
  }
});

Deno.test("of very many configurations the best are all drawn, and of the others an even part", () => {
  const many = Array.from(
    { length: 9000 },
    (_, k) =>
      trialOf({
        trial: k,
        medianMs: 1 + k / 100,
        config: JSON.stringify({ path: ["a", "b"][k % 2], id: k }),
      }),
  );
  const spec = parallelCoordinatesSpec(recordsToTable(many));
  const [faint = [], strong = []] = layersOf(spec, "line");
  assertEquals([faint.length, strong.length, strong.at(-1)?.gain], [4000, 10, 20]);
  assert(JSON.stringify(spec.title).includes("of the others, 4000 are drawn"));
});
