/** From a graph to one executable: passes, a schedule for each function, a memory plan. */
import type { Executable } from "../codegen/executable.ts";
import { linkExecutables, tempsOf } from "../codegen/link_executables.ts";
import type { LinkedCall, LinkedValue } from "../codegen/linked_call.ts";
import { TunebookError } from "../base/error.ts";
import type { Rule } from "../dlight/rule.ts";
import { preferredLayout } from "../dlight/preferred_layout.ts";
import { rules } from "../dlight/schedule.ts";
import type { PrimFunc } from "../ir/func.ts";
import { evaluate, exprToJson } from "../ir/json.ts";
import { inputsOf } from "../ir/parameters.ts";
import type { Shapes } from "../ir/shapes.ts";
import type { Graph } from "../relax/graph.ts";
import { type MemoryPlan, planMemory } from "../relax/plan_memory.ts";
import { firstValues, updatedInputs, updatesOf } from "../relax/updates.ts";
import { runGraphPasses } from "../relax/passes/pipeline.ts";
import type { Binding, TirCall, Value } from "../relax/value.ts";
import type { Target } from "../target/target.ts";
import type { BuiltFunction, BuiltGraph } from "./built_graph.ts";
import { byRule, type Chosen } from "./by_rule.ts";
import { type CopiedArgument, copiedArguments, inSeveralKinds } from "./copied_arguments.ts";
import { fusionBy } from "./fusion_by.ts";
import { unfusedCalls } from "./graph_tables.ts";
import { StageClock } from "./stage_clock.ts";
import { storageOf } from "../ir/stored.ts";

/** What {@linkcode compileGraph} takes. */
export interface CompileGraphOptions {
  /** The most that each shape variable may be. */
  readonly bounds?: Shapes;
  /** The most bytes of intermediate values. Default: no limit. */
  readonly memory?: number;
  /** `f16`: products and convolutions take and give f16, and sum in f32. Default: as written. */
  readonly precision?: "f16";
  /** The rules that fusion asks. One rule alone fuses nothing. Default: all. */
  readonly among?: readonly Rule[];
  /** Chooses the schedule of a function. Default: by the rules. */
  readonly choose?: (func: PrimFunc) => ChosenSchedule;
}

/** The schedule of a function. */
export type ChosenSchedule = Pick<Chosen, "rule" | "because" | "how" | "executable">;

/** A graph after the passes, and the function of each call, scheduled and compiled. */
export type ScheduledGraph = Pick<BuiltGraph, "graph" | "functions" | "unfused">;

/** Compiles a graph for a target, without a device. */
export function compileGraph(graph: Graph, target: Target, options: CompileGraphOptions = {}): BuiltGraph {
  return assembleGraph(scheduleGraph(graph, target, options), target, options);
}

/**
 * Runs the passes, and schedules and compiles each function.
 *
 * @throws {TunebookError} for precision f16 on a device that doesn't compute in it
 */
export function scheduleGraph(
  graph: Graph,
  target: Target,
  options: Omit<CompileGraphOptions, "bounds" | "memory"> = {},
): ScheduledGraph {
  const { precision, among = rules } = options;
  if (precision === "f16" && !target.f16) {
    throw new TunebookError(
      `expected a device that computes in f16 for precision f16 of ${graph.name}, got ${target.name}; leave precision out`,
    );
  }
  const { choose = (func: PrimFunc) => byRule(func, target, among, new StageClock()) } = options;
  let last = graph, before = graph;
  const layout = preferredLayout(target);
  const g = runGraphPasses(graph, {
    maxBuffers: target.limits.maxStorageBuffers,
    maxBufferBytes: target.limits.maxBindingBytes,
    ...(layout ? { layout } : {}),
    ...(precision ? { precision } : {}),
    accepts: fusionBy(among, target),
  }, (pass, after) => {
    if (pass === "fuseOps") before = last;
    last = after;
  });
  const built = remembered((func: PrimFunc): BuiltFunction => ({ func, ...choose(func) }));
  const calls = withSharedWeights(g.bindings, built);
  return { graph: g, functions: calls.map(built), unfused: unfusedCalls(before, g) };
}

/**
 * Plans memory, and links the functions into one program.
 *
 * @throws {RelaxError} for a bound that is missing, and for more memory than allowed
 */
export function assembleGraph(
  { graph: g, functions, unfused }: ScheduledGraph,
  target: Target,
  { bounds = {}, memory }: Pick<CompileGraphOptions, "bounds" | "memory">,
): BuiltGraph {
  const copied = copiedArguments(g.bindings, functions, bounds);
  const functionOf = new Map(g.bindings.map((b, k) => [b, functions[k] as BuiltFunction]));
  const plan = planMemory(g, {
    bounds,
    workspaceOf: (b) =>
      tempsOf((functionOf.get(b) as BuiltFunction).executable).map((t) => evaluate(t.bytes, bounds)),
    copiesOf: (b) => copied.get(b) ?? [],
    ...(memory === undefined ? {} : { budget: memory }),
    largest: target.limits.maxBindingBytes,
  });
  return {
    graph: g,
    functions,
    unfused,
    memory: plan,
    executable: link(g, functions, plan, copied, target, bounds),
  };
}

/**
 * Gives each call's function such that calls which share a weight can do so: where they want it in several kinds of memory, it
 * lies in a buffer, as activations do.
 */
function withSharedWeights(
  bindings: readonly Binding[],
  built: (func: PrimFunc) => BuiltFunction,
): readonly PrimFunc[] {
  const calls = bindings.map((b) => b.call as TirCall);
  const inSeveral = inSeveralKinds(bindings, calls.map((c) => built(c.func)));
  // Calls of one function stay calls of one function.
  const versions = new Map<PrimFunc, Map<string, PrimFunc>>();
  return calls.map(({ func, args }) => {
    const odd = inputsOf(func).filter((_, k) => inSeveral.has(args[k] as Value)).map((b) => b.name);
    if (odd.length === 0) return func;
    const known = versions.get(func) ?? new Map<string, PrimFunc>(), key = odd.join(" ");
    const changed = known.get(key) ?? func.with({ activations: [...new Set([...func.activations, ...odd])] });
    versions.set(func, known.set(key, changed));
    return changed;
  });
}

function link(
  g: Graph,
  functions: readonly BuiltFunction[],
  plan: MemoryPlan,
  copied: ReadonlyMap<Binding, readonly CopiedArgument[]>,
  target: Target,
  bounds: Shapes,
): Executable {
  const outputs = new Map(Object.entries(g.outputs).map(([name, v]) => [v, name]));
  const values = new Map<Value, LinkedValue>();
  const first = firstValues(g), updated = updatedInputs(g);
  const valueOf = (after: Value): LinkedValue => {
    const v = first.get(after) ?? after, known = values.get(v);
    if (known) return known;
    const common = { dtype: storageOf(v.type), shape: v.type.shape.map(exprToJson) };
    const storage = plan.placement.get(v), output = outputs.get(v);
    const value: LinkedValue = v.origin.kind !== "result"
      ? {
        name: v.name,
        ...common,
        role: updated.has(v) ? "inPlace" : "input",
      }
      : output !== undefined
      ? { name: output, ...common, role: "output" }
      : { name: v.name, ...common, role: "temp", storage: storage as number };
    values.set(v, value);
    return value;
  };
  const calls = g.bindings.map((b, k): LinkedCall => {
    const inPlace = new Set(updatesOf(b).map((u) => u.after));
    const textures: number[] = [];
    copied.get(b)?.forEach(({ argument }, n) => textures[argument] = plan.copies.get(b)?.[n] as number);
    return {
      executable: (functions[k] as BuiltFunction).executable,
      args: b.call.args.map(valueOf),
      results: b.results.filter((v) => !inPlace.has(v)).map(valueOf),
      workspace: plan.workspaces.get(b) ?? [],
      textures,
    };
  });
  const given = [...g.inputs, ...g.weights, ...g.constants], made = Object.values(g.outputs);
  return linkExecutables({
    name: g.name,
    language: target.language,
    shapeVars: g.shapeVars.map((v) => v.name),
    params: [...given, ...made].map(valueOf),
    calls,
    ...(plan.behind ? { behind: plan.behind } : {}),
    requires: Object.entries(bounds).map(([name, atMost]) => ({
      value: name,
      atMost,
      because: `memory is planned for bounds { ${name}: ${atMost} }`,
    })),
  });
}

function remembered<K extends object, V>(f: (key: K) => V): (key: K) => V {
  const known = new Map<K, V>();
  return (key) => {
    const value = known.get(key) ?? f(key);
    known.set(key, value);
    return value;
  };
}
