/** What became of a graph, as Arrow tables. */
import type { Table } from "npm:apache-arrow@21.2.0";
import { layoutArena } from "../codegen/arena.ts";
import { tempsOf } from "../codegen/link_executables.ts";
import { evaluate } from "../ir/json.ts";
import type { Shapes } from "../ir/shapes.ts";
import { type MemoryRow, memoryTable } from "../records/graph_memory.ts";
import { type GraphNodeRow, graphNodeTable } from "../records/graph_nodes.ts";
import type { Graph } from "../relax/graph.ts";
import { bytesAt } from "../relax/memory_needs.ts";
import type { MemoryPlan } from "../relax/plan_memory.ts";
import { shortType } from "../relax/print_graph.ts";
import { firstValues } from "../relax/updates.ts";
import type { Binding, Value } from "../relax/value.ts";
import type { BuiltFunction, BuiltGraph, UnfusedCall } from "./built_graph.ts";
import { copiedArguments } from "./copied_arguments.ts";

/** Lists the nodes of a graph before fusion and after it, and which function computes which operator. */
export function nodesOf({ graph, functions, unfused }: BuiltGraph): Table {
  const row =
    (kind: GraphNodeRow["kind"], rule: string) => ({ inputs, ...call }: UnfusedCall): GraphNodeRow => ({
      ...{ kind, rule, inputs: JSON.stringify(inputs) },
      ...call,
    });
  const inputs = graph.inputs.map(({ name, type }): UnfusedCall => ({
    ...{ name, label: name, shape: shortType(type), inputs: [], group: "", output: "" },
  }));
  return graphNodeTable([
    ...inputs.map(row("input", "")),
    ...callsOf(graph).map((call, k) => row("function", functions[k]?.rule ?? "")(call)),
    ...unfused.map(row("operator", "")),
  ]);
}

/** Lists the calls of a graph before fusion, each with the function that computes it after fusion. */
export function unfusedCalls(before: Graph, after: Graph): readonly UnfusedCall[] {
  const groups = groupsOf(before, after);
  return callsOf(before).map((call, k) => ({
    ...call,
    group: groups.get(before.bindings[k] as Binding) ?? "",
  }));
}

function callsOf(g: Graph): readonly UnfusedCall[] {
  const maker = new Map<Value, string>(g.inputs.map((v) => [v, v.name]));
  for (const { results } of g.bindings) for (const v of results) maker.set(v, nameOf(results));
  const outputs = new Map(Object.entries(g.outputs).map(([name, v]) => [v, name]));
  return g.bindings.map(({ call, results }) => ({
    name: nameOf(results),
    label: call.kind === "tir" ? call.func.name : call.op,
    shape: results[0] ? shortType(results[0].type) : "",
    inputs: [...new Set(call.args.flatMap((v) => maker.get(v) ?? []))],
    group: "",
    output: results.flatMap((v) => outputs.get(v) ?? []).join(", "),
  }));
}

function nameOf(results: readonly Value[]): string {
  return results[0]?.name ?? "";
}

/**
 * Finds the function that computes each operator. Fusion keeps the names of values: a function has those operators on the
 * ways back from its results that end at values which other functions have.
 */
function groupsOf(before: Graph, after: Graph): ReadonlyMap<Binding, string> {
  const makers = new Map(before.bindings.flatMap((b) => b.results.map((v) => [v.name, b] as const)));
  const kept = new Set(after.bindings.flatMap((b) => b.results.map((v) => v.name)));
  const groups = new Map<Binding, string>();
  for (const { results } of after.bindings) {
    const visit = (name: string, isOwn: boolean): void => {
      const maker = makers.get(name);
      if (!maker || groups.has(maker) || (!isOwn && kept.has(name))) return;
      groups.set(maker, nameOf(results));
      for (const v of maker.call.args) visit(v.name, false);
    };
    for (const v of results) visit(v.name, true);
  }
  return groups;
}

/** Lists what lies in the storages, and after them in the textures, where shape variables have the values of `bounds`. */
export function memoryOf({ graph, functions, memory }: BuiltGraph, bounds: Shapes): Table {
  // What a call updates in place lies where it lay.
  const first = firstValues(graph), last = new Map<Value, number>();
  graph.bindings.forEach(({ call }, k) => call.args.forEach((v) => last.set(first.get(v) ?? v, k)));
  const placeOf = placesIn(memory);
  const rows = graph.bindings.flatMap((b, k): readonly MemoryRow[] => {
    const temps = tempsOf((functions[k] as BuiltFunction).executable);
    const at = (storage: number) => ({ ...placeOf(storage), from: k });
    const workspaces = (memory.workspaces.get(b) ?? []).map((storage, n): MemoryRow => ({
      ...at(storage),
      name: `${temps[n]?.spec.name ?? "workspace"} of ${nameOf(b.results)}`,
      kind: "workspace",
      bytes: evaluate(temps[n]?.bytes ?? 0, bounds),
      to: k,
    }));
    const values = b.results.flatMap((v): readonly MemoryRow[] => {
      const storage = memory.placement.get(v);
      if (storage === undefined || first.has(v)) return [];
      return [{
        ...at(storage),
        name: v.name,
        kind: "value",
        bytes: bytesAt(v.type, bounds),
        to: last.get(v) ?? k,
      }];
    });
    return [...workspaces, ...values];
  });
  return memoryTable([...rows, ...copiesOf({ graph, functions, memory }, bounds)]);
}

/** The row's storage of a value or workspace: in an arena all lie in one, by offsets. */
function placesIn(
  { storages, behind }: MemoryPlan,
): (storage: number) => Pick<MemoryRow, "storage" | "storageBytes" | "offset"> {
  if (!behind) return (storage) => ({ storage, storageBytes: storages[storage] ?? 0, offset: 0 });
  const layout = layoutArena(storages.map((bytes, k) => ({ bytes, behind: behind[k] ?? [] })), {});
  return (storage) => ({ storage: 0, storageBytes: layout.bytes, offset: layout.offsets[storage] ?? 0 });
}

/** The values that calls read in textures: each from the first call that reads it there to the last. */
function copiesOf(
  { graph, functions, memory }: Pick<BuiltGraph, "graph" | "functions" | "memory">,
  bounds: Shapes,
): readonly MemoryRow[] {
  const copied = copiedArguments(graph.bindings, functions, bounds), first = firstValues(graph);
  const rows = new Map<string, MemoryRow>();
  graph.bindings.forEach((b, k) => {
    copied.get(b)?.forEach(({ value, bytes }, n) => {
      const texture = memory.copies.get(b)?.[n] as number, { name } = first.get(value) ?? value;
      const storage = (memory.behind ? 1 : memory.storages.length) + texture, key = `${storage} ${name}`;
      const row: MemoryRow = {
        ...{ name, kind: "copy", storage, storageBytes: memory.textures[texture] ?? 0, offset: 0, bytes },
        ...{ from: rows.get(key)?.from ?? k, to: k },
      };
      rows.set(key, row);
    });
  });
  return [...rows.values()];
}
