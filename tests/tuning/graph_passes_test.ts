/** What the passes of graphs are worth on devices: fewer launches or less work, and the same results. */
import { assert, assertEquals } from "@std/assert";
import { interpretGraph } from "../../lib/relax/interpret_graph.ts";
import type { BlockBuilder } from "../../lib/relax/builder.ts";
import { graph } from "../../lib/relax/builder.ts";
import type { Graph } from "../../lib/relax/graph.ts";
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
        assertEquals(model.launches, 2);
      });
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
}
