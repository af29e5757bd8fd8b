/**
 * What a search from the rule's point gains over it, on this device:
 *
 *     deno task bench:search [--seconds 60] [--only NAME…] [--backend cpu] [--seed 0] [--profile generic-webgpu]
 *         [--out FILE.arrows]
 *
 * matmul_64 and softmax_256 are so small that they show how fast a search goes: on the CPU, 10 trials a second are wanted.
 * With another profile the presets are those of another kind of device, as everybody has them whose device has none.
 * Gains are confirmed: the best and the preset in turn, with the interval of their ratio.
 */
import { argumentsOf, type CliOption, type Command, runCommand } from "../../lib/cli/arguments.ts";
import { name, number } from "../../lib/base/option_kinds.ts";
import { BACKEND, deviceFrom, SEED } from "../../lib/cli/common_options.ts";
import { fileOf, ONLY_NAMES } from "./options.ts";
import { tableToIPC } from "apache-arrow";
import { tune } from "../../lib/tuning/tune.ts";
import type { Column } from "../../lib/records/schema.ts";
import { tableOf } from "../../lib/records/table.ts";
import { Device } from "../../lib/runtime/device.ts";
import type { Profile } from "../../lib/target/target.ts";
import { OPERATORS, pick, programOf, type Work } from "./operators.ts";

export const SEARCH_COLUMNS = {
  operator: "text",
  rule: "text",
  trials: "int",
  failed: "int",
  seconds: "float",
  measuringShare: "float",
  presetMs: "float",
  bestMs: "float",
  speedup: "float",
  low: "float",
  high: "float",
  config: "text",
} as const satisfies Readonly<Record<string, Column>>;

/** The operators of all benchmarks, and two for which a search itself takes longer than their runs. */
const SEARCHED: Readonly<Record<string, Work>> = {
  ...OPERATORS,
  matmul_64: { kind: "matmul", m: 64, n: 64, k: 64 },
  softmax_256: { kind: "softmax", rows: 64, columns: 256 },
};

const COMMAND = {
  name: "deno task bench:search",
  summary: "Measures what searches gain over the presets, on this device.",
  options: {
    seconds: {
      as: "number",
      kind: number({ above: 0 }),
      value: "60",
      help: "Seconds of a search. Default 60.",
    },
    only: ONLY_NAMES,
    backend: BACKEND,
    seed: SEED,
    profile: { as: "text", kind: name, value: "PROFILE", help: "Whose presets. Default: this device's." },
    out: fileOf("The rows as Arrow"),
  },
} as const satisfies Command<Readonly<Record<string, CliOption>>>;

async function benchSearch(args: readonly string[]): Promise<void> {
  const { seconds = 60, only = [], backend, seed = 0, profile, out } = argumentsOf(COMMAND, args).values;
  using device = await Device.open({
    ...deviceFrom(backend),
    ...(profile ? { profile: profile as Profile } : {}),
  });
  console.log(`${device.target.name}, presets of ${device.target.profile}, ${seconds} s each`);
  const rows = [];
  for (const [name, work] of pick(only, SEARCHED)) {
    const func = programOf(work).with({ name });
    const { records, confirmed, best, speedup, measuringShare } = await tune(func, device, {
      budget: { seconds },
      seed,
    });
    const ms = (config: string) => confirmed.find((c) => c.record.config === config)?.ms ?? NaN;
    const row = {
      operator: name,
      rule: best.rule,
      trials: records.length,
      failed: records.filter((r) => r.status !== "ok").length,
      seconds: Math.max(...records.map((r) => r.secondsSinceStart)),
      measuringShare,
      presetMs: ms(records[0]?.config ?? ""),
      bestMs: ms(best.config),
      speedup: speedup?.ratio ?? NaN,
      low: speedup?.low ?? NaN,
      high: speedup?.high ?? NaN,
      config: best.config,
    };
    rows.push(row);
    console.log(
      `${name.padEnd(18)}${`${row.trials}`.padStart(4)} trials, ${
        (row.trials / row.seconds).toFixed(1)
      } a second ${row.presetMs.toFixed(3).padStart(9)} ms → ` +
        `${row.bestMs.toFixed(3).padStart(9)} ms  ${row.speedup.toFixed(2)} × [${row.low.toFixed(2)}, ` +
        `${row.high.toFixed(2)}]  measuring ${(100 * measuringShare).toFixed(0)}%`,
    );
    if (out) await Deno.writeFile(out, tableToIPC(tableOf(rows, SEARCH_COLUMNS), "stream"));
  }
  const mean = Math.exp(rows.reduce((sum, r) => sum + Math.log(r.speedup), 0) / rows.length);
  console.log(`geometric mean ${mean.toFixed(2)} ×`);
}

if (import.meta.main) await runCommand(COMMAND, benchSearch);
