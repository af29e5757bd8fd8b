/** What a builder makes, prints and refuses. */
import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { TunebookError } from "../../lib/base/error.ts";
import { Graph } from "../../lib/relax/graph.ts";
import { type BlockBuilder, graph } from "../../lib/relax/builder.ts";
import { RelaxError } from "../../lib/relax/error.ts";
import { graphFromJson, graphToJson } from "../../lib/relax/graph_json.ts";
import { interpretGraph } from "../../lib/relax/interpret_graph.ts";
import { OPERATORS } from "../../lib/relax/operators.ts";
import { type Binding, Value } from "../../lib/relax/value.ts";
import { mul } from "../../lib/ir/build.ts";
import type { Expr } from "../../lib/ir/expr.ts";
import { verifyGraph } from "../../lib/relax/verify_graph.ts";
import * as op from "../../lib/face/op.ts";
import * as te from "../../lib/face/te.ts";
import { golden } from "../golden.ts";

const mlp = graph("mlp", (b) => {
  const x = b.input("x", ["n", 64]);
  const h = b.gelu(b.linear(x, b.weight("w1", [256, 64])), { name: "h" });
  return { y: b.softmax(b.linear(h, b.weight("w2", [10, 256]))) };
});

Deno.test("a graph is text that a reader of Relax knows", () => {
  golden("relax/mlp.txt", String(mlp));
});

Deno.test("every operator of op is an operator of graphs", () => {
  const missing = Object.keys(op).filter((name) => !Object.hasOwn(OPERATORS, name));
  assertEquals(missing, []);
});

Deno.test("operators with options, several results and values in options", () => {
  const g = graph("layer", (b) => {
    const qkv = b.input("qkv", ["n", 32]), at = b.input("at", ["n"], "i32", { below: 512 });
    const { q, k, v } = b.rope(qkv, at, { heads: 4, kvHeads: 2, theta: 500 });
    const o = b.attention(q, k, v, { mask: b.input("mask", ["n", "n"]) });
    const { S, B } = b.addRmsNorm(b.input("a", [3, 8]), b.input("d", [3, 8]), b.weight("g", [8]), {
      sumName: "sum",
    });
    return { o, sum: S, normed: B };
  });
  golden("relax/layer.txt", String(g));
  assertEquals(g.outputs.sum?.name, "sum");
  assertEquals(String(graphFromJson(JSON.parse(JSON.stringify(graphToJson(g))))), String(g));
});

Deno.test("a program of the user's own is called on values, whose extents its shape variables take", () => {
  const A = te.placeholder("A", ["m", "k"]), k = te.reduceAxis(te.shapeVariable("k"));
  const rows = te.compute("rows", ["m"], (i) => te.sum(A.at(i as te.Var, k.var), [k]));
  const own = te.primFunc("row_sums", [A, rows]);
  const g = graph("own", (b) => ({ y: b.call(own, b.relu(b.input("x", ["n", 3])))[0] as Value }));
  assertEquals(g.outputs.y?.type.shape.length, 1);
  const { y } = interpretGraph(g, { x: new Float32Array([1, -2, 3, 4, 5, -6]) });
  assertEquals(y, new Float32Array([4, 9]));
  const refuses = (says: string, make: (b: BlockBuilder) => Record<string, Value>) =>
    assertStringIncludes(assertThrows(() => graph("bad", make), RelaxError).message, says);
  refuses("expected 1 arguments (A: R.Tensor((m, k)", (b) => ({ y: b.call(own)[0] as Value }));
  refuses("got x of R.Tensor((4,)", (b) => ({ y: b.call(own, b.input("x", [4]))[0] as Value }));
});

Deno.test("what can't be is refused: the operator, the values, their shapes, and what would fit", () => {
  const refuses = (says: string, make: (b: BlockBuilder) => unknown) => {
    const { message } = assertThrows(() => graph("bad", make as () => Record<string, Value>), TunebookError);
    assertStringIncludes(message, says);
  };
  const x = (b: BlockBuilder) => b.input("x", ["n", 64]);
  refuses(
    "expected B of shape [n, 64] to match A's k = 64, got [8, 32], in matmul; called as linear(x: f32[n, 64], " +
      "w: f32[8, 32]) in the graph bad",
    (b) => ({ y: b.linear(x(b), b.weight("w", [8, 32])) }),
  );
  refuses('unknown option "aproximate"', (b) => ({ y: b.gelu(x(b), { aproximate: "tanh" } as object) }));
  refuses("expected a new name in bad, got x again", (b) => ({ y: b.add(x(b), x(b)) }));
  refuses("of another one, in relu", (b) => ({ y: b.relu(mlp.inputs[0] as Value) }));
  refuses("of another one, in the outputs", () => ({ y: mlp.inputs[0] }));
  refuses("at least one output", (b) => (x(b), {}));
  refuses(
    "expected outputs with names of their own, got x, which an input or weight has",
    (b) => ({ x: b.relu(x(b)) }),
  );
  refuses("outputs", (b) => ({ y: [x(b)] }));
  refuses(
    "expected 4 elements of [2,2], got 3",
    (b) => ({ y: b.constant("c", new Float32Array(3), [2, 2]) }),
  );
  refuses("expected values of the graph, numbers", (b) => ({ y: b.relu((() => 1) as unknown as Value) }));
  refuses("name", (b) => ({ y: b.input("no name", [4]) }));
});

Deno.test("a graph that is not well formed is refused", () => {
  const [first, second] = mlp.bindings as readonly [Binding, Binding];
  const refuses = (g: Graph, says: string) =>
    assertStringIncludes(assertThrows(() => verifyGraph(g), RelaxError).message, says);
  refuses(mlp.with({ bindings: [second, first] }), "expected lv0 to be defined before it is used");
  refuses(mlp.with({ bindings: [first, first] }), "got lv0 twice");
  refuses(mlp.with({ outputs: {} }), "at least one output");
  refuses(mlp.with({ inputs: [] }), "expected x to be defined");
  const [lv0] = first.results as readonly [Value];
  const other = new Value("lv0", { ...lv0.type, dtype: "f16" }, { kind: "result" });
  refuses(
    mlp.with({ bindings: [{ ...first, results: [other] }] }),
    'expected lv0 of R.Tensor((n, 256), dtype="float32")',
  );
  refuses(mlp.with({ bindings: [{ ...first, results: [] }] }), "expected 1 results of linear, got 0");
});

Deno.test("JSON that is no graph is refused with a typed error", () => {
  const json = JSON.parse(JSON.stringify(graphToJson(mlp)));
  const bad = [
    null,
    {},
    { ...json, values: 1 },
    { ...json, calls: [{ ...json.calls[0], op: "exec" }] },
    { ...json, calls: [{ ...json.calls[0], args: [99] }] },
    { ...json, calls: [{ ...json.calls[0], args: [2] }] },
    { ...json, calls: [{ ...json.calls[0], form: [{ slot: 7 }] }] },
    { ...json, calls: [{ ...json.calls[0], results: [] }] },
    { ...json, calls: [{ func: 0, args: [], results: [] }] },
    { ...json, outputs: {} },
    { ...json, outputs: { "storage.0": 0 } },
    { ...json, calls: [{ ...json.calls[0], results: ["storage.0"] }, ...json.calls.slice(1)] },
    { ...json, outputs: { y: -1 } },
    { ...json, values: [{ kind: "input", name: "x", dtype: "f32", shape: [["exec", 1, 2]] }] },
    { ...json, values: [{ kind: "input", name: "x", dtype: "f32", shape: [-4] }] },
    { ...json, values: [{ kind: "constant", name: "x", dtype: "f32", shape: [4], data: "AAAA" }] },
    { ...json, values: [{ kind: "constant", name: "x", dtype: "f32", shape: [2 ** 30], data: "AAAA" }] },
  ];
  for (const x of bad) {
    assertThrows(() => graphFromJson(x), RelaxError, "cannot read a graph", JSON.stringify(x));
  }
  assert(graphFromJson(json) instanceof Graph);
});

Deno.test("an expression of shape variables among an operator's arguments stays the expression", () => {
  const g = graph("rows", (b) => {
    const x = b.input("x", ["n", 4]), [n] = x.type.shape as [Expr, Expr];
    const y = b.reshape(x, [mul(n, 2), 2]);
    return { y: b.add(y, b.broadcastTo(b.input("z", [1, 2]), y.type.shape)) };
  });
  const again = graphFromJson(JSON.parse(JSON.stringify(graphToJson(g))));
  assertEquals(String(again), String(g));
  assertStringIncludes(String(g), "R.reshape(x, [n * 2, 2])");
  const { y } = interpretGraph(again, { x: new Float32Array(8).fill(1), z: new Float32Array([1, 2]) });
  assertEquals(y, new Float32Array([2, 3, 2, 3, 2, 3, 2, 3]));
});
