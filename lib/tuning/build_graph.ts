/** From a graph to a program on a device: passes, a schedule for each function, a memory plan, one executable. */
import { checkArgument, checkOptions, type Fields, type Kind } from "../base/check_options.ts";
import { oneOf, passing, recordOf } from "../base/option_kinds.ts";
import { TunebookError } from "../base/error.ts";
import { compile } from "../codegen/compile.ts";
import type { BufferSpec, Executable } from "../codegen/executable.ts";
import {
  type LinkedCall,
  type LinkedValue,
  linkExecutables,
  memoryOf,
  tempsOf,
} from "../codegen/link_executables.ts";
import { fallback, wideFallback } from "../dlight/fallback/fallback.ts";
import type { Rule } from "../dlight/rule.ts";
import { match, rules, scheduleThen } from "../dlight/schedule.ts";
import type { PrimFunc } from "../ir/func.ts";
import { evaluate, exprToJson } from "../ir/json.ts";
import { shapesKind } from "../ir/kinds.ts";
import { inputsOf } from "../ir/parameters.ts";
import type { Shapes } from "../ir/shapes.ts";
import type { Graph } from "../relax/graph.ts";
import { collapseAxes } from "../relax/collapse_axes.ts";
import { patternOf } from "../relax/pattern_of.ts";
import { PATTERN_KINDS } from "../relax/pattern_kind.ts";
import { type MemoryPlan, planMemory } from "../relax/plan_memory.ts";
import { runGraphPasses } from "../relax/passes/pipeline.ts";
import type { Binding, TirCall, Value } from "../relax/value.ts";
import type { Inputs } from "../runtime/arguments.ts";
import type { TypedArray } from "../runtime/arrays.ts";
import type { Device } from "../runtime/device.ts";
import type { Target } from "../target/target.ts";
import * as kinds from "./option_fields.ts";
import type { BuiltFunction, BuiltGraph } from "./built_graph.ts";
import { GraphProgram } from "./graph_program.ts";

/** What `build` takes for a graph. */
export interface GraphBuildOptions {
  /** The weights by name, as typed arrays of their dtypes. */
  readonly weights?: Inputs;
  /** The most that each shape variable may be. Memory is planned for it, and larger shapes are refused. */
  readonly bounds?: Shapes;
  /** The most that intermediate values may take: bytes, or text as `"256 MiB"`. Default: no limit. */
  readonly memory?: number | string;
  /** 0: Fallback schedules every function, unfused. 1: DLight's rules, and functions fused where a rule takes them. Default: 1. */
  readonly level?: 0 | 1;
}

const UNITS = { "": 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 } as const;
const BYTES = /^(\d+(?:\.\d+)?) ?(KiB|MiB|GiB)$/;
const byteCount: Kind<number | string> = passing(
  'a positive number of bytes, or text as "256 MiB"',
  (x) => typeof x === "string" ? BYTES.test(x) : typeof x === "number" && x > 0,
);

function bytesOf(memory: number | string): number {
  const [, amount, unit] = typeof memory === "string" ? BYTES.exec(memory) ?? [] : [];
  return typeof memory === "number" ? memory : Number(amount) * UNITS[(unit ?? "") as keyof typeof UNITS];
}

/** The kinds of {@linkcode GraphBuildOptions}. */
export const GRAPH_BUILD_FIELDS = {
  weights: recordOf(passing<TypedArray>("a typed array", ArrayBuffer.isView)),
  bounds: shapesKind,
  memory: byteCount,
  level: oneOf(0, 1),
} satisfies Fields<GraphBuildOptions>;

/**
 * Builds a graph for a device: the passes of Relax, a schedule for each function, a plan of the memory between them, and one
 * submission for a run.
 *
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {RelaxError} for a bound that is missing, and for more memory than allowed
 * @throws {RuntimeError} for weights that don't fit
 * @throws {LowerError | LimitError | CompileError} for a function that the device can't run
 */
export async function buildGraph(
  graph: Graph,
  device: Device,
  options: GraphBuildOptions = {},
): Promise<GraphProgram> {
  checkArgument("build", "device", device, kinds.localDevice);
  checkOptions("build", options, GRAPH_BUILD_FIELDS);
  const { target } = device, { level = 1 } = options;
  const built = compileGraph(graph, target, options, level === 0 ? [fallback] : rules);
  const wide = async () => await device.load(compileGraph(graph, target, options, [wideFallback]).executable);
  using made = new DisposableStack();
  const program = made.use(await device.load(built.executable, wide));
  const constants = built.graph.constants.map((
    v,
  ) => [v.name, v.origin.kind === "constant" ? v.origin.data : []]);
  const weights = { ...options.weights, ...Object.fromEntries(constants) } as Inputs;
  checkWeightNames(built.graph, options.weights ?? {});
  const prepared = Object.keys(weights).length > 0 ? made.use(await program.prepare(weights)) : undefined;
  return new GraphProgram(built, prepared ?? program, made.move());
}

function checkWeightNames(g: Graph, given: Inputs): void {
  const missing = g.weights.find((v) => given[v.name] === undefined);
  if (!missing) return;
  const takes = g.weights.map((v) => v.name).join(", ");
  throw new TunebookError(`expected weights ${takes}, got none for ${missing.name}, building ${g.name}`);
}

/** Compiles a graph for a target, without a device. */
export function compileGraph(
  graph: Graph,
  target: Target,
  { bounds = {}, memory }: GraphBuildOptions,
  among: readonly Rule[],
): BuiltGraph {
  const ruleOf = remembered((func: PrimFunc) => match(collapseAxes(func), target, among).rule);
  const fuses = !among.includes(fallback) || among.length > 1;
  const g = runGraphPasses(graph, {
    maxBuffers: target.limits.maxStorageBuffers,
    accepts: (fused, parts) => fuses && ruleOf(fused) === ruleOf(anchorOf(parts)),
  });
  const built = remembered((func: PrimFunc): BuiltFunction => {
    const { ruled, made } = scheduleThen(collapseAxes(func), target, among, (f) => compile(f, target));
    const because = ruled.why.find((w) => w.matched)?.because ?? "";
    return { func, rule: ruled.rule, because, executable: made };
  });
  const calls = withSharedWeights(g.bindings, built);
  const functions = calls.map(built);
  const byBinding = new Map(g.bindings.map((b, k) => [b, functions[k] as BuiltFunction]));
  const plan = planMemory(g, {
    bounds,
    workspaceOf: (b) =>
      tempsOf((byBinding.get(b) as BuiltFunction).executable).map((t) => evaluate(t.bytes, bounds)),
    ...(memory === undefined ? {} : { budget: bytesOf(memory) }),
  });
  return { graph: g, functions, memory: plan, executable: link(g, functions, plan, target, bounds) };
}

/** The part whose rule a fused function must keep: a product, or else a reduction, or else the first. */
function anchorOf(parts: readonly PrimFunc[]): PrimFunc {
  const order = (f: PrimFunc) => PATTERN_KINDS.indexOf(patternOf(f).kind);
  return parts.reduce((a, b) => order(a) < order(b) ? b : a);
}

/**
 * Gives each call's function such that calls which share a weight want it in the same kind of memory: where they do not, in a
 * buffer, as activations are.
 */
function withSharedWeights(
  bindings: readonly Binding[],
  built: (func: PrimFunc) => BuiltFunction,
): readonly PrimFunc[] {
  const kindsOf = new Map<Value, Set<string>>();
  const calls = bindings.map((b) => b.call as TirCall);
  for (const { func, args } of calls) {
    const specs = built(func).executable.buffers.filter((b) => b.role === "input");
    args.forEach((v, k) => {
      const found = kindsOf.get(v) ?? new Set();
      kindsOf.set(v, found.add(memoryOf(specs[k] as BufferSpec)));
    });
  }
  return calls.map(({ func, args }) => {
    const odd = inputsOf(func).filter((_, k) => (kindsOf.get(args[k] as Value)?.size ?? 0) > 1).map((b) =>
      b.name
    );
    if (odd.length === 0) return func;
    return func.with({ activations: [...new Set([...func.activations, ...odd])] });
  });
}

function link(
  g: Graph,
  functions: readonly BuiltFunction[],
  plan: MemoryPlan,
  target: Target,
  bounds: Shapes,
): Executable {
  const outputs = new Map(Object.entries(g.outputs).map(([name, v]) => [v, name]));
  const values = new Map<Value, LinkedValue>();
  const valueOf = (v: Value): LinkedValue => {
    const known = values.get(v);
    if (known) return known;
    const { shape, dtype } = v.type, common = { dtype, shape: shape.map(exprToJson) };
    const storage = plan.placement.get(v), output = outputs.get(v);
    const value: LinkedValue = v.origin.kind !== "result"
      ? { name: v.name, ...common, role: "input" }
      : output !== undefined
      ? { name: output, ...common, role: "output" }
      : { name: v.name, ...common, role: "temp", storage: storage as number };
    values.set(v, value);
    return value;
  };
  const calls = g.bindings.map((b, k): LinkedCall => ({
    executable: (functions[k] as BuiltFunction).executable,
    args: [...b.call.args, ...b.results].map(valueOf),
    workspace: plan.workspaces.get(b) ?? [],
  }));
  const given = [...g.inputs, ...g.weights, ...g.constants], made = Object.values(g.outputs);
  return linkExecutables({
    name: g.name,
    language: target.language,
    shapeVars: g.shapeVars.map((v) => v.name),
    params: [...given, ...made].map(valueOf),
    calls,
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
