/**
 * The same work by this module and by other libraries: in one process, on one adapter or the CPU, with checked results.
 *
 *     deno task bench:peers [--backend webgpu|cpu] [--only NAME…] [--seconds 30 | --no-tune] [--log DIR] [--rounds 5] [--out DIR]
 *
 * What is timed is computation: arguments and results stay on the device, a sample is as many runs in one go
 * as take 100 ms, with one wait at its end, and contestants take turns, a sample each. The clock is this
 * process's CPU time where the adapter is a CPU, and wall time otherwise. Each library's file says how it
 * keeps its queue full, and in which layout it has its arguments: the one that it likes best. `--log` keeps the
 * searches, and goes on from what they found before.
 *
 * On the CPU all have one thread, JavaScript is this module's other language there, and native ONNX Runtime is a mark beside
 * the peers, as it has vectors that WebAssembly hasn't.
 *
 * What the device can do at most is measured first: it gives each operator its roofline, and each contestant its share
 * of that. Writes every sample to DIR/peers.arrows, and the chart as DIR/peers.png and DIR/peers.json.
 */
import { argumentsOf, type CliOption, type Command, runCommand } from "../../lib/cli/arguments.ts";
import { flag, name, number } from "../../lib/base/option_kinds.ts";
import { BACKEND, OUT, SEED } from "../../lib/cli/common_options.ts";
import { numberOf, ONLY_NAMES } from "../bench/options.ts";
import { tableToIPC } from "apache-arrow";
import { tableOf } from "../../lib/records/table.ts";
import { Chart } from "../../lib/charts/chart.ts";
import { contestsComparedSpec } from "../../lib/charts/contests_compared.ts";
import { geometricMean, type Leaderboard, leaderboards, timesPeer } from "../../lib/charts/leaderboard.ts";
import { textOf } from "../../lib/notebook/tables.ts";
import { Device } from "../../lib/runtime/device.ts";
import { pick } from "../bench/operators.ts";
import { clockOf, COLUMNS, contest, type Row } from "./contest.ts";
import { CPU } from "./peer.ts";
import { openPeers, PEERS } from "./peers.ts";

const [OWN, BEST] = [["DLight generic", "JavaScript", "DLight", "tuned"], ["DLight", "tuned"]];

/** One operator's table. */
function show(board: Leaderboard, rows: readonly Row[]): string {
  const { bound, leastMs, places, peer } = board;
  const [first] = rows as [Row, ...Row[]];
  const naive = places.find((p) => p.method === "Fallback")?.ms ?? NaN;
  const [unit, amount] = bound === "memory" ? ["GB/s", first.bytes] : ["GFLOP/s", first.flops];
  const cells = textOf([
    ["contestant", "ms", unit, "of roofline", "× fastest peer", "× Fallback", "max error"],
    ...places.map(({ method, ms, shareOfRoofline }) => [
      method,
      ms.toPrecision(4),
      (amount / ms / 1e6).toPrecision(3),
      percent(shareOfRoofline),
      times((peer?.ms ?? NaN) / ms),
      times(naive / ms),
      (rows.find((r) => r.contestant === method)?.maxError ?? NaN).toExponential(1),
    ]),
  ]);
  return `${board.operator}: ${(first.flops / 1e6).toPrecision(3)} MFLOP, ` +
    `${(first.bytes / 1e6).toPrecision(3)} MB; bound by ${bound}: at least ${
      leastMs.toPrecision(3)
    } ms\n${cells}`;
}

function times(x: number): string {
  return Number.isFinite(x) ? x.toPrecision(3) : "–";
}

function percent(x: number): string {
  return Number.isFinite(x) ? `${(100 * x).toFixed(x < 0.1 ? 1 : 0)}%` : "–";
}

/** All operators: who is ahead of whom, and the means. */
function summary(all: readonly Leaderboard[]): string {
  const share = (s: Leaderboard) => timesPeer(s, "DLight") / timesPeer(s, "tuned");
  const attained = (s: Leaderboard) => s.places.find((p) => p.method === "DLight")?.shareOfRoofline ?? NaN;
  const ahead = (s: Leaderboard) => BEST.filter((name) => timesPeer(s, name) < 1).join(", ") || "–";
  const mean = (of: (s: Leaderboard) => number) => times(geometricMean(all.map(of)));
  return textOf([
    [
      "operator",
      "bound",
      "fastest peer",
      ...OWN.map((n) => `${n} ×`),
      "DLight / tuned",
      "DLight of roofline",
      "a peer is ahead of",
    ],
    ...all.map((s) => [
      s.operator,
      s.bound,
      s.peer?.method ?? "–",
      ...OWN.map((n) => times(timesPeer(s, n))),
      times(share(s)),
      percent(attained(s)),
      ahead(s),
    ]),
    [
      "geometric mean",
      "",
      "",
      ...OWN.map((n) => mean((s) => timesPeer(s, n))),
      mean(share),
      percent(geometricMean(all.map(attained))),
      `${all.filter((s) => ahead(s) !== "–").length} of ${all.length}`,
    ],
  ]);
}

const COMMAND = {
  name: "deno task bench:peers",
  summary: "Compares with other libraries in the same process.",
  positionals: ["[NAME]…"],
  options: {
    backend: BACKEND,
    only: ONLY_NAMES,
    seconds: {
      as: "number",
      kind: number({ above: 0 }),
      value: "30",
      help: "Seconds of a search. Default 30.",
    },
    "no-tune": { as: "flag", kind: flag, help: "Searches nothing: rules alone." },
    log: { as: "text", kind: name, value: "FOLDER", help: "Where trials are recorded. Default: nowhere." },
    rounds: numberOf("Rounds", 5),
    seed: SEED,
    out: OUT,
  },
} as const satisfies Command<Readonly<Record<string, CliOption>>>;

async function benchPeers(args: readonly string[]): Promise<void> {
  const { values, positionals } = argumentsOf(COMMAND, args);
  const { only = [], seconds = 30, log, rounds = 5, seed = 1, out = "results" } = values;
  const operators = pick([...only, ...positionals]);
  for (const folder of [out, ...(log === undefined ? [] : [log])]) {
    await Deno.mkdir(folder, { recursive: true });
  }
  const backend = values.backend === "cpu" ? "cpu" : "webgpu";
  using device = await Device.open({ backend });
  using javascript = backend === "cpu" ? await Device.open({ backend, language: "js" }) : undefined;
  const { name: adapter, runtime } = device.target;
  const peers = await openPeers(backend === "cpu" ? CPU : adapter, console.log, PEERS[backend]);
  const versions = Object.fromEntries([...peers].map(([name, { version }]) => [name, version]));
  const clock = clockOf(device);
  console.log(`${adapter}, ${runtime}, ${clock} time`);
  const peaks = await device.probe();
  const { gflops, bufferGbps, textureGbps, copyGbps, launchMs } = peaks;
  console.log(
    `at most ${gflops.toPrecision(3)} GFLOP/s, ${bufferGbps.toPrecision(3)} GB/s from buffers, ` +
      `${textureGbps.toPrecision(3)} from textures, ${copyGbps.toPrecision(3)} copying; ` +
      `a launch takes ${launchMs.toPrecision(2)} ms`,
  );
  console.log([...peers].map(([name, { version }]) => `${name} ${version}`).join(", ") || "no peers");

  const rows: Row[] = [];
  const table = () =>
    tableOf(rows, COLUMNS, {
      adapter,
      runtime,
      clock,
      peaks: JSON.stringify(peaks),
      peers: JSON.stringify(versions),
    });
  for (const [operator, work] of operators) {
    const path = log === undefined ? undefined : `${log}/${operator}.arrows`;
    const search = values["no-tune"] ? undefined : { seconds, path };
    const won = await contest(operator, work, device, {
      peers,
      rounds,
      seed,
      search,
      ...(javascript ? { javascript } : {}),
      say: console.log,
    });
    rows.push(...won);
    const [board] = leaderboards(tableOf(won, COLUMNS));
    if (board) console.log(`\n${show(board, won)}`);
    await Deno.writeFile(`${out}/peers.arrows`, tableToIPC(table(), "stream"));
  }
  const all = leaderboards(table());
  console.log(`\n${summary(all)}\n\n${out}/peers.arrows holds every sample`);
  if (all.some((s) => s.peer)) {
    const chart = new Chart(contestsComparedSpec(table(), {
      title: "Speed against the fastest of " + [...peers.keys()].join(", "),
      subtitle: `${adapter}, ${runtime}, ${clock} time`,
    }));
    for (const ending of ["png", "json"]) await chart.save(`${out}/peers.${ending}`);
    console.log(`${out}/peers.png is the chart, and peers.json its Vega-Lite specification`);
  }
}

if (import.meta.main) await runCommand(COMMAND, benchPeers);
