/** How graphs show themselves in a cell and in a terminal. */
import { assert, assertEquals } from "@std/assert";
import { Chart } from "../../lib/charts/chart.ts";
import { levels } from "../../lib/charts/levels.ts";
import { whereTimeGoes } from "../../lib/charts/where_time_goes.ts";
import { type FunctionRow, functionTable } from "../../lib/records/graph_functions.ts";
import { type LevelRow, levelTable } from "../../lib/records/graph_levels.ts";
import { bundleOf } from "../../lib/notebook/display.ts";
import { graphParts } from "../../lib/notebook/graph_views.ts";
import "../../lib/notebook/view_registry.ts";
import { graph } from "../../lib/relax/builder.ts";
import { printGraph } from "../../lib/relax/print_graph.ts";
import { Device } from "../../lib/runtime/device.ts";
import { build } from "../../lib/tuning/build.ts";
import { GraphComparison } from "../../lib/tuning/graph_comparison.ts";
import { GraphProfile } from "../../lib/tuning/graph_profile.ts";
import { fakeJupyter } from "./fake_jupyter.ts";

const mlp = graph("mlp", (b) => {
  const h = b.gelu(b.linear(b.input("x", ["n", 64]), b.weight("w", [64, 64])));
  return { y: b.softmax(b.linear(h, b.constant("v", new Float32Array(640), [10, 64]))) };
});
const deep = graph("deep", (b) => {
  let x = b.input("x", [4, 8]);
  for (let k = 0; k < 12; k++) x = b.relu(b.linear(x, b.weight(`w${k}`, [8, 8])));
  return { y: x };
});

Deno.test("a graph shows its text in colour, or its calls where it has many weights", async () => {
  using _fake = fakeJupyter();
  const { "text/html": html, "text/plain": text } = await bundleOf(mlp);
  assert(`${html}`.includes("<span") && `${html}`.includes("R.linear"));
  assertEquals([`${text}`, String(mlp)], [printGraph(mlp).trimEnd(), printGraph(mlp)]);
  const [words, calls] = graphParts(deep);
  assertEquals(
    `${words}`,
    "deep: x: f32[4, 8] → y: f32[4, 8]; 24 calls, 12 weights of 3.00 KiB.",
  );
  assert(
    `${calls}`.startsWith("result  call    of         type\nlv0     linear  x, w0      f32[4, 8]"),
    `${calls}`,
  );
});

Deno.test("a built graph shows its functions with their rules, and the memory between", async () => {
  using device = await Device.open({ backend: "cpu" });
  using model = await build(mlp, device, { weights: { w: new Float32Array(4096) }, bounds: { n: 8 } });
  using fake = fakeJupyter();
  const last = await bundleOf(model);
  assertEquals(fake.messages.length, 2);
  const text = Deno.inspect(model);
  for (
    const part of [
      "mlp at level 1: a run launches 3 kernels of 3 functions in 3 calls.",
      "fused_linear_gelu  Matmul         1        1",
      "Chart: Memory of mlp over time",
    ]
  ) {
    assert(text.includes(part), text);
  }
  assert("application/vnd.vegalite.v5+json" in (fake.messages[1]?.data ?? {}) && "text/html" in last);
});

const fn = (level: number, kernel: string, ms: number, share: number): FunctionRow => ({
  ...{
    kernel,
    kind: "Matmul",
    contestant: `level ${level}`,
    count: 2,
    flops: 1e6,
    bytes: 1e5,
    ms,
    level,
    launches: 1,
  },
  ...{ how: level === 3 ? "record" : "rule", share },
});
const row = (level: number, ms: number, more: Partial<LevelRow> = {}): LevelRow => ({
  ...{ graph: "mlp", level, status: "ok", message: "", launches: 6 - level, calls: 3, bytes: 4096, tuned: 0 },
  ...{ buildSeconds: 0.1, searchSeconds: 0, medianMs: ms, lowMs: ms, highMs: ms, speedup: 8 / ms },
  ...{ lowSpeedup: 7 / ms, highSpeedup: 9 / ms, maxError: 0, samples: [ms] },
  ...more,
});

Deno.test("a comparison of levels says what each is worth", () => {
  const rows = [
    row(0, 8),
    row(1, 2),
    row(2, 8),
    row(3, NaN, { status: "wrongAnswer", message: "y is wrong" }),
  ];
  const functionRows = [fn(0, "linear", 3, 1), fn(2, "linear", 1, 0.75), fn(2, "gelu", 0.2, 0.25)];
  const charts = {
    levels: levels(levelTable(rows)),
    whereTimeGoes: whereTimeGoes(functionTable(functionRows)),
  };
  const functions = functionTable(functionRows);
  const shown = new GraphComparison({
    ...{ rows, levels: levelTable(rows), functions, functionRows, search: undefined, charts },
  });
  const text = Deno.inspect(shown);
  for (
    const part of [
      "Level 1 is 4.00 times as fast as level 0 (3.50–4.50).",
      "Level 2 and level 0 can't be told apart: 1.00 times (0.875–1.13).",
      "Level 3 gives wrong results: y is wrong.",
      "Chart: Time at each level",
      "linear    Matmul      2        1       1.00  75.0%",
    ]
  ) {
    assert(text.includes(part), text);
  }
  assert(!/^linear .* 3\.00/m.test(text), "only the last level's functions are listed");
});

Deno.test("a profile says how the parts relate to the whole", () => {
  const rows = [fn(1, "linear", 1, 0.8), fn(1, "gelu", 0.25, 0.2)];
  const table = functionTable(rows);
  const shown = new GraphProfile({ name: "mlp", rows, table, ms: 3, sumMs: 2.5, chart: new Chart({}) });
  const text = Deno.inspect(shown);
  assert(
    text.startsWith("One run of mlp takes 3.00 ms. Its functions, each alone, add up to 2.50 ms."),
    text,
  );
  assert(text.includes("gelu      Matmul      2        1      0.250  20.0%"), text);
});
