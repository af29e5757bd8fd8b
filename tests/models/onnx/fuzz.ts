/**
 * Reads models with wrong bytes: `deno task fuzz:onnx [--count 10000] [--seed 1]`. They are made of ONNX's own tests, where
 * Debian's libonnx-testdata is installed, and of models of this folder. Each has to be a graph or a typed error, and the
 * process has to stay below 1 GiB.
 */
import { argumentsOf, type CliOption, type Command, runCommand } from "../../../lib/cli/arguments.ts";
import { SEED } from "../../../lib/cli/common_options.ts";
import { numberOf } from "../../bench/options.ts";
import { casesOf, FOLDER } from "./conformance_cases.ts";
import { isGraph, mutated, numbers, SEEDS } from "./fuzz_models.ts";

/** The most bytes of the process. */
const MOST = 2 ** 30;

const COMMAND = {
  name: "deno task fuzz:onnx",
  summary: "Reads ONNX models with wrong bytes: graphs or typed errors, in less than 1 GiB.",
  options: { count: numberOf("Files", 10_000), seed: SEED },
} as const satisfies Command<Readonly<Record<string, CliOption>>>;

async function fuzzOnnx(args: readonly string[]): Promise<void> {
  const { count = 10_000, seed = 1 } = argumentsOf(COMMAND, args).values;
  const isInstalled = await Deno.stat(FOLDER).then(() => true, () => false);
  const sources = [...SEEDS, ...isInstalled ? [...casesOf()].map((c) => c.model) : []];
  const below = numbers(seed);
  let graphs = 0, slowest = 0, most = 0;
  for (let k = 0; k < count; k++) {
    const bytes = mutated(sources[k % sources.length] as typeof SEEDS[number], below),
      begin = performance.now();
    if (isGraph(bytes)) graphs++;
    slowest = Math.max(slowest, performance.now() - begin);
    const { rss } = Deno.memoryUsage();
    most = Math.max(most, rss);
    if (rss > MOST) {
      throw new Error(`expected less than 1 GiB, got ${rss} bytes, after bytes ${bytes.toHex()}`);
    }
  }
  console.log(
    `${count} files of ${sources.length} models: ${graphs} graphs, ${count - graphs} typed errors, ` +
      `the slowest in ${slowest.toFixed(0)} ms, at most ${(most / 2 ** 20).toFixed(0)} MiB`,
  );
}

await runCommand(COMMAND, fuzzOnnx);
