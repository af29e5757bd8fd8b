/** Every kernel of a model through its rule: scheduled, built, checked and timed on this device. */
import { tableToIPC } from "npm:apache-arrow@21.2.0";
import { Device } from "../runtime/device.ts";
import { LANGUAGE_MODELS } from "../op/models.ts";
import { type Quantization, QUANTIZATIONS, suite, VISION_MODEL_NAMES } from "../op/suite.ts";
import { type RuleRow, ruleTable } from "../tuning/rule_table.ts";
import { argumentsOf, type CliOption, type Command, runCommand } from "./arguments.ts";
import { BACKEND, deviceFrom, JSON_LINES, OUT, printerFor, printJson } from "./common_options.ts";
import { number, oneOf } from "../base/option_kinds.ts";

function line(r: RuleRow): string {
  const number = (x: number, width: number) => (Number.isFinite(x) ? x.toPrecision(3) : "–").padStart(width);
  return `${r.phase.padEnd(8)}${r.kernel.padEnd(18)}${r.rule.padEnd(18)}${`${r.kernels}`.padStart(3)} ` +
    `${number(r.scheduleMs, 9)} ${number(r.ms, 9)} ${number(r.gflops, 9)} ${number(r.gbps, 9)} ` +
    `${(Number.isFinite(r.roofline) ? `${(100 * r.roofline).toFixed(0)}%` : "–").padStart(6)}  ${r.correct}`;
}

const MODELS = [...Object.keys(LANGUAGE_MODELS), ...VISION_MODEL_NAMES];

const COMMAND = {
  name: "deno task rules",
  summary: "Schedules, builds, checks and times every kernel of some models by its rule, on this device.",
  options: {
    model: {
      as: "text",
      kind: oneOf(...MODELS),
      value: "Qwen2.5-0.5B",
      multiple: true,
      help: `A model, several times for several: ${MODELS.join(", ")}.`,
    },
    quantization: {
      as: "text",
      kind: oneOf(...QUANTIZATIONS),
      value: "q4f16_1",
      help: `Weights of language models: ${
        QUANTIZATIONS.join(", ")
      }. Default: q4f16_1, or q4f32_1 without f16.`,
    },
    shrink: {
      as: "number",
      kind: number({ min: 1 }),
      value: "1",
      help: "Divides the models' widths. Default 1, or 4 where the device is a CPU.",
    },
    backend: BACKEND,
    out: OUT,
    json: JSON_LINES,
  },
} as const satisfies Command<Readonly<Record<string, CliOption>>>;

/** Prints a row a kernel, and writes a table a model; gives 1 if a kernel failed. */
async function rules(args: readonly string[]): Promise<number> {
  const { values } = argumentsOf(COMMAND, args);
  const { model: models = ["Qwen2.5-0.5B", "resnet18", "mobilenet_v2"], out = "results", json = false } =
    values;
  const print = printerFor(json);
  using device = await Device.open(deviceFrom(values.backend));
  const asked = values.quantization ?? (device.target.f16 ? "q4f16_1" : "q4f32_1");
  const quantization = QUANTIZATIONS.find((q) => q === asked) as Quantization;
  // A processor would take minutes for what a GPU does at once.
  const { shrink = device.target.clock === "cpu" ? 4 : 1 } = values;
  await Deno.mkdir(out, { recursive: true });
  let wrong = 0;
  for (const model of models) {
    const kind = Object.hasOwn(LANGUAGE_MODELS, model) ? "llm" : "vision";
    print(`${model} on ${device.target.name}${shrink === 1 ? "" : `, widths divided by ${shrink}`}`);
    print(
      "phase   kernel            rule              kernels schedule ms    run ms   GFLOP/s      GB/s  roof  correct",
    );
    const table = await ruleTable(
      suite(kind, model, kind === "llm" ? { shrink, quantization } : { shrink }),
      device,
      (r) => {
        if (r.correct !== "yes") wrong++;
        if (json) printJson({ model, device: device.target.name, ...r });
        else print(line(r));
      },
    );
    const file = `rules_${model}${kind === "llm" ? `_${quantization}` : ""}.arrows`;
    await Deno.writeFile(`${out}/${file}`, tableToIPC(table, "stream"));
  }
  print(wrong === 0 ? "all correct" : `${wrong} kernels failed`);
  return wrong === 0 ? 0 : 1;
}

if (import.meta.main) await runCommand(COMMAND, rules);
