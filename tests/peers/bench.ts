/**
 * The same work by this module and by other libraries: in one process, on one adapter, with checked results.
 *
 *     deno task bench:peers [--only NAME…] [--seconds 30 | --no-tune] [--log DIR] [--rounds 5] [--out DIR]
 *
 * What is timed is computation: arguments and results stay on the device, a sample is as many runs in one go
 * as take 100 ms, with one wait at its end, and contestants take turns, a sample each. The clock is this
 * process's CPU time where the adapter is a CPU, and wall time otherwise. Each library's file says how it
 * keeps its queue full. `--log` keeps the searches, and goes on from what they found before.
 */
import { parseArgs } from "node:util";
import { tableToIPC } from "apache-arrow";
import { flopsOf, trafficOf } from "../../lib/ir/count.ts";
import { median } from "../../lib/measure/measurement.ts";
import type { Column } from "../../lib/records/schema.ts";
import { tableOf } from "../../lib/records/table.ts";
import { textOf } from "../../lib/report/tables.ts";
import { Device } from "../../lib/runtime/device.ts";
import { pick, programOf, unitOf, type Work } from "../bench/operators.ts";
import { clockOf, contest, type Row } from "./contest.ts";
import { openPeers, PEERS } from "./peers.ts";

const COLUMNS = {
  operator: "text",
  contestant: "text",
  version: "text",
  round: "int",
  runs: "int",
  ms: "float",
  wallMs: "float",
  cpuMs: "float",
  maxError: "float",
} as const satisfies Readonly<Record<keyof Row, Column>>;

/** The contestants of one operator, fastest first. */
interface Standing {
  readonly contestant: string;
  readonly ms: number;
  readonly maxError: number;
}

function standingsOf(rows: readonly Row[]): readonly Standing[] {
  return [...Map.groupBy(rows, (r) => r.contestant)].map(([contestant, own]) => ({
    contestant,
    ms: median(own.map((r) => r.ms)),
    maxError: own[0]?.maxError ?? NaN,
  })).toSorted((a, b) => a.ms - b.ms);
}

function fastest(standings: readonly Standing[], among: (name: string) => boolean): Standing | undefined {
  return standings.find((s) => among(s.contestant));
}

const isPeer = (name: string) => Object.hasOwn(PEERS, name);

/** One operator's table. */
function show(work: Work, standings: readonly Standing[]): string {
  const func = programOf(work), unit = unitOf(work);
  const amount = (unit === "GB/s" ? trafficOf(func) : flopsOf(func)) / 1e6;
  const peer = fastest(standings, isPeer)?.ms ?? NaN;
  const naive = fastest(standings, (name) => name === "Fallback")?.ms ?? NaN;
  const times = (x: number) => Number.isFinite(x) ? x.toPrecision(3) : "–";
  return textOf([
    ["contestant", "ms", unit, "× fastest peer", "× Fallback", "max error"],
    ...standings.map(({ contestant, ms, maxError }) => [
      contestant,
      ms.toPrecision(4),
      (amount / ms).toPrecision(3),
      times(peer / ms),
      times(naive / ms),
      maxError.toExponential(1),
    ]),
  ]);
}

/** Says where a peer is ahead of a contestant of this module's. */
function lost(operator: string, standings: readonly Standing[]): readonly string[] {
  const peer = fastest(standings, isPeer);
  return ["DLight", "tuned"].flatMap((name) => {
    const own = fastest(standings, (x) => x === name);
    return peer && own && peer.ms < own.ms
      ? [`${operator}: ${peer.contestant} is ${(own.ms / peer.ms).toFixed(2)} times as fast as ${name}`]
      : [];
  });
}

if (import.meta.main) {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    allowNegative: true,
    options: {
      only: { type: "string", multiple: true, default: [] },
      seconds: { type: "string", default: "30" },
      tune: { type: "boolean", default: true },
      log: { type: "string" },
      rounds: { type: "string", default: "5" },
      seed: { type: "string", default: "1" },
      out: { type: "string", default: "results" },
    },
  });
  const operators = pick([...values.only, ...positionals]);
  const { log, out } = values;
  for (const folder of [out, ...(log === undefined ? [] : [log])]) {
    await Deno.mkdir(folder, { recursive: true });
  }
  using device = await Device.open({ prefer: "webgpu" });
  const { name: adapter, runtime } = device.target;
  const peers = await openPeers(adapter, console.log);
  const versions = Object.fromEntries([...peers].map(([name, { version }]) => [name, version]));
  const clock = clockOf(device);
  console.log(`${adapter}, ${runtime}, ${clock} time`);
  console.log([...peers].map(([name, { version }]) => `${name} ${version}`).join(", ") || "no peers");

  const rows: Row[] = [];
  const behind: string[] = [];
  for (const [operator, work] of operators) {
    const path = log === undefined ? undefined : `${log}/${operator}.arrows`;
    const search = values.tune ? { seconds: Number(values.seconds), path } : undefined;
    const won = await contest(operator, work, device, {
      peers,
      rounds: Number(values.rounds),
      seed: Number(values.seed),
      search,
      say: console.log,
    });
    rows.push(...won);
    const standings = standingsOf(won);
    behind.push(...lost(operator, standings));
    console.log(`\n${operator}\n${show(work, standings)}`);
    const table = tableOf(rows, COLUMNS, { adapter, runtime, clock, peers: JSON.stringify(versions) });
    await Deno.writeFile(`${out}/peers.arrows`, tableToIPC(table, "stream"));
  }
  console.log(behind.length > 0 ? `\n${behind.join("\n")}` : "\nNo peer is ahead anywhere.");
  console.log(`${out}/peers.arrows holds every sample`);
  Deno.exit(0);
}
