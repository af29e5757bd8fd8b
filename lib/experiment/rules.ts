/**
 * Every kernel of a model through its rule: scheduled, built, checked and timed on this device.
 *
 *     deno task rules [--model Qwen2.5-0.5B] [--quantization q4f16_1|q0f16] [--shrink 8] [--prefer webgpu|cpu] [--out results]
 */
import { parseArgs } from "node:util";
import { type Table, tableToIPC } from "apache-arrow";
import { compile } from "../codegen/compile.ts";
import * as dlight from "../dlight/schedule.ts";
import { flopsOf, trafficOf } from "../ir/count.ts";
import { TunebookError } from "../ir/error.ts";
import { Bench } from "../measure/bench.ts";
import { median } from "../measure/measurement.ts";
import type { Column } from "../records/schema.ts";
import { tableOf } from "../records/table.ts";
import { Device } from "../runtime/device.ts";
import type { Peaks } from "../target/target.ts";
import { LANGUAGE_MODELS } from "../te/models.ts";
import { suite, type SuiteKernel } from "../te/suite.ts";
import { leastMs } from "../records/roofline.ts";

/** One kernel of a model. */
export interface RuleRow {
  readonly kernel: string;
  readonly phase: string;
  readonly rule: string;
  /** GPU kernels that the program became. */
  readonly kernels: number;
  /** From the program to its source, milliseconds. */
  readonly scheduleMs: number;
  /** "yes", or what is wrong. */
  readonly correct: string;
  readonly ms: number;
  readonly gflops: number;
  readonly gbps: number;
  /** Of the time that the device's measured peaks allow at least. */
  readonly roofline: number;
}

const COLUMNS = {
  kernel: "text",
  phase: "text",
  rule: "text",
  kernels: "int",
  scheduleMs: "float",
  correct: "text",
  ms: "float",
  gflops: "float",
  gbps: "float",
  roofline: "float",
} as const satisfies Readonly<Record<keyof RuleRow, Column>>;

/** Schedules, builds, checks and times each kernel by its rule; a kernel that fails says so in its row. */
export async function ruleTable(
  kernels: readonly SuiteKernel[],
  device: Device,
  each: (row: RuleRow) => void = () => {},
): Promise<Table> {
  const peaks = await device.probe();
  const rows: RuleRow[] = [];
  for (const k of kernels) {
    const row = await ruleRow(k, device, peaks);
    rows.push(row);
    each(row);
  }
  return tableOf(rows, COLUMNS);
}

async function ruleRow(
  { name, phase, func, shapes }: SuiteKernel,
  device: Device,
  peaks: Peaks,
): Promise<RuleRow> {
  const begin = performance.now();
  const empty = { kernel: name, phase, ms: NaN, gflops: NaN, gbps: NaN, roofline: NaN };
  try {
    const { func: scheduled, rule } = dlight.schedule(func, device.target);
    const executable = compile(scheduled, device.target);
    const scheduleMs = performance.now() - begin;
    const known = { ...empty, rule, kernels: executable.launches.length, scheduleMs };
    const m = await new Bench(device, func, shapes, 0).measure(executable, { repeats: 3 });
    if (m.status !== "ok") return { ...known, correct: `${m.status}: ${m.message}` };
    const ms = median(m.samples), flops = flopsOf(func, shapes), bytes = trafficOf(func, shapes);
    return {
      ...known,
      correct: "yes",
      ms,
      gflops: flops / ms / 1e6,
      gbps: bytes / ms / 1e6,
      roofline: leastMs(func, shapes, peaks) / ms,
    };
  } catch (e) {
    if (!(e instanceof TunebookError)) throw e;
    return { ...empty, rule: "none", kernels: 0, scheduleMs: performance.now() - begin, correct: e.message };
  }
}

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
      prefer: { type: "string" },
      quantization: { type: "string", default: "q4f16_1" },
      out: { type: "string", default: "results" },
    },
  });
  const { quantization } = values;
  if (quantization !== "q4f16_1" && quantization !== "q0f16") {
    throw new TunebookError(`cannot build kernels of ${quantization}: weights are q4f16_1 or q0f16`);
  }
  const prefer = values.prefer === "webgpu" || values.prefer === "cpu" ? values.prefer : undefined;
  using device = await Device.open(prefer ? { prefer } : {});
  // A processor would take minutes for what a GPU does at once.
  const slow = device.target.profile === "llvmpipe" || device.target.kind === "cpu";
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
