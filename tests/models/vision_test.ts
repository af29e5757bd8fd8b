/** Vision models as graphs: what they compute, and in how many launches. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { OptionError } from "../../lib/base/error.ts";
import { vision } from "../../lib/face/models.ts";
import type { Graph } from "../../lib/relax/graph.ts";
import { build } from "../../lib/tuning/build.ts";
import { devices } from "../devices.ts";
import { inFloat64 } from "./vision_reference.ts";

const MODELS = { mobilenetV2: 60, resnet18: 30 } as const;

function convolutions(g: Graph): number {
  return g.bindings.filter(({ call }) => call.kind === "op" && call.op === "conv2d").length;
}

Deno.test("vision models have the published numbers of layers and weights", () => {
  const count = (g: Graph) =>
    g.weights.filter((v) => !/mean|variance/.test(v.name)).reduce(
      (n, { type }) => n + type.shape.reduce((m, d) => m * (d.kind === "const" ? d.value : NaN), 1),
      0,
    );
  const mobile = vision.mobilenetV2(), residual = vision.resnet18({ layout: "NCHW", batch: "n" });
  assertEquals([convolutions(mobile), count(mobile)], [52, 3_504_872]);
  assertEquals([convolutions(residual), count(residual)], [20, 11_689_512]);
  assertEquals(residual.shapeVars.map((v) => v.name), ["n"]);
  const small = vision.mobilenetV2({ size: 32, classes: 10 }),
    again = vision.randomWeights(small, { seed: 7 });
  assertEquals(vision.randomWeights(small, { seed: 7 }), again);
  assertThrows(() => vision.mobilenetV2({ size: 100 }), OptionError, "a positive multiple of 32");
});

for (const device of devices) {
  for (const [name, most] of Object.entries(MODELS)) {
    Deno.test(`${name} has float64's logits in ${most} launches on ${device.target.name}`, async () => {
      const g = vision[name as keyof typeof MODELS]({ size: 32, classes: 10 });
      const weights = vision.randomWeights(g, { seed: 1 });
      using model = await build(g, device, { weights });
      assert(model.launches <= most, model.explain());
      assert(!model.explain().includes("batch_norm"), model.explain());
      const image = new Float32Array(32 * 32 * 3).map(() => Math.random());
      const { logits: want } = inFloat64(g, { ...weights, image }), { logits } = await model.run({ image });
      const largest = Math.max(...Array.from(want as Float64Array, Math.abs));
      assert(largest > 1e-3 && logits?.length === 10);
      want?.forEach((x, k) =>
        assert(Math.abs((logits[k] ?? NaN) - x) <= 1e-4 * largest, `${logits} ${want}`)
      );
    });
  }
}
