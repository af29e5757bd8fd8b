/**
 * What fusion is worth on this device: the functions that it makes, against their main operator alone, and against one
 * function for each operator.
 *
 *     deno task bench:fusion [--only TEXT] [--rounds 5] [--backend webgpu|cpu]
 */
import { argumentsOf, type CliOption, type Command, runCommand } from "../../lib/cli/arguments.ts";
import { BACKEND, deviceFrom } from "../../lib/cli/common_options.ts";
import { numberOf, ONLY } from "./options.ts";
import { compile } from "../../lib/codegen/compile.ts";
import { schedule } from "../../lib/dlight/schedule.ts";
import type { PrimFunc } from "../../lib/ir/func.ts";
import { median } from "../../lib/base/statistics.ts";
import { randomInputs } from "../../lib/measure/random_inputs.ts";
import { textOf } from "../../lib/notebook/tables.ts";
import { Device } from "../../lib/runtime/device.ts";
import { BENCH_SIZES, type FusionCase } from "./fusion/case.ts";
import { fusedFunctions, mainOf, pickCases, shapesOf, unfusedFunctions } from "./fusion/functions.ts";
import { perRun, race, type Runner } from "./race.ts";

/** The most that fused functions may take, as a multiple of the main operator alone or of all parts. */
const MOST = 1.15;

/** Runs functions one after the other. */
async function runnerOf(
  functions: readonly PrimFunc[],
  c: FusionCase,
  device: Device,
  stack: DisposableStack,
): Promise<Runner> {
  const bound: Runner[] = [];
  for (const func of functions) {
    const { func: scheduled } = schedule(func, device.target), shapes = shapesOf(c, func);
    const program = stack.use(await device.load(compile(scheduled, device.target)));
    bound.push(stack.use(await program.bind(randomInputs(func, 1, shapes), shapes)));
  }
  return {
    run: async (times) => {
      for (const b of bound) await b.run(times);
    },
  };
}

/** One row of the table: the case, its rules, and times. */
async function rowOf(c: FusionCase, device: Device, rounds: number): Promise<readonly string[]> {
  using stack = new DisposableStack();
  const fused = fusedFunctions(c, device.target), parts = unfusedFunctions(c);
  const sets = [fused.map((f) => f.func), [mainOf(parts)], parts];
  const runners: Runner[] = [];
  for (const functions of sets) runners.push(await runnerOf(functions, c, device, stack));
  const clock = device.target.clock === "cpu" ? "cpu" : "wall";
  const samples = await race(runners, { rounds, leastMs: 30, clock });
  const [own = NaN, main = NaN, all = NaN] = samples.map((s) => median(perRun(s, clock)));
  const ratios = [own / main, own / all], over = Math.min(...ratios) > MOST ? `over ${MOST}` : "";
  const times = [own, main, all].map((ms) => ms.toFixed(4));
  return [c.name, fused.map((f) => f.rule).join(", "), ...times, ...ratios.map((r) => r.toFixed(2)), over];
}

const COMMAND = {
  name: "deno task bench:fusion",
  summary: "Times fused functions against their main operator and their parts, on this device.",
  options: { only: ONLY, rounds: numberOf("Rounds", 5), backend: BACKEND },
} as const satisfies Command<Readonly<Record<string, CliOption>>>;

async function benchFusion(args: readonly string[]): Promise<void> {
  const { only = "", rounds = 5, backend } = argumentsOf(COMMAND, args).values;
  using device = await Device.open(deviceFrom(backend));
  console.log(`${device.target.name}, ${device.target.runtime}\n`);
  const head = ["case", "rules", "fused ms", "main ms", "parts ms", "× main", "× parts", ""];
  const rows: (readonly string[])[] = [head];
  for (const c of pickCases(only, BENCH_SIZES)) rows.push(await rowOf(c, device, rounds));
  console.log(textOf(rows));
  const over = rows.slice(1).filter((r) => r.at(-1) !== "").length;
  console.log(
    `\n${over} of ${rows.length - 1} take more than ${MOST} times their main operator and their parts`,
  );
}

if (import.meta.main) await runCommand(COMMAND, benchFusion);
