/** A tiny model of an architecture on a device, by chunks of a prompt and token by token, against plain loops in float64. */
import { argumentsOf, type CliOption, type Command, runCommand } from "../../../lib/cli/arguments.ts";
import { assert, assertEquals } from "@std/assert";
import { readConfig } from "../../../lib/models/config/read_config.ts";
import { openWeights } from "../../../lib/models/weights/open_weights.ts";
import { Device } from "../../../lib/runtime/device.ts";
import { referenceLogits } from "../reference.ts";
import { TINY, tinyCheckpoint, type TinyName, writeCheckpoint } from "../tiny_checkpoint.ts";
import { HostSteps, weightsOf } from "./host_steps.ts";

const CONTEXT = 128;

/** All of them. */
export const NAMES = Object.keys(TINY) as readonly TinyName[];

/** Reads tokens in chunks that end before each of `ends`, then one by one up to `tokens`. Throws where logits differ. */
export async function checkArchitecture(
  device: Device,
  name: TinyName,
  { ends, tokens }: { readonly ends: readonly number[]; readonly tokens: number },
): Promise<void> {
  const checkpoint = tinyCheckpoint(name, 11), folder = await Deno.makeTempDir();
  try {
    await writeCheckpoint(folder, checkpoint);
    const config = readConfig(checkpoint.config);
    const weights = await weightsOf(await openWeights(folder), config, "q0f32", CONTEXT);
    using steps = await HostSteps.of(device, config, weights, "q0f32", CONTEXT);
    const ids = Array.from({ length: tokens }, (_, k) => (k * 37 + 5) % config.vocabularySize);
    const expected = referenceLogits(checkpoint, ids, { context: CONTEXT });
    const check = (at: number, logits: Float32Array) => {
      const want = expected[at] as Float64Array, largest = Math.max(...want.map(Math.abs));
      const off = Math.max(...want.map((x, k) => Math.abs(x - (logits[k] ?? NaN))));
      assert(off < 1e-4 * Math.max(1, largest), `token ${at}: off by ${off}, the largest is ${largest}`);
    };
    let from = 0;
    for (const end of ends) {
      check(end - 1, await steps.append(ids.slice(from, end), "prefill"));
      from = end;
    }
    for (let k = from; k < tokens; k++) {
      const logits = await steps.append(ids.slice(k, k + 1), "decode");
      check(k, logits);
      assertEquals(steps.next, logits.indexOf(Math.max(...logits)));
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const COMMAND = {
  name: "deno task check:architectures",
  summary: "Runs a tiny model of each architecture on the adapter, against plain loops.",
  options: {},
} as const satisfies Command<Readonly<Record<string, CliOption>>>;

if (import.meta.main) {
  await runCommand(COMMAND, async (args) => {
    argumentsOf(COMMAND, args);
    using device = await Device.open({ backend: "webgpu" });
    for (const name of NAMES) {
      await checkArchitecture(device, name, { ends: [19, 51], tokens: 64 });
      console.log(`${name} agrees with the reference on ${device.target.name}`);
    }
  });
}
