import { assert, assertEquals, assertThrows } from "@std/assert";
import { tableFromArrays } from "apache-arrow";
import { RecordError } from "../../lib/records/error.ts";
import { KERNEL_COLUMNS, type KernelRow, kernelTable } from "../../lib/records/kernels.ts";
import { tableOf } from "../../lib/records/table.ts";
import { ChartError } from "../../lib/charts/error.ts";
import { svgOf } from "../../lib/charts/picture.ts";
import { underRooflineSpec } from "../../lib/charts/roofline.ts";
import { whereTimeGoesSpec } from "../../lib/charts/where_time_goes.ts";
import { matmulProgram as matmul } from "../../lib/op/matmul.ts";
import { assertShown } from "../notebook/texts.ts";
import { chartShows } from "./facts.ts";

const peaks = { gflops: 100, bufferGbps: 10, textureGbps: 40, copyGbps: 5, launchMs: 0.01 };
function rowOf(parts: Partial<KernelRow>): KernelRow {
  return {
    kernel: "qkv",
    kind: "Matmul",
    contestant: "dlight",
    count: 4,
    flops: 8e6,
    bytes: 1e6,
    ms: 0.4,
    ...parts,
  };
}
/** In milliseconds of a pass, by the rule: qkv 1.6, down 0.8, softmax 0.2, and two small ones. */
const rows: readonly KernelRow[] = [
  rowOf({}),
  rowOf({ contestant: "autotvm+dlight", ms: 0.2 }),
  rowOf({ kernel: "down", flops: 4e6, ms: 0.2 }),
  rowOf({ kernel: "down", contestant: "autotvm+dlight", flops: 4e6, ms: 0.1 }),
  rowOf({ kernel: "softmax", kind: "Reduction", flops: 1e5, bytes: 2e5, ms: 0.05 }),
  rowOf({
    kernel: "softmax",
    contestant: "autotvm+dlight",
    kind: "Reduction",
    flops: 1e5,
    bytes: 2e5,
    ms: NaN,
  }),
  rowOf({ kernel: "gather", kind: "Elementwise", count: 1, flops: 0, bytes: 1e4, ms: 0.01 }),
  rowOf({ kernel: "rope", kind: "Elementwise", count: 1, flops: 1e4, bytes: 1e4, ms: 0.01 }),
];
const table = tableOf(rows, KERNEL_COLUMNS);
const said = { title: "A small model", subtitle: "a small device" };

interface Datum {
  readonly [field: string]: unknown;
}
function layersOf(spec: unknown) {
  return (spec as {
    readonly layer: readonly {
      readonly mark: { readonly type: string };
      readonly data: { readonly values: readonly Datum[] };
    }[];
  }).layer;
}
const pointsOf = (spec: unknown) => layersOf(spec).find((l) => l.mark.type === "point")?.data.values ?? [];

Deno.test("the charts of a model's kernels are as they were", async () => {
  await chartShows("under_roofline", underRooflineSpec(table, { ...said, peaks }));
  await chartShows("where_time_goes", whereTimeGoesSpec(table, said));
});

Deno.test("a kernel stands at its work a byte and its speed, under the lower of arithmetic and the best bandwidth", () => {
  const points = pointsOf(underRooflineSpec(table, { peaks }));
  const of = (name: string) => points.find((p) => p.name === name && p.who === "DLight (rule)");
  const shown = (p?: Datum) => [p?.x, p?.y, p?.roof, p?.share].map((v) => Number(Number(v).toPrecision(6)));
  // 8 operations a byte meet arithmetic; half of one meets the texture's 40 GB/s.
  assertEquals(shown(of("qkv")), [8, 20, 100, 0.2]);
  assertEquals(shown(of("softmax")), [0.5, 2, 20, 0.1]);
  assertEquals(points.length, 6);
});

Deno.test("each kernel is named once, at its fastest, and what can't be drawn is told", async () => {
  const svg = await svgOf(underRooflineSpec(table, { peaks }));
  for (
    const text of [
      "qkv 40%",
      "down 40%",
      "softmax 10%",
      "no arithmetic: gather 1.00 GB/s",
      "no result: softmax of AutoTVM from DLight",
    ]
  ) {
    assert(svg.includes(`>${text}<`), text);
  }
  assertEquals(svg.includes("qkv 20%"), false);
});

Deno.test("many kernels at one place keep their names apart", () => {
  const many = Array.from({ length: 24 }, (_, k) => rowOf({ kernel: `kernel_${k}`, ms: 0.4 + k / 1e4 }));
  const layers = layersOf(underRooflineSpec(tableOf(many, KERNEL_COLUMNS), { peaks }));
  const labels = layers.filter((l) => l.mark.type === "text").flatMap((l) => l.data.values);
  assertEquals(new Set(labels.map((l) => l.text)).size, 25);
});

Deno.test("peaks that were not measured are refused, and so are tables of another kind", () => {
  for (const bad of [{ gflops: 0 }, { gflops: NaN }, { bufferGbps: 0, textureGbps: 0, copyGbps: 0 }]) {
    assertThrows(
      () => underRooflineSpec(table, { peaks: { ...peaks, ...bad } }),
      ChartError,
      "device.probe()",
    );
  }
  const twice = tableOf([rowOf({}), rowOf({ ms: 1 })], KERNEL_COLUMNS);
  for (const draw of [whereTimeGoesSpec, (t: typeof table) => underRooflineSpec(t, { peaks })]) {
    assertThrows(
      () => draw(tableFromArrays({ x: [1] })),
      RecordError,
      "expected a table with a column kernel, got x",
    );
    assertThrows(
      () => draw(twice),
      RecordError,
      "expected one row for each kernel and method, got two of kernel qkv by dlight",
    );
  }
});

Deno.test("a roof that a device lacks is left out", () => {
  const spec = JSON.stringify(underRooflineSpec(table, { peaks: { ...peaks, textureGbps: 0 } }));
  assert(spec.includes("buffer 10.0 GB/s") && !spec.includes("texture"));
});

Deno.test("a bar is a kernel's count times its time, with its share of the contestant's", async () => {
  const spec = whereTimeGoesSpec(table);
  const bars = layersOf(spec).find((l) => l.mark.type === "rect")?.data.values ?? [];
  const ms = (who: string) => bars.filter((b) => b.who === who).map((b) => Number(Number(b.ms).toFixed(3)));
  assertEquals(ms("DLight (rule)"), [1.6, 0.8, 0.2, 0.02]);
  assertEquals(ms("AutoTVM from DLight"), [0.8, 0.4, 0]);
  const svg = await svgOf(spec);
  const texts = ["Matmul: 92% and 100% of the time", "61%, 4 × 0.400 ms", "no result", "2 others", "&lt;1%"];
  for (const text of texts) assert(svg.includes(`>${text}<`), text);
  assert(svg.includes("one pass: DLight (rule) 2.62 ms, AutoTVM from DLight 1.20 ms without 3 kernels"));
});

Deno.test("kernels of nothing, of one row, and without results are charts that say so", async () => {
  const lost = [rowOf({ ms: NaN }), rowOf({ kernel: "x", ms: Infinity }), rowOf({ kernel: "y", ms: -1 })];
  for (const some of [[], lost]) {
    const none = tableOf(some, KERNEL_COLUMNS);
    assert(
      (await svgOf(underRooflineSpec(none, { peaks }))).includes(">no kernel with arithmetic was measured"),
    );
    assert((await svgOf(whereTimeGoesSpec(none))).includes(">no kernel was measured<"));
  }
  const one = tableOf([rowOf({})], KERNEL_COLUMNS);
  assert((await svgOf(underRooflineSpec(one, { peaks }))).includes(">qkv 20%<"));
  assert((await svgOf(whereTimeGoesSpec(one))).includes(">100%, 4 × 0.400 ms<"));
});

Deno.test("a stranger's names are shown, and act on nothing", async () => {
  const names = ["\u001b[31mred\u202e", "constructor", "<b>&", "x".repeat(1000)];
  const odd = tableOf(
    names.map((kernel) => rowOf({ kernel, kind: kernel, contestant: kernel })),
    KERNEL_COLUMNS,
  );
  for (const spec of [underRooflineSpec(odd, { peaks }), whereTimeGoesSpec(odd)]) {
    assertShown(spec);
    const svg = await svgOf(spec);
    assert(!svg.includes("<b>"));
    assert(svg.includes("“constructor”") && svg.includes("\\u001b[31mred"));
  }
});

Deno.test("kernels whose long names begin alike stay apart", () => {
  const alike = ["a", "b"].map((end) => rowOf({ kernel: `${"x".repeat(50)}${end}` }));
  const both = tableOf(alike, KERNEL_COLUMNS);
  const texts = (spec: unknown) =>
    layersOf(spec).filter((l) => l.mark.type === "text").flatMap((l) => l.data.values);
  const named = texts(underRooflineSpec(both, { peaks })).filter((v) => `${v.text}`.startsWith("xxx"));
  assertEquals(new Set(named.map((v) => `${v.x} ${v.y}`)).size, 2);
  assertEquals(texts(whereTimeGoesSpec(both)).filter((v) => `${v.text}`.startsWith("xxx")).length, 2);
});

Deno.test("a table of kernels counts their work", () => {
  const func = matmul({ m: "m", n: 4, k: 8 });
  const [row] = kernelTable([{
    name: "mm",
    func,
    shapes: { m: 2 },
    kind: "Matmul",
    contestant: "dlight",
    ms: 1,
  }])
    .toArray().map((r) => r.toJSON());
  // 2 · 2 · 4 · 8 operations; A of 2×8, B of 8×4 and C of 2×4 floats.
  assertEquals([row.kernel, row.count, row.flops, row.bytes], ["mm", 1, 128, 4 * (16 + 32 + 8)]);
});
