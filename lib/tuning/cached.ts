/** Compiled programs and graphs as a cache keeps them. */
import { TunebookError } from "../base/error.ts";
import { compile } from "../codegen/compile.ts";
import { type Executable, isGiven, isMade } from "../codegen/executable.ts";
import { readExecutable } from "../codegen/read_executable.ts";
import { fallback, wideFallback } from "../dlight/fallback/fallback.ts";
import type { Rule } from "../dlight/rule.ts";
import { rules } from "../dlight/schedule.ts";
import type { PrimFunc } from "../ir/func.ts";
import { funcFromJson, funcToJson } from "../ir/func_json.ts";
import { readList, readNumber, readOneOf, readRecord, readText } from "../ir/json_fields.ts";
import { inputsOf, outputsOf } from "../ir/parameters.ts";
import type { Graph } from "../relax/graph.ts";
import { graphFromJson, graphToJson } from "../relax/graph_json.ts";
import { Trace } from "../schedule/trace.ts";
import type { Target } from "../target/target.ts";
import type { BuiltFunction, UnfusedCall } from "./built_graph.ts";
import { byRule, type Chosen } from "./by_rule.ts";
import type { Known } from "./choose_schedule.ts";
import type { CompileCache } from "./compile_cache.ts";
import { type CompileGraphOptions, type ScheduledGraph, scheduleGraph } from "./compile_graph.ts";
import type { StageClock } from "./stage_clock.ts";
import { storageOf } from "../ir/stored.ts";

/** Rules whose names say what they do: a user's own may be anything. */
const KNOWN: ReadonlySet<Rule> = new Set([...rules, fallback, wideFallback]);
const HOWS = ["given", "rule", "record", "search"] as const;

/** What is asked for: nothing else tells one schedule by rules from another. */
function keyOf(target: Target, among: readonly Rule[]): unknown {
  // Measured rates steer no rule.
  const { peaks: _, ...device } = target;
  return { target: device, rules: among.map((r) => r.name) };
}

/** Schedules by the rules and compiles, or gives what that gave earlier. */
export function cachedByRule(
  cache: CompileCache | undefined,
  func: PrimFunc,
  target: Target,
  among: readonly Rule[],
  clock: StageClock,
): Chosen {
  const make = () => byRule(func, target, among, clock);
  if (!cache || !among.every((r) => KNOWN.has(r))) return make();
  return cache.remember(() => ["program", keyOf(target, among), funcToJson(func)], {
    make,
    write: ({ how: _, found: __, ...chosen }) => chosen,
    read: (json): Chosen => {
      const { rule, because, trace, executable } = readRecord(json);
      return {
        how: "rule",
        rule: readSentence(rule),
        because: readSentence(because),
        trace: Trace.fromJSON(trace),
        executable: readFor(func, target, executable),
      };
    },
  });
}

/** Compiles a scheduled program, or gives what that gave earlier. */
export function cachedCompile(
  cache: CompileCache | undefined,
  func: PrimFunc,
  target: Target,
): Executable {
  const make = () => compile(func, target);
  if (!cache) return make();
  return cache.remember(() => ["scheduled", keyOf(target, []), funcToJson(func)], {
    make,
    write: (executable) => executable,
    read: (json) => readFor(func, target, json),
  });
}

/** How schedules that a database may know are compiled. */
export function compilersOf(cache: CompileCache | undefined): Pick<Known, "ruled" | "compiled"> {
  return {
    ruled: (func, target, among, clock) => cachedByRule(cache, func, target, among, clock),
    compiled: (func, target) => cachedCompile(cache, func, target),
  };
}

/** Runs the passes, and schedules and compiles each function by the rules; or gives what that gave earlier. */
export function cachedGraph(
  cache: CompileCache | undefined,
  graph: Graph,
  target: Target,
  among: readonly Rule[],
  passes: Pick<CompileGraphOptions, "precision"> = {},
): ScheduledGraph {
  const make = () => scheduleGraph(graph, target, { ...passes, among });
  if (!cache) return make();
  return cache.remember(() => ["graph", keyOf(target, among), passes, graphToJson(graph)], {
    make,
    write: ({ graph: g, functions, unfused }) => {
      const distinct = [...new Set(functions)];
      return {
        graph: graphToJson(g),
        functions: distinct.map((f) => ({ ...f, func: funcToJson(f.func) })),
        calls: functions.map((f) => distinct.indexOf(f)),
        unfused,
      };
    },
    read: (json) => readScheduled(json, target),
  });
}

function readScheduled(json: unknown, target: Target): ScheduledGraph {
  const fields = readRecord(json), graph = graphFromJson(fields.graph);
  const distinct = readList(fields.functions).map((f) => readFunction(f, target));
  const functions = readList(fields.calls).map((k) => {
    const found = distinct[readNumber(k)];
    if (!found) throw new TunebookError(`expected one of ${distinct.length} functions, got ${k}`);
    return found;
  });
  if (functions.length !== graph.bindings.length) {
    throw new TunebookError(
      `expected a function of each of ${graph.bindings.length} calls, got ${functions.length}`,
    );
  }
  graph.bindings.forEach(({ call, results }, k) => {
    const { func } = functions[k] as BuiltFunction;
    const dtypes = [...inputsOf(func), ...outputsOf(func)].map(storageOf);
    const types = [...call.args, ...results].map((v) => storageOf(v.type));
    if (call.kind !== "tir" || `${dtypes}` !== `${types}`) {
      throw new TunebookError(`expected call ${k} to be of ${func.name}, got another one`);
    }
  });
  return { graph, functions, unfused: readList(fields.unfused).map(readUnfused) };
}

function readUnfused(json: unknown): UnfusedCall {
  const { name, label, shape, inputs, group, output } = readRecord(json);
  return {
    name: readText(name),
    label: readText(label),
    shape: readSentence(shape),
    inputs: readList(inputs).map(readText),
    group: readText(group),
    output: readSentence(output),
  };
}

function readFunction(json: unknown, target: Target): BuiltFunction {
  const { func, rule, how, because, executable } = readRecord(json);
  const known = funcFromJson(func);
  return {
    func: known,
    rule: readSentence(rule),
    how: readOneOf(how, HOWS),
    because: readSentence(because),
    executable: readFor(known, target, executable),
  };
}

/** @throws {TunebookError} where an executable is not one of this program for this target */
function readFor(func: PrimFunc, target: Target, json: unknown): Executable {
  const executable = readExecutable(json);
  const params = executable.buffers.filter((b) => isGiven(b) || isMade(b));
  const alike = params.length === func.params.length &&
    func.params.every((b, k) => b.name === params[k]?.name && storageOf(b) === params[k]?.dtype);
  if (alike && executable.language === target.language) return executable;
  throw new TunebookError(`expected kernels of ${func.name} in ${target.language}, got others`);
}

function readSentence(x: unknown): string {
  if (typeof x !== "string") throw new TunebookError("expected a sentence, got something else");
  return x;
}
