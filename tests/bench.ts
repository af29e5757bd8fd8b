/**
 * What DLight's presets are worth on this device, against Fallback; and what they cost before anything runs.
 *
 *     deno task bench [--only NAME…] [--rounds 5] [--backend webgpu|cpu]
 */
import { argumentsOf, type CliOption, type Command, runCommand } from "../lib/cli/arguments.ts";
import { BACKEND, deviceFrom } from "../lib/cli/common_options.ts";
import { numberOf, ONLY_NAMES } from "./bench/options.ts";
import { compile } from "../lib/codegen/compile.ts";
import { fallback } from "../lib/dlight/fallback/fallback.ts";
import { rules, schedule } from "../lib/dlight/schedule.ts";
import { flopsOf, trafficOf } from "../lib/estimate/work.ts";
import { checkOutput } from "../lib/measure/check.ts";
import { median } from "../lib/base/statistics.ts";
import { randomInputs } from "../lib/measure/random_inputs.ts";
import { textOf } from "../lib/notebook/tables.ts";
import { cpuTime } from "../lib/runtime/platform.ts";
import { Device } from "../lib/runtime/device.ts";
import type { Target } from "../lib/target/target.ts";
import { expected, pick, programOf, unitOf, type Work } from "./bench/operators.ts";
import { perRun, race } from "./bench/race.ts";

/** Scheduling, lowering and printing an operator may take so long in the mean, in a fresh process, milliseconds. */
const COMPILE_LIMIT_MS = 40;
const REPEATS = 7;

type Named = readonly (readonly [name: string, work: Work])[];

/** Times each operator's way to its source: once in this process as it is, then warm. */
function compileTimes(operators: Named, target: Target): readonly (readonly string[])[] {
  const funcs = operators.map(([, work]) => programOf(work));
  const round = () =>
    funcs.map((func) => {
      const begin = performance.now();
      const scheduled = schedule(func, target);
      const between = performance.now();
      compile(scheduled.func, target);
      return { schedule: between - begin, compile: performance.now() - between };
    });
  const cpu = cpuTime();
  const first = round();
  const spent = cpuTime() - cpu;
  const warm = Array.from({ length: REPEATS }, round);
  const mid = (k: number, stage: "schedule" | "compile") => median(warm.map((r) => r[k]?.[stage] ?? NaN));
  const rows = operators.map(([name], k) =>
    [
      name,
      first[k]?.schedule ?? NaN,
      mid(k, "schedule"),
      first[k]?.compile ?? NaN,
      mid(k, "compile"),
    ] as const
  );
  const sums = [1, 2, 3, 4].map((c) => rows.reduce((n, r) => n + (r[c] as number), 0));
  const [s = 0, sWarm = 0, c = 0, cWarm = 0] = sums;
  const share = 1 - (sWarm + cWarm) / (s + c);
  console.log(
    `Schedule, lower and print ${operators.length} operators in a fresh process: ${(s + c).toFixed(0)} ms` +
      ` (may take ${COMPILE_LIMIT_MS * operators.length}; ${spent.toFixed(0)} ms of CPU time); warm ${
        (sWarm + cWarm).toFixed(0)
      } ms, so ${(100 * share).toFixed(0)}% of it is JIT warm-up`,
  );
  return [
    ["operator", "schedule ms", "warm", "lower + print ms", "warm"],
    ...[...rows, ["all", ...sums] as const].map(([name, ...ms]) => [name, ...ms.map((x) => x.toFixed(2))]),
  ];
}

/** Fallback and DLight on one operator: checked, then timed in turn. */
async function against(
  name: string,
  work: Work,
  device: Device,
  rounds: number,
): Promise<readonly string[]> {
  const func = programOf(work);
  const inputs = randomInputs(func, 1);
  const right = expected(work, inputs);
  using stack = new DisposableStack();
  const runners = [];
  let by = "";
  for (const among of [[fallback], rules]) {
    const ruled = schedule(func, device.target, among);
    const program = stack.use(await device.load(compile(ruled.func, device.target)));
    const bound = stack.use(await program.bind(inputs));
    bound.poison();
    await bound.run(1);
    const [[output, result] = []] = Object.entries(await bound.read());
    if (!result) throw new Error(`${name} has no result`);
    const { wrong } = checkOutput(output ?? "", result, right, "f32");
    if (wrong !== undefined) throw new Error(`${name} by ${ruled.rule}: ${wrong}`);
    by = ruled.rule;
    runners.push(bound);
  }
  const clock = device.target.clock === "cpu" ? "cpu" : "wall";
  const samples = await race(runners, { rounds, leastMs: 50, clock });
  const [slow = NaN, fast = NaN] = samples.map((s) => median(perRun(s, clock)));
  const unit = unitOf(work);
  const rate = (unit === "GB/s" ? trafficOf(func) : flopsOf(func)) / fast / 1e6;
  return [name, by, slow.toFixed(2), fast.toFixed(2), `${rate.toFixed(2)} ${unit}`, (slow / fast).toFixed(2)];
}

const COMMAND = {
  name: "deno task bench",
  summary: "Compares DLight's presets with Fallback, on this device.",
  positionals: ["[NAME]…"],
  options: { only: ONLY_NAMES, rounds: numberOf("Rounds", 5), backend: BACKEND },
} as const satisfies Command<Readonly<Record<string, CliOption>>>;

async function bench(args: readonly string[]): Promise<void> {
  const { values: { only = [], rounds = 5, backend }, positionals } = argumentsOf(COMMAND, args);
  const operators = pick([...only, ...positionals]);
  using device = await Device.open(deviceFrom(backend));
  console.log(`${device.target.name}, ${device.target.runtime}\n`);
  console.log(textOf(compileTimes(operators, device.target)) + "\n");
  const rows = [["operator", "rule", "Fallback ms", "DLight ms", "DLight", "× Fallback"]];
  for (const [name, work] of operators) {
    rows.push([...await against(name, work, device, rounds)]);
  }
  console.log(textOf(rows));
}

if (import.meta.main) await runCommand(COMMAND, bench);
