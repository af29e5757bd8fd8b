import { assert, assertEquals, assertThrows } from "@std/assert";
import { tableFromArrays } from "apache-arrow";
import fc from "fast-check";
import { OptionError } from "../../lib/base/error.ts";
import { fusedGraph } from "../../lib/charts/fused_graph.ts";
import { type LaidBox, layered } from "../../lib/charts/layered.ts";
import { memoryOverTime } from "../../lib/charts/memory_over_time.ts";
import { RecordError } from "../../lib/records/error.ts";
import { type MemoryRow, memoryRows, memoryTable } from "../../lib/records/graph_memory.ts";
import { type GraphNodeRow, graphNodes, graphNodeTable } from "../../lib/records/graph_nodes.ts";
import { rules } from "../../lib/dlight/schedule.ts";
import { graph } from "../../lib/relax/builder.ts";
import type { Value } from "../../lib/relax/value.ts";
import { targetOf } from "../../lib/target/profiles.ts";
import { compileGraph } from "../../lib/tuning/compile_graph.ts";
import { memoryOf, nodesOf } from "../../lib/tuning/graph_tables.ts";
import { assertShown } from "../notebook/texts.ts";
import { chartShows } from "./facts.ts";

const net = graph("net", (b) => {
  const x = b.input("x", ["n", 64]), unused = b.exp(x);
  const h = b.gelu(b.add(b.linear(x, b.weight("w1", [256, 64])), b.weight("b1", [256])));
  const q = b.linear(h, b.weight("w2", [64, 256]));
  b.exp(unused);
  return { y: b.softmax(b.add(q, x)), z: b.argmax(q, { axis: -1 }) };
});
const built = compileGraph(net, targetOf("llvmpipe"), { bounds: { n: 16 }, among: rules });
const table = nodesOf(built);

Deno.test("the drawing of a fused graph is as it was", async () => {
  await chartShows("fused_graph", fusedGraph(table, { subtitle: "a small graph" }).spec);
});

Deno.test("the chart of memory is as it was", async () => {
  await chartShows("memory_over_time", memoryOverTime(memoryOf(built, { n: 16 })).spec);
});

Deno.test("each operator is in the function that computes it", () => {
  const nodes = graphNodes(table);
  const functions = new Map(nodes.filter((n) => n.kind === "function").map((n) => [n.name, n.label]));
  const operators = nodes.filter((n) => n.kind === "operator");
  assertEquals(operators.map((o) => [o.label, functions.get(o.group) ?? ""]), [
    ["linear", "fused_linear_add_gelu"],
    ["add", "fused_linear_add_gelu"],
    ["gelu", "fused_linear_add_gelu"],
    ["linear", "linear"],
    ["add", "fused_add_softmax"],
    ["softmax", "fused_add_softmax"],
    ["argmax", "argmax"],
  ]);
  assertEquals(nodes.filter((n) => n.output !== "" && n.kind === "function").map((n) => n.output), [
    "y",
    "z",
  ]);
});

Deno.test("memory over time adds up to the plan", () => {
  const rows = memoryRows(memoryOf(built, { n: 16 })), { memory, graph: after } = built;
  const live = after.bindings.map((_, k) =>
    rows.filter((r) => r.from <= k && k <= r.to).reduce((n, r) => n + r.bytes, 0)
  );
  assertEquals(Math.max(...live), memory.live);
  for (const a of rows) {
    assert(a.bytes <= a.storageBytes && a.storageBytes === memory.storages[a.storage]);
    for (const b of rows) assert(a === b || a.storage !== b.storage || a.to < b.from || b.to < a.from);
  }
});

Deno.test("an arena is one storage in memory over time, in which nothing overlaps", () => {
  // One large value, and after it two of three smaller ones at a time: storages would waste a fourth.
  const g = graph("arena", (b) => {
    const open = (name: string, rows: number) => b.softmax(b.input(name, [rows, 64]));
    const close = (v: Value) => b.reduceMax(v, { axis: 1 });
    const large = close(open("p", 160)), q = open("q", 96), r = open("r", 96), first = close(q);
    const t = open("t", 96);
    return { large, first, second: close(r), third: close(t) };
  });
  const made = compileGraph(g, targetOf("llvmpipe")), { memory } = made;
  assert(memory.behind, `${memory.storages}`);
  const rows = memoryRows(memoryOf(made, {})).filter((r) => r.kind !== "copy");
  for (const a of rows) {
    assertEquals(a.storage, 0);
    assert(a.offset + a.bytes <= a.storageBytes && a.storageBytes <= memory.bytes);
    for (const b of rows) {
      const apart = a.to < b.from || b.to < a.from || a.offset + a.bytes <= b.offset ||
        b.offset + b.bytes <= a.offset;
      assert(a === b || apart, `${a.name} and ${b.name}`);
    }
  }
});

const arbBoxes = fc.array(
  fc.record({
    width: fc.integer({ min: 5, max: 200 }),
    height: fc.integer({ min: 5, max: 90 }),
    reads: fc.array(fc.nat(30), { maxLength: 4 }),
  }),
  { maxLength: 30 },
).map((list): readonly LaidBox[] =>
  list.map(({ width, height, reads }, k) => ({
    name: `${k}`,
    width,
    height,
    inputs: reads.filter((r) => r < k).map((r) => `${r}`),
  }))
);

Deno.test("boxes of a layout overlap nowhere, lie below what they read, and inside of the picture", () => {
  fc.assert(fc.property(arbBoxes, (boxes) => {
    const { places, lines, width, height } = layered(boxes, 10);
    const laid = boxes.map((b) => {
      const at = places.get(b.name);
      return { ...b, x: at?.x ?? NaN, y: at?.y ?? NaN };
    });
    for (const a of laid) {
      assert(a.x >= -1e-9 && a.y >= 0 && a.x + a.width <= width + 1e-9 && a.y + a.height <= height + 1e-9);
      for (const b of laid) {
        const apart = a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y ||
          b.y + b.height <= a.y;
        assert(a === b || apart, `${a.name} and ${b.name}`);
        if (a.inputs.includes(b.name)) assert(a.y >= b.y + b.height);
      }
    }
    assertEquals(lines.length, boxes.reduce((n, b) => n + new Set(b.inputs).size, 0));
    for (const line of lines) line.forEach((p, k) => assert(k === 0 || p.y >= (line[k - 1]?.y ?? 0)));
  }));
});

const node = (k: number, more: Partial<GraphNodeRow> = {}): GraphNodeRow => ({
  ...{
    kind: "function",
    name: `v${k}`,
    label: "fused_a",
    rule: "Matmul",
    group: "",
    shape: "f32[1]",
    output: "",
  },
  inputs: k === 0 ? "[]" : JSON.stringify([`v${k - 1}`]),
  ...more,
});

Deno.test("a large graph has its middle left out, and begins where the reader asks", async () => {
  const many = graphNodeTable(Array.from({ length: 100 }, (_, k) => node(k)));
  assert((await fusedGraph(many).toSVG()).includes(">… 90 more<"));
  const part = await fusedGraph(many, { from: 50, most: 5 }).toSVG();
  for (const text of ["… 50 more", "… 45 more", "50 × fused_a", "45 × fused_a"]) {
    assert(part.includes(`>${text}<`), text);
  }
  await fusedGraph(many, { from: 1000, most: 200 }).toSVG();
  assert((await fusedGraph(many, { before: true }).toSVG()).includes("the graph has no operators"));
  assertThrows(() => fusedGraph(many, { most: 1 }), OptionError, "most");
});

Deno.test("untrusted tables of graphs are checked, and their names act on nothing", async () => {
  assertThrows(
    () => fusedGraph(tableFromArrays({ name: ["a"] })),
    RecordError,
    "expected a table with a column",
  );
  assertThrows(() => fusedGraph(graphNodeTable([node(0, { inputs: "v0" })])), RecordError, "a list of names");
  assertThrows(() => memoryOverTime(tableFromArrays({ name: ["a"] })), RecordError, "a column");
  const names = ["\u001b[31mred", "\u202eback", "z".repeat(1000), "constructor"];
  assertShown(
    fusedGraph(graphNodeTable(names.map((label, k) => node(k, { label, rule: label, shape: label })))).spec,
  );
  const row = (bytes: number, to: number): MemoryRow => ({
    ...{
      name: names[0] as string,
      kind: "value",
      storage: 0,
      storageBytes: 100,
      offset: 0,
      bytes,
      from: 0,
      to,
    },
  });
  assertShown(memoryOverTime(memoryTable([row(100, 5)])).spec);
  const empty = await memoryOverTime(memoryTable([row(0, 1), row(100, -3)])).toSVG();
  assert(empty.includes(">nothing lies between the calls<"));
});
