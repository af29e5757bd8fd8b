/**
 * What threads of the CPU gain: wall and CPU time of programs on one thread and on several, in turn.
 *
 *     deno task bench:threads [--only NAME]… [--threads 2] [--rounds 9]
 */
import { argumentsOf, type CliOption, type Command, runCommand } from "../../lib/cli/arguments.ts";
import { median } from "../../lib/base/statistics.ts";
import { compile } from "../../lib/codegen/compile.ts";
import { schedule } from "../../lib/dlight/schedule.ts";
import { randomInputs } from "../../lib/measure/random_inputs.ts";
import { textOf } from "../../lib/notebook/tables.ts";
import { Device } from "../../lib/runtime/device.ts";
import { numberOf, ONLY_NAMES } from "./options.ts";
import { pick, programOf } from "./operators.ts";
import { race, type Sample } from "./race.ts";

const DEFAULT = ["matmul_1024", "linear_1024", "conv2d_3x3", "softmax", "add"];

const COMMAND = {
  name: "deno task bench:threads",
  summary: "Compares one thread of the CPU with several, by wall time and CPU time.",
  options: { only: ONLY_NAMES, threads: numberOf("Threads", 2), rounds: numberOf("Rounds", 9) },
} as const satisfies Command<Readonly<Record<string, CliOption>>>;

async function benchThreads(args: readonly string[]): Promise<void> {
  const { only = DEFAULT, threads = 2, rounds = 9 } = argumentsOf(COMMAND, args).values;
  using one = await Device.open({ backend: "cpu" });
  using several = await Device.open({ backend: "cpu", threads });
  const each = (samples: readonly Sample[] = [], clock: "wall" | "cpu") =>
    median(samples.map((s) => s[clock] / s.runs));
  const rows: string[][] = [];
  for (const [name, work] of pick(only)) {
    const func = programOf(work), inputs = randomInputs(func, 1);
    const exe = compile(schedule(func, one.target).func, one.target);
    using stack = new DisposableStack();
    const bound = [];
    for (const device of [one, several]) {
      bound.push(stack.use(await stack.use(await device.load(exe)).bind(inputs)));
    }
    const [a, b] = await race(bound, { rounds, leastMs: 100, clock: "wall" });
    const [wall, cpu] = (["wall", "cpu"] as const).map((c) => each(b, c) / each(a, c)) as [number, number];
    rows.push([
      name,
      each(a, "wall").toFixed(3),
      each(b, "wall").toFixed(3),
      wall.toFixed(2),
      cpu.toFixed(2),
    ]);
  }
  console.log(
    textOf([["program", "ms, one thread", `ms, ${threads} threads`, "wall time", "CPU time"], ...rows]),
  );
}

if (import.meta.main) await runCommand(COMMAND, benchThreads);
