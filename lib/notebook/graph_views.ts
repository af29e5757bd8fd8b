/** Shows graphs, built graphs, and what was measured of them. */
import { storageBytes, storageOf } from "../ir/stored.ts";
import { digits } from "../charts/spec.ts";
import type { Chart } from "../charts/chart.ts";
import { memoryOverTime } from "../charts/memory_over_time.ts";
import type { FunctionRow } from "../records/graph_functions.ts";
import type { LevelRow } from "../records/graph_levels.ts";
import type { Graph } from "../relax/graph.ts";
import { shortType } from "../relax/print_graph.ts";
import type { TensorType, Value } from "../relax/value.ts";
import type { BuiltFunction } from "../tuning/built_graph.ts";
import type { GraphComparison } from "../tuning/graph_comparison.ts";
import type { GraphProfile } from "../tuning/graph_profile.ts";
import type { TokenComparison } from "../tuning/token_comparison.ts";
import type { GraphProgram } from "../tuning/graph_program.ts";
import { counted } from "./lines.ts";
import { Source } from "./source.ts";
import { sheet } from "./tables.ts";
import type { View } from "./view.ts";
import { Words } from "./words.ts";

/** A graph with more weights is shown as a table: its first line of text would name them all. */
const MOST_WEIGHTS = 8;

/** Shows a graph: its text in colour, or its calls as a table where it has many weights. */
export function graphParts(g: Graph): readonly View[] {
  if (g.weights.length <= MOST_WEIGHTS) return [new Source(String(g), "tvmscript")];
  const bytes = g.weights.reduce((n, v) => n + sizeOf(v.type), 0);
  const weights = Number.isFinite(bytes) ? ` of ${sizeText(bytes)}` : "";
  return [
    new Words([
      `${g.name}: ${g.inputs.map(typed).join(", ")} → ${
        Object.entries(g.outputs).map(([n, v]) => typed(v, n)).join(", ")
      }; ` +
      `${counted(g.bindings.length, "call")}, ${counted(g.weights.length, "weight")}${weights}.`,
    ]),
    sheet(g.bindings.map(({ call, results }) => ({
      "result": results.map((v) => v.name).join(", "),
      "call": call.kind === "op" ? call.op : call.func.name,
      "of": call.args.map((v) => v.name).join(", "),
      "type": results.map((v) => shortType(v.type)).join(", "),
    }))),
  ];
}

/** Shows a built graph: what a run does, one row a function, and the memory between. */
export function graphProgramParts(model: GraphProgram): readonly (View | Chart)[] {
  const { graph, functions, memory } = model.built;
  const calls = Map.groupBy(functions, (f) => f);
  const sharing = memory.live > 0 ? `, ${digits(memory.bytes / memory.live)} × what lives at one time` : "";
  const textures = memory.textures.length > 0 ? ` and ${counted(memory.textures.length, "texture")}` : "";
  return [
    new Words([
      `${graph.name} at level ${model.level}: a run launches ${counted(model.launches, "kernel")} of ` +
      `${counted(calls.size, "function")} in ${counted(functions.length, "call")}. ${
        sizeText(memory.bytes)
      } lie between ` +
      `the calls, in ${
        memory.behind ? "an arena" : counted(memory.storages.length, "storage")
      }${textures}${sharing}.`,
    ]),
    memoryOverTime(model.memoryTable(), { title: `Memory of ${graph.name} over time` }),
    sheet([...calls].map(([f, { length }]) => functionRow(f, length))),
  ];
}

function functionRow({ func, rule, how, executable, because }: BuiltFunction, calls: number) {
  return {
    "function": func.name,
    "rule": how === "record" ? `${rule}, a record` : rule,
    calls,
    "kernels": executable.launches.filter((l) => !l.prepares).length,
    "because": because,
  };
}

/** Shows where the time of a graph goes: in a sentence, as a chart, and one row a function. */
export function profileParts({ name, ms, sumMs, rows, chart }: GraphProfile): readonly (View | Chart)[] {
  return [
    new Words([
      `One run of ${name} takes ${digits(ms)} ms. Its functions, each alone, add up to ${digits(sumMs)} ms.`,
    ]),
    chart,
    sheet(functionsOf(rows)),
  ];
}

/** Shows a comparison of a graph's levels: what each is worth, the charts, and one row a level and a function. */
export function graphComparisonParts(
  { rows, functionRows, charts }: GraphComparison,
): readonly (View | Chart)[] {
  const last = functionRows.at(-1)?.level;
  return [
    new Words(verdictsOf(rows)),
    charts.levels,
    sheet(rows.map((r) => ({
      "level": r.level,
      "kernels": r.launches,
      "ms": r.medianMs,
      "95% interval": Number.isFinite(r.lowMs) ? `${digits(r.lowMs)}–${digits(r.highMs)}` : "–",
      "× the first": r.speedup,
      "memory": sizeText(r.bytes),
      "tuned": r.tuned,
      "build s": r.buildSeconds,
      "search s": r.searchSeconds,
      "results": r.status === "ok" ? "right" : r.message,
    }))),
    ...(last === undefined
      ? []
      : [charts.whereTimeGoes, sheet(functionsOf(functionRows.filter((r) => r.level === last)))]),
  ];
}

/** Shows a comparison of a language model's levels: tokens per second, what made the difference, and the rest. */
export function tokenComparisonParts(c: TokenComparison): readonly (View | Chart)[] {
  const said = c.rateRows.map((r) =>
    Number.isFinite(r.tokensPerSecond)
      ? `Level ${r.level}: ${digits(r.tokensPerSecond)} tokens a second (${digits(r.low)}–${digits(r.high)}).`
      : `Level ${r.level} has no time.`
  );
  const gains = c.gainRows.filter((g) => g.savedMs !== 0).map((g) => ({
    "function": g.kernel,
    "ms a token before": g.beforeMs,
    "after": g.afterMs,
    "saved": g.savedMs,
  }));
  return [
    new Words(said),
    c.charts.tokenRates,
    ...graphComparisonParts(c),
    ...(gains.length > 0 ? [sheet(gains)] : []),
  ];
}

function functionsOf(rows: readonly FunctionRow[]) {
  return rows.map((r) => ({
    "function": r.kernel,
    "rule": r.how === "record" ? `${r.kind}, a record` : r.kind,
    "calls": r.count,
    "kernels": r.launches,
    "ms a call": r.ms,
    "share": Number.isFinite(r.share) ? `${(100 * r.share).toFixed(1)}%` : "–",
  }));
}

/** Says of each level after the first whether it is faster than the first, beyond noise. */
function verdictsOf(rows: readonly LevelRow[]): readonly string[] {
  const [first, ...others] = rows;
  return others.map((r) => {
    const what = `Level ${r.level}`;
    if (r.status !== "ok") return `${what} gives wrong results: ${r.message}.`;
    if (!(r.speedup > 0)) return `${what} has no time to compare.`;
    const range = `(${digits(r.lowSpeedup)}–${digits(r.highSpeedup)})`;
    if (r.lowSpeedup > 1) {
      return `${what} is ${digits(r.speedup)} times as fast as level ${first?.level} ${range}.`;
    }
    if (r.highSpeedup < 1) {
      return `${what} is slower than level ${first?.level}: ${digits(r.speedup)} times ${range}.`;
    }
    return `${what} and level ${first?.level} can't be told apart: ${digits(r.speedup)} times ${range}.`;
  });
}

function typed(v: Value, name: string | number = v.name): string {
  return `${typeof name === "string" ? name : v.name}: ${shortType(v.type)}`;
}

/** Bytes; NaN where the shape is symbolic. */
function sizeOf(type: TensorType): number {
  return type.shape.reduce((n, d) => n * (d.kind === "const" ? d.value : NaN), storageBytes(storageOf(type)));
}

function sizeText(bytes: number): string {
  return bytes >= 2 ** 20 ? `${digits(bytes / 2 ** 20)} MiB` : `${digits(bytes / 2 ** 10)} KiB`;
}
