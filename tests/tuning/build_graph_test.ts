/** Graphs on devices: what they compute, where their values lie, and what is refused. */
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import { TunebookError } from "../../lib/base/error.ts";
import type { NumberArray } from "../../lib/interp/interpret.ts";
import { graph } from "../../lib/relax/builder.ts";
import { interpretGraph } from "../../lib/relax/interpret_graph.ts";
import type { Graph } from "../../lib/relax/graph.ts";
import type { TypedArray } from "../../lib/runtime/arrays.ts";
import { buildGraph } from "../../lib/tuning/build_graph.ts";
import { devices } from "../devices.ts";
import { arbGraph, type GraphCase } from "../relax/random_graph.ts";

const GRAPHS = Number(Deno.args.find((a) => /^\d+$/.test(a)) ?? 60);

function pick(g: Graph, arrays: GraphCase["arrays"], of: "inputs" | "weights"): GraphCase["arrays"] {
  return Object.fromEntries(g[of].map((v) => [v.name, arrays[v.name] as Float32Array<ArrayBuffer>]));
}

function assertClose(got: Record<string, TypedArray>, want: Record<string, NumberArray>, what: string): void {
  assertEquals(Object.keys(got).toSorted(), Object.keys(want).toSorted());
  for (const [name, w] of Object.entries(want)) {
    const g = got[name] as TypedArray;
    assertEquals(g.length, w.length);
    const largest = Math.max(1, ...Array.from(w, Math.abs));
    w.forEach((x, k) =>
      assert(Math.abs((g[k] ?? NaN) - x) <= 1e-4 * largest, `${what}\n${name}[${k}]: ${g[k]}, not ${x}`)
    );
  }
}

for (const device of devices) {
  const { target } = device;
  const numRuns = target.kind === "cpu" ? GRAPHS : Math.ceil(GRAPHS / 4);
  for (const level of [0, 1] as const) {
    Deno.test(`${numRuns} random graphs are right at level ${level} on ${target.name}`, async () => {
      await fc.assert(
        fc.asyncProperty(arbGraph, async ({ graph: g, shapes, arrays }) => {
          const want = interpretGraph(g, arrays, shapes);
          const bounds = Object.fromEntries(Object.entries(shapes).map(([name, n]) => [name, n + 2]));
          using model = await buildGraph(g, device, { weights: pick(g, arrays, "weights"), bounds, level });
          const inputs = pick(g, arrays, "inputs");
          assertClose(await model.run(inputs, shapes), want, String(model.built.graph));
          using bound = await model.bind(inputs, shapes);
          bound.poison();
          await bound.run(2);
          assertClose(await bound.read(), want, String(model.built.graph));
        }),
        { numRuns, endOnFailure: GRAPHS > 60 },
      );
    });
  }
}
