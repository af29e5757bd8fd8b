/** The quickstart: rule against search on four operators of a language model, on this device. */
import type { Table } from "npm:apache-arrow@21.2.0";
import { display } from "../notebook/display.ts";
import { createReporter } from "../notebook/live.ts";
import { summaryRows } from "../records/summary_table.ts";
import { verdicts } from "../charts/verdict.ts";
import { Device } from "../runtime/device.ts";
import { compare } from "../tuning/compare.ts";
import { share } from "../share/shared.ts";
import { argumentsOf, type CliOption, type Command, runCommand } from "./arguments.ts";
import { BACKEND, deviceFrom, JSON_LINES, OUT, printerFor, printJson, SEED } from "./common_options.ts";
import { openFolder } from "./open_folder.ts";
import { OPERATORS } from "./operators.ts";
import { number } from "../base/option_kinds.ts";

export interface QuickstartOptions {
  readonly seconds: number;
  readonly out: string;
  readonly backend?: "webgpu" | "cpu";
  readonly seed: number;
  /** Prints the rows of the table as JSON. Default: false. */
  readonly json?: boolean;
}

/** Compares, prints a table, and shares trials, charts and a page as the folder `out`. */
export async function quickstart(
  { seconds, out, backend, seed, json = false }: QuickstartOptions,
): Promise<Table> {
  const print = printerFor(json);
  await openFolder(out);
  using device = await Device.open(backend ? { backend } : {});
  const begin = performance.now();
  print(`${device.target.name}: ${OPERATORS.length} operators, two searches of ${seconds} s each`);
  // The page shows the measured peaks of the device.
  await device.probe();
  const funcs = OPERATORS.map(({ name, func }) => func.with({ name }));
  const results = await compare(funcs, device, { budget: { seconds }, seed, reporter: createReporter() });
  const { summary } = await share(results, out, {
    title: "Rule against search, on this device",
    notes: Object.fromEntries(OPERATORS.map(({ name, what }) => [name, what])),
  });
  const spent = ((performance.now() - begin) / 1000).toFixed(0);
  if (json) summaryRows(summary).forEach(printJson);
  else await display(summary);
  for (const v of verdicts(summary)) print(`${v.task.slice(0, v.task.indexOf("("))}: ${v.text}`);
  print(`in ${spent} s; ${out}/index.html shows it, ${out}/trials.arrows holds every trial`);
  return summary;
}

const COMMAND = {
  name: "deno task quickstart",
  summary: "Compares rule and search on four operators of a language model, on this device.",
  options: {
    seconds: {
      as: "number",
      kind: number({ above: 0 }),
      value: "10",
      help: "Seconds of each of the eight searches. Default 10.",
    },
    out: OUT,
    backend: BACKEND,
    seed: SEED,
    json: JSON_LINES,
  },
} as const satisfies Command<Readonly<Record<string, CliOption>>>;

/** @throws {OptionError} for an unknown option, or a value that an option can't have */
export function quickstartOptions(args: readonly string[]): QuickstartOptions {
  const { seconds = 10, out = "results", seed = 0, backend, json } = argumentsOf(COMMAND, args).values;
  return { seconds, out, seed, ...deviceFrom(backend), ...(json ? { json } : {}) };
}

if (import.meta.main) {
  await runCommand(COMMAND, async (args) => void await quickstart(quickstartOptions(args)));
}
