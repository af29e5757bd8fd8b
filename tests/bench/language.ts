/**
 * Tokens that a language model decodes in a second of process CPU time, and its prefill: stories260k of the data, on this
 * device. A dispatch of a software adapter costs CPU time, so CPU time is the honest clock there.
 */
import { argumentsOf, type CliOption, type Command, runCommand } from "../../lib/cli/arguments.ts";
import { OptionError } from "../../lib/base/error.ts";
import { cpuUsage } from "node:process";
import { LanguageModel } from "../../lib/models/language/language_model.ts";
import { Device } from "../../lib/runtime/device.ts";

const cpuSeconds = () => {
  const { user, system } = cpuUsage();
  return (user + system) / 1e6;
};

const COMMAND = {
  name: "deno task bench:tokens",
  summary:
    "Measures how many tokens a language model reads and writes per CPU second on each device, on stories260k.",
  options: {},
} as const satisfies Command<Readonly<Record<string, CliOption>>>;

async function benchTokens(args: readonly string[]): Promise<void> {
  argumentsOf(COMMAND, args);
  const data = Deno.env.get("TUNEBOOK_DATA");
  if (!data) throw new OptionError("expected TUNEBOOK_DATA to name the folder of the data, got nothing");
  for (const backend of ["webgpu", "cpu"] as const) {
    using device = await Device.open({ backend });
    using model = await LanguageModel.load(`${data}/stories260k`, device, { quantization: "q0f32" });
    const write = async (tokens: number) => {
      const begun = cpuSeconds();
      for await (const _ of model.generate("Once upon a time", { maxTokens: tokens, temperature: 0 }));
      return cpuSeconds() - begun;
    };
    const read = async () => {
      const ids = Array.from({ length: 129 }, (_, k) => 3 + k % 500), begun = cpuSeconds();
      for await (const _ of model.generate(ids, { maxTokens: 1, temperature: 0 }));
      return cpuSeconds() - begun;
    };
    await write(200);
    const rates = [], reads = [];
    for (let k = 0; k < 5; k++) rates.push(100 / await write(100));
    for (let k = 0; k < 5; k++) reads.push(128 / await read());
    const median = (list: readonly number[]) => list.toSorted((a, b) => a - b)[2]?.toFixed(0);
    console.log(
      `${device.target.name}: decode ${median(rates)} tokens and prefill ${
        median(reads)
      } tokens per CPU second, ` +
        `${model.stats.launches} launches per token`,
    );
  }
}

await runCommand(COMMAND, benchTokens);
