/**
 * How long the way from a model's programs to their sources takes, in a process of its own that has compiled
 * nothing before, as whoever opens a model pays it. CPU milliseconds, garbage collection and just-in-time
 * compilation included.
 *
 *     deno task bench:compile [--model Llama-3-8B] [--target llvmpipe --target generic-webgpu --target cpu] [--runs 3]
 */
import { argumentsOf, type CliOption, type Command, runCommand } from "../../lib/cli/arguments.ts";
import { flag, name } from "../../lib/base/option_kinds.ts";
import { numberOf } from "./options.ts";
import { assembleExecutable } from "../../lib/codegen/compile.ts";
import { schedule } from "../../lib/dlight/schedule.ts";
import { TunebookError } from "../../lib/base/error.ts";
import { lower } from "../../lib/lower/pipeline.ts";
import { median } from "../../lib/base/statistics.ts";
import { textOf } from "../../lib/notebook/tables.ts";
import { cpuTime } from "../../lib/runtime/platform.ts";
import { targetOf } from "../../lib/target/profiles.ts";
import type { Profile, Target } from "../../lib/target/target.ts";
import { LANGUAGE_MODELS } from "../../lib/op/models.ts";
import { suite, type SuiteKernel } from "../../lib/op/suite.ts";
import { graphLine } from "./compile_graph.ts";

/** A language model's kernels may take so long on one core in a fresh process, milliseconds of CPU time. */
export const LIMIT_MS = 1000;

const PHASES = ["schedule", "lower", "print"] as const;

/** One kernel's way: CPU milliseconds of each part of it. */
export interface CompileTimes extends Readonly<Record<typeof PHASES[number], number>> {
  readonly kernel: string;
  readonly rule: string;
}

function kernelsOf(model: string): readonly SuiteKernel[] {
  return suite(Object.hasOwn(LANGUAGE_MODELS, model) ? "llm" : "vision", model);
}

/** Times every kernel of `model` once, in this process as it is. */
export function compileTimes(model: string, profile: Profile): readonly CompileTimes[] {
  const known = targetOf(profile);
  // The least that any WebGPU device binds is less than a model's table of tokens: this one has the memory.
  const target: Target = { ...known, limits: { ...known.limits, maxBindingBytes: 2 ** 31 - 1 } };
  return kernelsOf(model).map((k) => {
    const marks = [cpuTime()];
    const { func, rule } = schedule(k.func, target);
    marks.push(cpuTime());
    const kernels = lower(func, target);
    marks.push(cpuTime());
    assembleExecutable(func, kernels, target);
    marks.push(cpuTime());
    const [a = NaN, b = NaN, c = NaN, d = NaN] = marks;
    return { kernel: `${k.phase} ${k.name}`, rule, schedule: b - a, lower: c - b, print: d - c };
  });
}

/** The same in a fresh process. */
async function freshTimes(model: string, profile: string): Promise<readonly CompileTimes[]> {
  const { stdout, stderr, success } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--allow-all",
      "--quiet",
      import.meta.filename as string,
      "--child",
      "--model",
      model,
      "--target",
      profile,
    ],
  }).output();
  if (!success) throw new TunebookError(new TextDecoder().decode(stderr));
  return JSON.parse(new TextDecoder().decode(stdout));
}

const sumOf = (t: CompileTimes) => PHASES.reduce((n, p) => n + t[p], 0);

/** A row a kernel and one for all of them: medians over the runs. */
export function rowsOf(runs: readonly (readonly CompileTimes[])[]): readonly (readonly string[])[] {
  const row = (name: string, rule: string, of: (run: readonly CompileTimes[]) => readonly CompileTimes[]) => {
    const total = (f: (t: CompileTimes) => number) =>
      median(runs.map((run) => of(run).reduce((n, t) => n + f(t), 0))).toFixed(1);
    return [name, rule, ...PHASES.map((p) => total((t) => t[p])), total(sumOf)];
  };
  const [first = []] = runs;
  return [
    ["kernel", "rule", ...PHASES.map((p) => `${p} ms`), "all ms"],
    ...first.map(({ kernel, rule }, k) => row(kernel, rule, (run) => run.slice(k, k + 1))),
    row("all", "", (run) => run),
  ];
}

const COMMAND = {
  name: "deno task bench:compile",
  summary: "Times how long a model's kernels take to their source, in fresh processes.",
  options: {
    model: { as: "text", kind: name, value: "Llama-3-8B", help: "A language model. Default Llama-3-8B." },
    target: {
      as: "text",
      kind: name,
      value: "llvmpipe",
      multiple: true,
      help: "A target profile; may be given several times. Default llvmpipe, generic-webgpu and cpu.",
    },
    runs: numberOf("Processes for each", 3),
    child: { as: "flag", kind: flag, help: "Prints the times of this process as JSON." },
  },
} as const satisfies Command<Readonly<Record<string, CliOption>>>;

async function benchCompile(args: readonly string[]): Promise<void> {
  const { values } = argumentsOf(COMMAND, args);
  const { model = "Llama-3-8B", target: targets = ["llvmpipe", "generic-webgpu", "cpu"], runs: wanted = 3 } =
    values;
  if (values.child) {
    for (const target of targets) console.log(JSON.stringify(compileTimes(model, target as Profile)));
    return;
  }
  // What is unknown is refused here, before any process is started.
  kernelsOf(model);
  for (const target of targets) targetOf(target as Profile);
  for (const target of targets) {
    const runs: (readonly CompileTimes[])[] = [];
    while (runs.length < wanted) runs.push(await freshTimes(model, target));
    const rows = rowsOf(runs);
    console.log(
      `${model} for ${target}, ${runs.length} fresh processes: ${rows.at(-1)?.at(-1)} ms of CPU time ` +
        `(a language model may take ${LIMIT_MS}), ${rows.at(-1)?.at(-2)} of them print\n`,
    );
    console.log(textOf(rows) + "\n");
  }
  for (const target of targets) console.log(await graphLine(target as Profile, wanted));
}

if (import.meta.main) await runCommand(COMMAND, benchCompile);
