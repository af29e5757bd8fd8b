/** The stages of a survey, in their order. */
import type { Table } from "npm:apache-arrow@21.2.0";
import { tableOf } from "../../records/table.ts";
import type { SuiteKernel } from "../../op/suite.ts";
import { suite } from "../../op/suite.ts";
import { share, Shared } from "../../share/shared.ts";
import { compare } from "../../tuning/compare.ts";
import type { Comparison } from "../../tuning/comparison.ts";
import { ruleTable } from "../../tuning/rule_table.ts";
import { OPERATORS } from "../operators.ts";
import { pairs } from "./pairs.ts";
import { peers } from "./peers.ts";
import { points } from "./points.ts";
import type { Stage, StageContext } from "./stage.ts";
import { others, products, reductions, vectors } from "./subjects.ts";

/** The stages: what is soon done and most needed comes first. */
export const STAGES: readonly Stage[] = [
  {
    name: "device",
    title: "The adapter and its driver",
    text: "What the runtime says of them, with the limits that were asked for.",
    share: 0.01,
    run: ({ device: { target } }) => {
      const { limits, ...facts } = target;
      const all = { ...facts, ...limits, system: `${Deno.build.os} ${Deno.build.arch}` };
      const rows = Object.entries(all).map(([fact, value]) => ({ fact, value: JSON.stringify(value) }));
      return Promise.resolve(tableOf(rows, { fact: "text", value: "text" }));
    },
  },
  {
    name: "correctness",
    title: "Operators by their rules",
    text: "Every result was compared with the reference.",
    share: 0.1,
    run: (context) => {
      const { device: { target } } = context;
      const subjects = [products, vectors, reductions, others].flatMap((of) => of(target));
      return byRules(
        subjects.map(({ name, func }) => ({ name, phase: "image", func, count: 1, shapes: {} })),
        context,
      );
    },
  },
  {
    name: "probes",
    title: "Measured peaks",
    text:
      "Arithmetic takes at least a millisecond. Copies go past the caches, up to half a gigabyte each way.",
    share: 0.02,
    run: async ({ device }) => {
      const peaks = Object.entries(await device.probe()).map(([peak, value]) => ({ peak, value }));
      return tableOf(peaks, { peak: "text", value: "float" });
    },
  },
  {
    name: "pairs",
    title: "Choices, one at a time",
    text: "The rule's schedule beside the same with one choice the other way, measured alternately.",
    share: 0.15,
    run: pairs,
  },
  {
    name: "points",
    title: "Points of spaces",
    text: "Some forty points of each space in a grid; a model of the device is fitted to them.",
    share: 0.2,
    run: points,
  },
  {
    name: "model",
    title: "Kernels of a language model by their rules",
    text: "Kernels of Qwen2.5-0.5B, for one token and for a prompt of 128.",
    share: 0.12,
    run: (context) => {
      const { clock, f16 } = context.device.target;
      const options = {
        shrink: clock === "cpu" ? 16 : 1,
        quantization: f16 ? "q4f16_1" : "q4f32_1",
      } as const;
      return byRules(suite("llm", "Qwen2.5-0.5B", options), context);
    },
  },
  {
    name: "search",
    title: "Rule against search",
    text: "Four operators of a language model; the folder search holds every trial.",
    share: 0.3,
    run: search,
    charts: async (out) => (await Shared.open(`${out}/search`)).charts,
  },
  {
    name: "peers",
    title: "Other libraries",
    text: "The same operators by other libraries in the same process, a row a sample.",
    share: 0.1,
    run: peers,
  },
];

/** Runs kernels by their rules until the time is over. */
async function byRules(kernels: readonly SuiteKernel[], { device, signal }: StageContext): Promise<Table> {
  let table = await ruleTable(kernels.slice(0, 1), device);
  for (const kernel of kernels.slice(1)) {
    if (signal.aborted) break;
    table = table.concat(await ruleTable([kernel], device));
  }
  return table;
}

async function search({ device, out, seconds, signal, stop }: StageContext): Promise<Table> {
  // Two searches of each, and a third of the time for references and winners.
  const budget = { seconds: seconds / (3 * OPERATORS.length) };
  const results: Comparison[] = [];
  // From the last, which is the least work: a slow device has at least one of them.
  for (const { name, func } of OPERATORS.toReversed()) {
    if (results.length > 0 && signal.aborted) break;
    results.push(await compare(func.with({ name }), device, { budget, rounds: 5, signal: stop }));
  }
  const notes = Object.fromEntries(OPERATORS.map(({ name, what }) => [name, what]));
  return (await share(results, `${out}/search`, { title: "Rule against search", notes })).summary;
}
