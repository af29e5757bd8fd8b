/** Each architecture, by chunks of a prompt and token by token, against plain loops in float64. */
import { assert, assertEquals } from "@std/assert";
import { readConfig } from "../../../lib/models/config/read_config.ts";
import { openWeights } from "../../../lib/models/weights/open_weights.ts";
import { devices } from "../../devices.ts";
import { referenceLogits } from "../reference.ts";
import { TINY, tinyCheckpoint, type TinyName, writeCheckpoint } from "../tiny_checkpoint.ts";
import { HostSteps, weightsOf } from "./host_steps.ts";

/** On a device with a driver, compiling takes seconds: one model has most of what differs between kernels. */
const EVERYWHERE: readonly TinyName[] = ["qwen3"];
const CONTEXT = 128;

for (const device of devices) {
  for (const name of Object.keys(TINY) as readonly TinyName[]) {
    if (device.target.kind !== "cpu" && !EVERYWHERE.includes(name)) continue;
    Deno.test(`${name} agrees with the reference on ${device.target.name}`, async () => {
      const checkpoint = tinyCheckpoint(name, 11);
      const folder = await Deno.makeTempDir();
      try {
        await writeCheckpoint(folder, checkpoint);
        const config = readConfig(checkpoint.config);
        const weights = await weightsOf(await openWeights(folder), config, "q0f32", CONTEXT);
        using steps = await HostSteps.of(device, config, weights, "q0f32", CONTEXT);
        const ids = Array.from({ length: 64 }, (_, k) => (k * 37 + 5) % config.vocabularySize);
        const expected = referenceLogits(checkpoint, ids, { context: CONTEXT });
        const check = (at: number, logits: Float32Array) => {
          const want = expected[at] as Float64Array, largest = Math.max(...want.map(Math.abs));
          const off = Math.max(...want.map((x, k) => Math.abs(x - (logits[k] ?? NaN))));
          assert(off < 1e-4 * Math.max(1, largest), `token ${at}: off by ${off}, the largest is ${largest}`);
        };
        check(18, await steps.append(ids.slice(0, 19), "prefill"));
        check(50, await steps.append(ids.slice(19, 51), "prefill"));
        for (let k = 51; k < 64; k++) {
          const logits = await steps.append(ids.slice(k, k + 1), "decode");
          check(k, logits);
          assertEquals(steps.next, logits.indexOf(Math.max(...logits)));
        }
      } finally {
        await Deno.remove(folder, { recursive: true });
      }
    });
  }
}
