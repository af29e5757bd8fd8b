/** Measures shared schedules on this device, and shows both devices side by side. */
import { name } from "../base/option_kinds.ts";
import { Device } from "../runtime/device.ts";
import { Shared } from "../share/shared.ts";
import { argumentsOf, type CliOption, type Command, runCommand } from "./arguments.ts";
import { BACKEND, deviceFrom, JSON_LINES, printerFor, printJson, ROUNDS } from "./common_options.ts";

const COMMAND = {
  name: "deno task rerun",
  summary: "Measures the schedules of a shared page or folder on this device, beside the sender's times.",
  positionals: ["PAGE_OR_FOLDER"],
  options: {
    backend: BACKEND,
    rounds: ROUNDS,
    json: JSON_LINES,
    chart: { as: "text", kind: name, value: "there_here.png", help: "Writes the chart as PNG, SVG or JSON." },
  },
} as const satisfies Command<Readonly<Record<string, CliOption>>>;

/** @throws {TunebookError} for wrong arguments, a page that can't be read, or a chart that can't be written */
export async function rerunShared(args: readonly string[]): Promise<void> {
  const { positionals: [path = ""], values: { backend, rounds, chart, json = false } } = argumentsOf(
    COMMAND,
    args,
  );
  const shared = await Shared.open(path);
  using device = await Device.open(deviceFrom(backend));
  printerFor(json)(shared);
  const again = await shared.rerun(device, rounds === undefined ? {} : { rounds });
  if (json) again.rows.forEach(printJson);
  else console.log(again);
  if (chart !== undefined) await again.chart.save(chart);
}

if (import.meta.main) await runCommand(COMMAND, rerunShared);
