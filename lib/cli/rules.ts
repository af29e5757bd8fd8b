/**
 * Every kernel of a model through its rule: scheduled, built, checked and timed on this device.
 *
 *     deno task rules [--model Qwen2.5-0.5B] [--quantization q4f16_1] [--shrink 8] [--backend webgpu|cpu] [--out results]
 */
import { parseArgs } from "node:util";
import { tableToIPC } from "npm:apache-arrow@21.2.0";
import { TunebookError } from "../base/error.ts";
import { Device } from "../runtime/device.ts";
import { LANGUAGE_MODELS } from "../op/models.ts";
import { QUANTIZATIONS, suite } from "../op/suite.ts";
import { type RuleRow, ruleTable } from "../tuning/rule_table.ts";

function line(r: RuleRow): string {
  const number = (x: number, width: number) => (Number.isFinite(x) ? x.toPrecision(3) : "–").padStart(width);
  return `${r.phase.padEnd(8)}${r.kernel.padEnd(18)}${r.rule.padEnd(18)}${`${r.kernels}`.padStart(3)} ` +
    `${number(r.scheduleMs, 9)} ${number(r.ms, 9)} ${number(r.gflops, 9)} ${number(r.gbps, 9)} ` +
    `${(Number.isFinite(r.roofline) ? `${(100 * r.roofline).toFixed(0)}%` : "–").padStart(6)}  ${r.correct}`;
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      model: { type: "string", multiple: true, default: ["Qwen2.5-0.5B", "resnet18", "mobilenet_v2"] },
      shrink: { type: "string" },
      backend: { type: "string" },
      quantization: { type: "string" },
      out: { type: "string", default: "results" },
    },
  });
  const backend = values.backend === "webgpu" || values.backend === "cpu" ? values.backend : undefined;
  using device = await Device.open(backend ? { backend } : {});
  const asked = values.quantization ?? (device.target.f16 ? "q4f16_1" : "q4f32_1");
  const quantization = QUANTIZATIONS.find((q) => q === asked);
  if (!quantization) {
    throw new TunebookError(`cannot build kernels of ${asked}: weights are ${QUANTIZATIONS.join(", ")}`);
  }
  // A processor would take minutes for what a GPU does at once.
  const slow = device.target.clock === "cpu";
  const shrink = Number(values.shrink ?? (slow ? 4 : 1));
  await Deno.mkdir(values.out, { recursive: true });
  let wrong = 0;
  for (const model of values.model) {
    const kind = Object.hasOwn(LANGUAGE_MODELS, model) ? "llm" : "vision";
    console.log(`${model} on ${device.target.name}${shrink === 1 ? "" : `, widths divided by ${shrink}`}`);
    console.log(
      "phase   kernel            rule              kernels schedule ms    run ms   GFLOP/s      GB/s  roof  correct",
    );
    const table = await ruleTable(suite(kind, model, { shrink, quantization }), device, (r) => {
      if (r.correct !== "yes") wrong++;
      console.log(line(r));
    });
    await Deno.writeFile(
      `${values.out}/rules_${model}${kind === "llm" ? `_${quantization}` : ""}.arrows`,
      tableToIPC(table, "stream"),
    );
  }
  console.log(wrong === 0 ? "all correct" : `${wrong} kernels failed`);
  Deno.exit(wrong === 0 ? 0 : 1);
}
