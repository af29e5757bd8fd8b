/** A real language model as a graph: its logits are those of onnxruntime, at every step that the data records. */
import { assert, assertEquals } from "@std/assert";
import { build } from "../../lib/tuning/build.ts";
import { dataTest } from "../data.ts";
import { devices } from "../devices.ts";
import { storiesGraph, storiesWeights } from "../relax/stories.ts";

interface Case {
  readonly promptIds: readonly number[];
  readonly greedyIds: readonly number[];
  readonly logits: readonly { readonly step: number; readonly logits: readonly number[] }[];
}

for (const device of devices) {
  dataTest(
    `stories260k has onnxruntime's logits, and its greedy words, on ${device.target.name}`,
    async (find) => {
      const { cases } = JSON.parse(await Deno.readTextFile(find("stories260k", "golden.json"))) as {
        readonly cases: readonly Case[];
      };
      const weights = await storiesWeights(find);
      using model = await build(storiesGraph(), device, { weights, bounds: { n: 256 }, memory: "8 MiB" });
      const rules = new Set(model.built.functions.map((f) => f.rule));
      assert(!rules.has("Fallback"), model.explain());
      // Attention has eight values and workspaces at one time, and storages alone would take 1.33 times as much.
      const { bytes, live } = model.built.memory;
      assert(bytes <= 1.1 * live, model.explain());
      for (const { promptIds, greedyIds, logits } of cases) {
        for (const { step, logits: want } of logits) {
          const ids = Int32Array.from([...promptIds, ...greedyIds.slice(0, step)]);
          const positions = Int32Array.from(ids.keys());
          const { logits: all } = await model.run({ ids, positions });
          const got = [...all?.slice(-512) ?? []];
          const off = Math.max(...want.map((x, k) => Math.abs(x - (got[k] ?? NaN))));
          assert(off < 1e-3, `step ${step}: ${off}`);
          assertEquals(got.indexOf(Math.max(...got)), greedyIds[step], `step ${step}`);
        }
      }
    },
  );
}
