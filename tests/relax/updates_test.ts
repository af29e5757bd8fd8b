/** Graphs whose calls update values in place: order, dead code, and what is refused. */
import { assertEquals, assertThrows } from "@std/assert";
import * as te from "../../lib/face/te.ts";
import { add } from "../../lib/ir/build.ts";
import type { Expr } from "../../lib/ir/expr.ts";
import { type BlockBuilder, graph } from "../../lib/relax/builder.ts";
import { RelaxError } from "../../lib/relax/error.ts";
import { graphFromJson, graphToJson } from "../../lib/relax/graph_json.ts";
import { interpretGraph } from "../../lib/relax/interpret_graph.ts";
import { planMemory } from "../../lib/relax/plan_memory.ts";
import { runGraphPasses } from "../../lib/relax/passes/pipeline.ts";
import type { Value } from "../../lib/relax/value.ts";
import { verifyGraph } from "../../lib/relax/verify_graph.ts";
import { golden } from "../golden.ts";

type Made = Readonly<Record<string, Value>>;
const state = (b: BlockBuilder) => b.input("cache", [4, 2]);
const rows = (b: BlockBuilder) => b.input("x", [1, 2]);
const position = (b: BlockBuilder) => b.input("at", [], "i32", { below: 4 });
const arrays = {
  cache: Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8),
  x: Float32Array.of(-1, 1),
  at: Int32Array.of(0),
};
const names = (make: (b: BlockBuilder) => Made) =>
  runGraphPasses(graph("f", make)).bindings.map(({ call }) => call.kind === "tir" ? call.func.name : call.op);

Deno.test("what reads a value before its update is not fused past it, and what makes the rows is fused into it", () => {
  const g = graph("f", (b) => {
    const cache = state(b), x = rows(b), at = position(b);
    const old = b.relu(cache);
    const now = b.append(cache, b.silu(x), at);
    return { y: b.add(b.mul(old, old), b.relu(now)) };
  });
  let shown = "";
  const after = runGraphPasses(g, {}, (pass, x) => {
    verifyGraph(x);
    if (pass === "fuseOps") shown = String(x);
  });
  golden("relax/updates.txt", shown);
  const want = interpretGraph(g, arrays);
  assertEquals(interpretGraph(after, arrays), want);
  assertEquals([...want.cache as Float32Array].slice(2), [3, 4, 5, 6, 7, 8]);
  const again = graphFromJson(JSON.parse(JSON.stringify(graphToJson(after))));
  assertEquals(String(again), String(after));
});

Deno.test("an update of an input stays without a use, one of a result doesn't", () => {
  assertEquals(names((b) => (b.append(state(b), rows(b), position(b)), { y: b.relu(b.input("z", [1])) })), [
    "append",
    "relu",
  ]);
  const unused = names((b) => {
    const x = rows(b), at = position(b), own = b.full([4, 2], 0);
    b.append(own, x, at);
    return { y: b.relu(x) };
  });
  assertEquals(unused, ["relu"]);
});

Deno.test("equal calls stay two where one's result is updated, and constants are not", () => {
  const g = graph("f", (b) => {
    const x = rows(b), at = position(b);
    const [one, other] = [b.full([4, 2], 3), b.full([4, 2], 3)];
    return { y: b.add(b.append(one, x, at), other), z: b.append(b.full([4, 2], 3), b.relu(x), at) };
  });
  assertEquals(interpretGraph(runGraphPasses(g), arrays), interpretGraph(g, arrays));
});

Deno.test("what is updated keeps its place in memory, for as long as any of its values lives", () => {
  const g = runGraphPasses(graph("f", (b) => {
    const x = rows(b),
      at = position(b),
      own = b.softmax(b.linear(b.input("w", [4, 2]), b.weight("v", [2, 2])));
    const now = b.append(own, x, at);
    return { y: b.softmax(b.append(b.append(now, b.softmax(x), at), b.softmax(b.softmax(x)), at)) };
  }));
  const plan = planMemory(g, { bounds: {} });
  // The cache itself, and two rows of 8 bytes beside it.
  assertEquals(plan.live, 32 + 2 * 16);
});

Deno.test("a program of the user's own may update values", () => {
  const A = te.placeholder("A", ["n", 2]), B = te.placeholder("B", ["n", 2]);
  const sums = te.update(A, ["n", 2], (i, j) => ({
    at: [i as Expr, j as Expr],
    value: add(A.at(i as Expr, j as Expr), B.at(i as Expr, j as Expr)),
  }));
  const own = te.primFunc("accumulate", [B, sums]);
  const g = graph("f", (b) => {
    const total = b.input("total", [4, 2]), [now] = b.call(own, b.input("x", [4, 2]), total);
    return { y: b.relu(now as Value) };
  });
  const made = interpretGraph(g, { total: arrays.cache, x: arrays.cache });
  assertEquals(made.total, Float32Array.of(2, 4, 6, 8, 10, 12, 14, 16));
  assertEquals(String(g).includes("R.call_tir_inplace(accumulate, (x, total), inplace_indices=[1]"), true);
});

Deno.test("values that are gone, weights and constants are refused", () => {
  const refused = (says: string, make: (b: BlockBuilder) => Made) =>
    assertThrows(() => graph("f", make), RelaxError, says);
  refused(
    "expected uses of cache before append updates it in place, got one in relu; use what append returns",
    (b) => {
      const cache = state(b);
      b.append(cache, rows(b), position(b));
      return { y: b.relu(cache) };
    },
  );
  refused("got one in output y", (b) => {
    const own = b.relu(state(b));
    b.append(own, rows(b), position(b));
    return { y: own };
  });
  refused("expected an input or a result to update in place, got w, a weight", (b) => ({
    y: b.append(b.weight("w", [4, 2]), rows(b), position(b)),
  }));
  refused("got c, a constant", (b) => ({
    y: b.append(b.constant("c", new Float32Array(8), [4, 2]), rows(b), position(b)),
  }));
  const A = te.placeholder("A", [4, 2]), B = te.placeholder("B", [4, 2]);
  const copied = te.update(A, [4, 2], (i, j) => ({
    at: [i as Expr, j as Expr],
    value: B.at(i as Expr, j as Expr),
  }));
  refused("expected cache once among the arguments of copy_into, which updates it", (b) => {
    const cache = state(b);
    return { y: b.call(te.primFunc("copy_into", [A, B, copied]), cache, cache)[0] as Value };
  });
});
