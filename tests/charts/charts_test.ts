import fc from "fast-check";
import { assert, assertEquals, assertNotEquals } from "@std/assert";
import type { TrialRecord } from "../../lib/records/record.ts";
import type { SummaryRow } from "../../lib/records/summary.ts";
import { summaryTable } from "../../lib/records/summary_table.ts";
import { recordsToTable } from "../../lib/records/table.ts";
import { shownWidth } from "../../lib/charts/chart.ts";
import { bestSoFar } from "../../lib/charts/best_so_far.ts";
import { confirmed } from "../../lib/charts/confirmed.ts";
import { overview } from "../../lib/charts/overview.ts";
import { type Spec, spread } from "../../lib/charts/spec.ts";
import { colorScale } from "../../lib/charts/methods.ts";
import { pngOf, svgOf } from "../../lib/charts/picture.ts";
import { confirmedTable, rowOf, rows, trialOf, trials, trialTable } from "./results.ts";
import { bundleOf } from "../../lib/notebook/display.ts";
import { chartShows } from "./facts.ts";

const said = { title: "matmul of 8", subtitle: "a small device" };
const charts: Readonly<Record<string, () => Spec>> = {
  best_so_far: () => bestSoFar(trialTable(), said).spec,
  best_so_far_by_trials: () => bestSoFar(trialTable(), { ...said, x: "trials" }).spec,
  confirmed: () => confirmed(confirmedTable(), said).spec,
  overview: () => overview(confirmedTable(), said).spec,
};

interface Layer {
  readonly mark: { readonly type: string; readonly size?: number };
  readonly data?: { readonly values: readonly Datum[] };
  readonly encoding: Readonly<Record<string, unknown>> & {
    readonly y: { readonly title: string; readonly scale: { readonly type?: string } };
  };
}
interface Datum {
  readonly who: string;
  readonly x: number;
  readonly y: number;
  readonly at: number;
  readonly result: string;
}

function layersOf(spec: Spec): readonly Layer[] {
  return spec["layer"] as readonly Layer[];
}

/** The data of the first layer with that mark. */
function valuesOf(spec: Spec, mark: string): readonly Datum[] {
  return layersOf(spec).find((l) => l.mark.type === mark)?.data?.values ?? [];
}

function yOf(spec: Spec): Layer["encoding"]["y"] {
  return layersOf(spec).find((l) => l.mark.type === "line")?.encoding.y as Layer["encoding"]["y"];
}

function linesOf(records: readonly TrialRecord[]): ReadonlyMap<string, readonly Datum[]> {
  return Map.groupBy(valuesOf(bestSoFar(recordsToTable(records)).spec, "line"), (d) => d.who);
}

for (const [name, spec] of Object.entries(charts)) {
  Deno.test(`the chart ${name} is as it was`, async () => {
    await chartShows(name, spec());
  });

  Deno.test(`the chart ${name} can be drawn, and its words are seen`, async () => {
    const svg = await svgOf(spec());
    for (const word of [said.title, said.subtitle, "DLight (rule)", "AutoTVM from DLight"]) {
      assert(svg.includes(`>${word}</text>`), `${word} is missing`);
    }
    assertEquals(svg.includes("NaN"), false);
    assertEquals(svg.includes("undefined"), false);
    const png = await pngOf(spec());
    assertEquals([...png.subarray(1, 4)], [..."PNG"].map((c) => c.charCodeAt(0)));
    const wordless = JSON.stringify(spec()).replaceAll(said.title, " ".repeat(said.title.length));
    assertNotEquals(png, await pngOf(JSON.parse(wordless)));
  });
}

Deno.test("a best result never falls, and lasts to the end of the chart", () => {
  const arbTrials = fc.array(
    fc.record({
      contestant: fc.constantFrom("fallback", "dlight", "autotvm", "autotvm+dlight", "mine"),
      medianMs: fc.double({ min: 0.01, max: 100, noNaN: true }),
      status: fc.constantFrom("ok" as const, "ok" as const, "timeout" as const),
    }),
    { minLength: 1, maxLength: 30 },
  ).map((list) =>
    list.map((parts, k) => trialOf({ ...parts, trial: k, secondsSinceStart: k + 1, config: `${k}` }))
  );
  fc.assert(fc.property(arbTrials, (records) => {
    const lines = linesOf(records);
    const ends = new Set([...lines.values()].map((line) => line.at(-1)?.x));
    assert(ends.size <= 1);
    for (const line of lines.values()) {
      line.forEach((p, k) =>
        assert(k === 0 || (p.y >= (line[k - 1]?.y ?? 0) && p.x >= (line[k - 1]?.x ?? 0)))
      );
    }
    const best = Math.max(0, ...records.filter((r) => r.status === "ok").map((r) => r.gflops));
    const drawn = [...lines.values()].map((line) => line.at(-1)?.y ?? 0);
    // Who has one answer has its first.
    if (records.every((r) => !["fallback", "dlight"].includes(r.contestant))) {
      assertEquals(Math.max(0, ...drawn), best);
    }
  }));
});

Deno.test("the rule's line is there from the first moment, however long its trial took", () => {
  const slow = trials.map((r) => r.contestant === "dlight" ? { ...r, secondsSinceStart: 100 } : r);
  const line = linesOf(slow).get("DLight (rule)") ?? [];
  assertEquals(line.map((p) => p.y), [10, 10]);
  assertEquals(line[0]?.x, 0);
  assert((line[1]?.x ?? 0) < 5);
});

Deno.test("a search of one trial is no rule: its line begins where its trial ended", () => {
  const line = linesOf([trialOf({ secondsSinceStart: 3 }), trialOf({ contestant: "dlight", tuner: "none" })])
    .get("AutoTVM (from scratch)");
  assertEquals(line?.[0]?.x, 3);
});

Deno.test("failed trials are ticks, and count for nothing else", () => {
  const spec = bestSoFar(trialTable()).spec;
  assertEquals(valuesOf(spec, "tick").map(({ who, x }) => [who, x]), [["AutoTVM (from scratch)", 2]]);
  const none =
    bestSoFar(recordsToTable([trialOf({ status: "timeout" }), trialOf({ contestant: "dlight" })])).spec;
  const labels = layersOf(none).at(-1)?.data?.values ?? [];
  assertEquals(labels.map((l) => l.result), ["no result: timeout", "10.0 GFLOP/s"]);
});

Deno.test("a search passes DLight where another configuration is clearly faster, and only there", () => {
  const passes = (ms: number, config: string, ownMs = 3) => {
    const spec = bestSoFar(recordsToTable([
      trialOf({ contestant: "dlight", config: "{}", medianMs: 2 }),
      trialOf({ contestant: "autotvm", config: "{}", medianMs: ownMs }),
      trialOf({ contestant: "autotvm", trial: 1, config, medianMs: ms, secondsSinceStart: 7 }),
    ])).spec;
    return layersOf(spec).at(-1)?.data?.values[1]?.result;
  };
  assertEquals(passes(1.96, '{"a":1}'), "10.2 GFLOP/s");
  assertEquals(passes(1.6, '{"a":1}'), "12.5 GFLOP/s, passes DLight after 7.0 s");
  // DLight's own configuration in a lucky moment: no find, and the measure of others.
  assertEquals(passes(1.6, "{}"), "12.5 GFLOP/s");
  assertEquals(passes(1.6, '{"a":1}', 1.6), "12.5 GFLOP/s");
  assertEquals(passes(1.25, '{"a":1}', 1.6), "16.0 GFLOP/s, passes DLight after 7.0 s");
});

Deno.test("the axis is logarithmic if methods are far apart, and says so", () => {
  const between = (ms: number) => {
    const y = yOf(
      bestSoFar(recordsToTable([trialOf({ medianMs: 1 }), trialOf({ contestant: "dlight", medianMs: ms })]))
        .spec,
    );
    return [y.scale.type ?? "linear", y.title];
  };
  assertEquals(between(10), ["linear", "best so far, GFLOP/s"]);
  assertEquals(between(100), ["log", "best so far, GFLOP/s (log scale)"]);
});

Deno.test("programs without arithmetic are shown in GB/s", () => {
  const still = trials.map((r) => ({ ...r, gflops: r.status === "ok" ? 0 : NaN }));
  const spec = bestSoFar(recordsToTable(still)).spec;
  assertEquals(yOf(spec).title, "best so far, GB/s");
  assertEquals(linesOf(still).get("DLight (rule)")?.[0]?.y, 2);
  const bars = JSON.stringify(confirmed(summaryTable(rows.map((r) => ({ ...r, gflops: 0 })))).spec);
  assert(bars.includes('"2.00 GB/s"') && !bars.includes("GFLOP/s"));
});

Deno.test("whoever could not be confirmed is named without a bar", async () => {
  const lost = [...rows, rowOf({ contestant: "mine", medianMs: NaN, gflops: NaN })];
  const spec = confirmed(summaryTable(lost)).spec;
  const data = (spec["data"] as { readonly values: readonly Datum[] }).values;
  assertEquals(data.at(-1), { who: "mine", result: "no result", ratio: "" } as unknown as Datum);
  const svg = await svgOf(spec);
  assert(svg.includes(">no result</text>") && !svg.includes("NaN"));
});

Deno.test("nothing at all can be drawn, too", async () => {
  const empty = [
    bestSoFar(recordsToTable([])).spec,
    confirmed(summaryTable([])).spec,
    overview(summaryTable([])).spec,
  ];
  for (const spec of empty) assert((await svgOf(spec)).startsWith("<svg"));
});

Deno.test("the overview has a row an operator, with its shapes where a name comes twice", () => {
  const tasks = ["gemv(A: f32[2, 2])", "gemv(A: f32[4, 4])", "softmax(A: f32[2, 2])"];
  const all: SummaryRow[] = tasks.flatMap((task) => rows.map((r) => ({ ...r, task })));
  const data = overview(summaryTable(all)).spec["data"] as {
    readonly values: readonly { operator: string }[];
  };
  const operators = [...new Set(data.values.map((v) => v.operator))];
  assertEquals(operators, [...tasks.slice(0, 2), "softmax"]);
});

Deno.test("contestants keep their colours, whoever else is there", () => {
  const all = colorScale(["mine", "dlight", "autotvm", "mine", "yours"]);
  assertEquals(all.domain, ["DLight (rule)", "AutoTVM (from scratch)", "mine", "yours"]);
  assertEquals(new Set(all.range).size, 4);
  assertEquals(colorScale(["dlight"]).range, all.range.slice(0, 1));
});

Deno.test("labels keep their order and their distance, and stay in the picture if they fit", () => {
  fc.assert(fc.property(
    fc.array(fc.integer({ min: 0, max: 100 }), { minLength: 1, maxLength: 8 }),
    (want) => {
      const places = spread(want, 10, 100);
      const order = [...want.keys()].sort((a, b) => (want[a] as number) - (want[b] as number) || a - b);
      order.forEach((k, at) => {
        const place = places[k] as number;
        assert(place >= 0 && place <= 100);
        assert(at === 0 || place - (places[order[at - 1] as number] as number) >= 10);
      });
    },
  ));
  assertEquals(spread([50, 0, 90], 10, 100), [50, 0, 90]);
  assertEquals(spread([100, 100, 95], 10, 100), [90, 100, 80]);
});

Deno.test("a chart comes in the formats that notebooks show, at the size it is meant for", async () => {
  const chart = confirmed(confirmedTable(), said);
  const bundle = await bundleOf(chart);
  assertEquals(Object.keys(bundle), ["application/vnd.vegalite.v5+json", "image/png", "text/plain"]);
  assertEquals(bundle["application/vnd.vegalite.v5+json"], chart.spec);
  assertEquals(bundle["text/plain"], "Chart: matmul of 8");
  assertEquals(Uint8Array.fromBase64(`${bundle["image/png"]}`), await chart.toPNG());
  const width = Number(/width="(\d+)/.exec(await chart.toSVG())?.[1]);
  assert(Math.abs(shownWidth(`${bundle["image/png"]}`) - width) <= 1);
});

Deno.test("a chart is saved by the ending of its path", async () => {
  const dir = await Deno.makeTempDir();
  const chart = confirmed(confirmedTable());
  for (const ending of ["png", "svg", "json"]) await chart.save(`${dir}/chart.${ending}`);
  assertEquals(await Deno.readFile(`${dir}/chart.png`), await chart.toPNG());
  assertEquals(await Deno.readTextFile(`${dir}/chart.svg`), await chart.toSVG());
  assertEquals(JSON.parse(await Deno.readTextFile(`${dir}/chart.json`)), chart.spec);
  await Deno.remove(dir, { recursive: true });
});

Deno.test("a search that keeps DLight's own schedule says so in its row; another kernel of that speed does not", () => {
  const ratios = (more: readonly Partial<SummaryRow>[]) => {
    const { data } = confirmed(summaryTable([rowOf({}), ...more.map((m) => rowOf(m))])).spec as unknown as {
      readonly data: { readonly values: readonly { readonly ratio: string }[] };
    };
    return data.values.map((v) => v.ratio);
  };
  assertEquals(
    ratios([
      { contestant: "fallback", rule: "Fallback" },
      { contestant: "autotvm+dlight" },
      { contestant: "autotvm", config: '{"pad":4}' },
      { contestant: "mine" },
    ]),
    ["1.00 × DLight", "1.00 × DLight", "= DLight's own schedule", "1.00 × DLight", "1.00 × DLight"],
  );
});
