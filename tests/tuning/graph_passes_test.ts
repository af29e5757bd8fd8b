/** What the passes of graphs are worth on devices: fewer launches or less work, and the same results. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { TunebookError } from "../../lib/base/error.ts";
import { constant } from "../../lib/ir/build.ts";
import { equalExpr } from "../../lib/ir/equal.ts";
import type { Expr } from "../../lib/ir/expr.ts";
import { interpretGraph } from "../../lib/relax/interpret_graph.ts";
import type { BlockBuilder } from "../../lib/relax/builder.ts";
import { graph } from "../../lib/relax/builder.ts";
import type { Graph } from "../../lib/relax/graph.ts";
import { foldBatchNorm } from "../../lib/relax/passes/fold_batch_norm.ts";
import type { Value } from "../../lib/relax/value.ts";
import { build } from "../../lib/tuning/build.ts";
import type { GraphBuildOptions } from "../../lib/tuning/build_graph.ts";
import type { GraphProgram } from "../../lib/tuning/graph_program.ts";
import type { Device } from "../../lib/runtime/device.ts";
import { devices } from "../devices.ts";

type Arrays = Record<string, Float32Array<ArrayBuffer>>;

/** Random elements around 0 for each input and weight, and above 0 for variances. */
function arraysOf(values: readonly Value[]): Arrays {
  return Object.fromEntries(values.map(({ name, type }) => {
    const size = type.shape.reduce((n, d) => n * (d.kind === "const" ? d.value : NaN), 1);
    return [
      name,
      new Float32Array(size).map(() => name.startsWith("var") ? Math.random() + 0.5 : Math.random() - 0.5),
    ];
  }));
}

/** Builds a graph, holds its results against the interpreter's at several magnitudes, and gives the program to `look`. */
async function check(
  g: Graph,
  device: Device,
  look: (model: GraphProgram) => void,
  options: GraphBuildOptions = {},
  tolerance = 1e-4,
): Promise<void> {
  const weights = arraysOf(g.weights);
  using model = await build(g, device, { ...options, weights });
  look(model);
  for (const scale of [1, 1e3]) {
    const inputs = arraysOf(g.inputs);
    for (const array of Object.values(inputs)) array.forEach((x, k) => array[k] = x * scale);
    const want = interpretGraph(g, { ...weights, ...inputs }), got = await model.run(inputs);
    for (const [name, w] of Object.entries(want)) {
      const largest = Math.max(...Array.from(w, Math.abs));
      assertEquals(got[name]?.length, w.length);
      w.forEach((x, k) => {
        const y = got[name]?.[k] ?? NaN;
        assert(Math.abs(y - x) <= tolerance * largest, `${name}[${k}]: ${y}, not ${x}\n${model.explain()}`);
      });
    }
  }
}

/** Convolution and batch norm. */
function normed(
  b: BlockBuilder,
  x: Value,
  name: string,
  filters: number,
  options: Parameters<BlockBuilder["conv2d"]>[2],
): Value {
  const nhwc = options?.layout === "NHWC", d = x.type.shape[nhwc ? 3 : 1];
  const channels = d?.kind === "const" ? d.value : 0;
  const w = b.weight(`${name}_w`, nhwc ? [3, 3, channels, filters] : [filters, channels, 3, 3]);
  const c = b.conv2d(x, w, options);
  const of = (what: string) => b.weight(`${what}_${name}`, [filters]);
  return b.batchNorm(c, of("gamma"), of("beta"), { mean: of("mean"), variance: of("var") }, {
    axis: nhwc ? 3 : 1,
  });
}

const programs = ({ built }: GraphProgram) => built.functions.map((f) => f.func.name);

for (const device of devices) {
  const on = `on ${device.target.name}`;

  Deno.test(`batch norms are a part of the convolutions before them ${on}`, async () => {
    for (const layout of ["NCHW", "NHWC"] as const) {
      const g = graph("normed", (b) => {
        const shape = layout === "NHWC" ? [2, 6, 6, 3] : [2, 3, 6, 6];
        const x = normed(b, b.input("x", shape), "a", 8, { padding: 1, layout });
        return { y: normed(b, b.relu(x), "b", 4, { stride: 2, layout, bias: b.weight("b2", [4]) }) };
      });
      await check(g, device, (model) => {
        assert(!programs(model).some((name) => name.includes("batch_norm")), model.explain());
        // One more gives the result its own order again.
        const converts = layout === "NCHW" && device.target.lanes > 1;
        assert(model.launches <= (converts ? 3 : 2), model.explain());
      });
    }
  });

  Deno.test(`products and sums with an element for each channel are a part of the convolution ${on}`, async () => {
    for (const layout of ["NCHW", "NHWC"] as const) {
      const nchw = layout === "NCHW", each = nchw ? [6, 1, 1] : [6];
      const g = graph("scaled", (b) => {
        const x = b.input("x", nchw ? [2, 3, 7, 5] : [2, 7, 5, 3]), s = b.weight("s", each);
        const sums = (name: string, options: object = {}) =>
          b.conv2d(x, b.weight(name, nchw ? [6, 3, 3, 3] : [3, 3, 3, 6]), { layout, ...options });
        const twice = sums("d"), t = b.weight("t", nchw ? [1, ...each] : [1, 1, 1, 6]);
        return {
          y: b.relu(b.add(b.mul(sums("a"), s), t)),
          biased: b.sub(b.mul(t, sums("b", { bias: b.weight("bias", [6]) })), s),
          less: b.mul(b.sub(sums("c"), t), s),
          // Not foldable: sums that are used twice, a row that is no channel, and a difference the other way round.
          kept: b.add(b.mul(twice, s), twice),
          rows: b.mul(sums("e"), b.weight("r", nchw ? [5, 1] : [5, 1, 1])),
          turned: b.sub(s, sums("f")),
        };
      });
      const folded = foldBatchNorm(g);
      const after = (op: string) =>
        folded.bindings.filter(({ call, results: [v] }) =>
          call.kind === "op" && call.op === op && equalExpr(v?.type.shape[0] as Expr, constant(2))
        ).length;
      assertEquals(["conv2d", "mul", "add", "sub"].map(after), [6, 2, 1, 1], String(folded));
      await check(g, device, () => {});
    }
  });

  Deno.test(`what depends on weights alone is computed once ${on}`, async () => {
    const g = graph("scaled", (b) => {
      const w = b.mul(
        b.weight("w", [64, 32]),
        b.add(b.weight("s", [64, 1]), b.constant("one", new Float32Array([1]), [1, 1])),
      );
      return { y: b.linear(b.input("x", [3, 32]), w), again: b.linear(b.input("z", [5, 32]), w) };
    });
    await check(g, device, (model) => {
      assertEquals(programs(model), ["linear", "linear"]);
      assertEquals(model.launches, 2);
    });
  });

  Deno.test(`convolutions are computed in the device's layout ${on}`, async () => {
    const g = graph("nchw", (b) => {
      const x = b.input("x", [2, 8, 9, 7]), w = (name: string, ...shape: number[]) => b.weight(name, shape);
      const c = b.conv2d(x, w("w0", 8, 8, 3, 3), {
        padding: [1, 1],
        bias: w("b0", 8),
        residual: b.input("r", [2, 8, 9, 7]),
      });
      const rows = b.mul(b.relu(c), w("columns", 7)), scaled = b.add(rows, w("channels", 8, 1, 1));
      const both = b.concat([scaled, c], { axis: 1 });
      const stats = { mean: w("mean", 16), variance: w("var", 16) };
      const normed = b.batchNorm(both, w("gamma", 16), w("beta", 16), stats);
      const half = b.mul(
        b.maxPool2d(normed, { kernel: 2, stride: 2 }),
        b.constant("half", new Float32Array([0.5]), []),
      );
      const d = b.conv2d(half, w("w1", 16, 1, 3, 3), { padding: "sameUpper", groups: 16 });
      return { normed, d, flat: b.softmax(b.reshape(d, [2, -1])), means: b.globalAvgPool2d(d) };
    });
    await check(g, device, (model) => {
      const shapes = model.built.graph.bindings.filter(({ call }) =>
        call.kind === "tir" && call.func.name.includes("conv")
      )
        .map(({ results }) => results[0]?.type.shape.map((d) => d.kind === "const" ? d.value : 0).join());
      const converts = device.target.lanes > 1;
      assertEquals(shapes, converts ? ["2,9,7,8", "2,4,3,16"] : ["2,8,9,7", "2,16,4,3"]);
      // Both inputs and two results, of which most are permuted by the kernels that read or write them.
      const permuting = programs(model).filter((name) => name.includes("permute_dims")).length;
      assert(permuting <= (converts ? 4 : 0), model.explain());
    });
  });

  Deno.test(`products that share an input are one ${on}`, async () => {
    const heads = graph("heads", (b) => {
      const x = b.input("x", [6, 32]), w = (name: string, ...shape: number[]) => b.weight(name, shape);
      const head = (name: string) => b.add(b.matmul(x, w(`w_${name}`, 32, 16)), w(`b_${name}`, 16));
      const [q, k, v] = ["q", "k", "v"].map(head) as [Value, Value, Value];
      return { y: b.matmul(b.softmax(b.matmul(q, k, { transposeB: true })), v) };
    });
    // Queries, keys and values are read where they lie: six launches become four.
    await check(heads, device, (model) => {
      const products = programs(model).filter((name) => /linear|matmul/.test(name));
      assert(products.length === 3 && model.launches <= 4, model.explain());
    });
    const gate = graph("gate", (b) => {
      const x = b.input("x", [6, 32]), w = (name: string) => b.weight(name, [48, 32]);
      const both = b.mul(b.silu(b.linear(x, w("gate"))), b.linear(x, w("up")));
      // Its bias is an activation: it stays by itself.
      return { y: both, z: b.linear(x, w("other"), { bias: b.input("bias", [48]) }) };
    });
    await check(gate, device, (model) => {
      assertEquals(programs(model).filter((name) => name.includes("linear")).length, 2);
      assert(model.launches <= 3, model.explain());
    });
  });

  Deno.test(`weights that are packed are decoded by each of their users ${on}`, async () => {
    const g = graph("tied", (b) => {
      const table = b.dequantizeQ4(b.weight("w_q", [48, 8], "u32"), b.weight("w_scale", [48, 2]));
      const up = b.dequantizeQ4(b.weight("u_q", [32, 8], "u32"), b.weight("u_scale", [32, 2]));
      const gate = b.dequantizeQ4(b.weight("g_q", [32, 8], "u32"), b.weight("g_scale", [32, 2]));
      const h = b.embedding(table, b.input("ids", [5], "i32", { below: 48 }));
      return { y: b.linear(h, table), z: b.mul(b.silu(b.linear(h, gate)), b.linear(h, up)) };
    });
    const words = (size: number) => new Uint32Array(size).map(() => Math.random() * 2 ** 32);
    const given = {
      ...{ w_q: words(384), u_q: words(256), g_q: words(256) },
      ...arraysOf(g.weights.filter((v) => v.type.dtype === "f32")),
    };
    const ids = new Int32Array([47, 0, 3, 3, 20]);
    using model = await build(g, device, { weights: given });
    assert(!programs(model).includes("dequantize_q4"), model.explain());
    const want = interpretGraph(g, { ...given, ids }), got = await model.run({ ids });
    for (const [name, w] of Object.entries(want)) {
      const largest = Math.max(...Array.from(w, Math.abs));
      w.forEach((x, k) => assert(Math.abs((got[name]?.[k] ?? NaN) - x) <= 1e-4 * largest, `${name}[${k}]`));
    }
  });

  Deno.test(`products are in f16 where the caller says so ${on}`, async () => {
    const g = graph("half", (b) => {
      const x = b.input("x", [2, 3, 8, 8]), w = (name: string, ...shape: number[]) => b.weight(name, shape);
      const c = b.relu(normed(b, x, "c", 8, { padding: 1 }));
      const d = b.add(c, b.conv2d(c, w("w1", 8, 8, 1, 1), { bias: w("b1", 8) }));
      const h = b.rmsNorm(b.linear(b.globalAvgPool2d(d), w("w2", 16, 8)), w("g", 16));
      return { h, y: b.softmax(b.linear(h, w("w3", 4, 16))) };
    });
    if (!device.target.f16) {
      await assertRejects(
        () => build(g, device, { precision: "f16", weights: arraysOf(g.weights) }),
        TunebookError,
        "f16",
      );
      return;
    }
    await check(
      g,
      device,
      (model) => {
        const halves = model.built.graph.weights.filter((v) => v.type.dtype === "f16").map((v) =>
          v.type.shape.length
        );
        assertEquals(halves.toSorted(), [2, 2, 4, 4], model.explain());
      },
      { precision: "f16" },
      2e-2,
    );
  });
}
