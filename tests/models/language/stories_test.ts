/** A real model by steps: its logits are those of onnxruntime, by chunks of a prompt and token by token. */
import { assert, assertEquals } from "@std/assert";
import { readConfig } from "../../../lib/models/config/read_config.ts";
import { openWeights } from "../../../lib/models/weights/open_weights.ts";
import { dataTest } from "../../data.ts";
import { devices } from "../../devices.ts";
import { HostSteps, weightsOf } from "./host_steps.ts";

/** A prompt of the data, with what onnxruntime makes of it. */
interface Case {
  readonly promptIds: readonly number[];
  readonly greedyIds: readonly number[];
  readonly logits: readonly { readonly step: number; readonly logits: readonly number[] }[];
}
const CONTEXT = 256;

for (const device of devices) {
  dataTest(`steps of stories260k have onnxruntime's logits on ${device.target.name}`, async (find) => {
    const json = async (file: string) => JSON.parse(await Deno.readTextFile(find("stories260k", file)));
    const config = readConfig(await json("config.json"));
    const source = await openWeights(find("stories260k", "config.json").replace(/config\.json$/, ""));
    const weights = await weightsOf(source, config, "q0f32", CONTEXT);
    using steps = await HostSteps.of(device, config, weights, "q0f32", CONTEXT);
    assertEquals(steps.programs.decode.launches, 9 * config.layers + 5, steps.programs.decode.explain());
    for (const { promptIds, greedyIds, logits: known } of (await json("golden.json")).cases as Case[]) {
      steps.restart();
      const half = Math.ceil(promptIds.length / 2);
      let logits = await steps.append(promptIds.slice(0, half), "prefill");
      if (half < promptIds.length) logits = await steps.append(promptIds.slice(half), "prefill");
      const last = Math.min(40, Math.max(...known.map((l) => l.step)));
      for (let step = 0; step <= last; step++) {
        const want = known.find((l) => l.step === step);
        const off = Math.max(0, ...want?.logits.map((x, k) => Math.abs(x - (logits[k] ?? NaN))) ?? []);
        assert(off < 1e-4, `step ${step}: off by ${off}`);
        assertEquals(logits.indexOf(Math.max(...logits)), greedyIds[step], `step ${step}`);
        logits = await steps.append([greedyIds[step] as number], "decode");
        assertEquals(steps.next, greedyIds[step + 1]);
      }
    }
  });
}
