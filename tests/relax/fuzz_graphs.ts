/**
 * Builds random graphs at levels 0 and 1 and with random schedules, and holds them against the interpreter, which runs them
 * operator by operator: `deno task fuzz:graphs --count 5000 --backend cpu`. It prints the first graph that is wrong, made small, and ends
 * with status 1.
 */
import { argumentsOf, type CliOption, type Command, runCommand } from "../../lib/cli/arguments.ts";
import { numberOf } from "../bench/options.ts";
import { BACKEND, deviceFrom, SEED } from "../../lib/cli/common_options.ts";
import fc from "fast-check";
import { interpretGraph } from "../../lib/relax/interpret_graph.ts";
import { Device } from "../../lib/runtime/device.ts";
import { checkGraph, WAYS } from "../tuning/checked_graph.ts";
import { arbGraph } from "./random_graph.ts";

const COMMAND = {
  name: "deno task fuzz:graphs",
  summary: "Builds random graphs in several ways, and compares them with the interpreter.",
  options: {
    count: numberOf("Graphs", 5000),
    seed: { ...SEED, help: "Seed of the graphs. Default: the time." },
    backend: { ...BACKEND, help: "The device. Default: the WebGPU adapter." },
  },
} as const satisfies Command<Readonly<Record<string, CliOption>>>;

async function fuzzGraphs(args: readonly string[]): Promise<number | void> {
  const { values: { count: numRuns = 5000, seed = Date.now() % 2 ** 31, backend = "webgpu" } } = argumentsOf(
    COMMAND,
    args,
  );
  using device = await Device.open(deviceFrom(backend));
  console.log(`${numRuns} graphs on ${device.target.name}, seed ${seed}`);
  let done = 0;
  const result = await fc.check(
    fc.asyncProperty(arbGraph, async (g) => {
      const want = interpretGraph(g.graph, g.arrays, g.shapes);
      for (const way of WAYS) await checkGraph(g, device, way, want);
      if (++done % 100 === 0) console.log(`${done} right`);
    }),
    { numRuns, seed },
  );
  if (result.failed) {
    console.log(fc.defaultReportMessage(result));
    return 1;
  }
  console.log(`${numRuns} graphs, 0 wrong`);
}

await runCommand(COMMAND, fuzzGraphs);
