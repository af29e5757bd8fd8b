/** What became of a graph, as Arrow tables. */
import type { Table } from "npm:apache-arrow@21.2.0";
import { tempsOf } from "../codegen/link_executables.ts";
import { evaluate } from "../ir/json.ts";
import { printExpr } from "../ir/print.ts";
import type { Shapes } from "../ir/shapes.ts";
import { type MemoryRow, memoryTable } from "../records/graph_memory.ts";
import { type GraphNodeRow, graphNodeTable } from "../records/graph_nodes.ts";
import type { Graph } from "../relax/graph.ts";
import { bytesAt } from "../relax/plan_memory.ts";
import { firstValues } from "../relax/updates.ts";
import type { Binding, Value } from "../relax/value.ts";
import type { BuiltFunction, BuiltGraph } from "./built_graph.ts";

/** Lists the nodes of a graph before the passes and after them, and which function computes which operator. */
export function nodesOf(source: Graph, { graph, functions }: BuiltGraph): Table {
  const groups = groupsOf(source, graph);
  const inputs = source.inputs.map((v) => ({ ...nodeOf(v, "input", v.name), inputs: "[]", output: "" }));
  return graphNodeTable([
    ...inputs,
    ...rowsOf(graph, "function", (b, k) => {
      const { func, rule } = functions[k] as BuiltFunction;
      return { label: b.call.kind === "tir" ? func.name : b.call.op, rule, group: "" };
    }),
    ...rowsOf(source, "operator", (b) => ({
      label: b.call.kind === "op" ? b.call.op : b.call.func.name,
      rule: "",
      group: groups.get(b) ?? "",
    })),
  ]);
}

function rowsOf(
  g: Graph,
  kind: GraphNodeRow["kind"],
  of: (b: Binding, k: number) => Pick<GraphNodeRow, "label" | "rule" | "group">,
): readonly GraphNodeRow[] {
  const maker = new Map<Value, string>(g.inputs.map((v) => [v, v.name]));
  for (const { results } of g.bindings) for (const v of results) maker.set(v, nameOf(results));
  const outputs = new Map(Object.entries(g.outputs).map(([name, v]) => [v, name]));
  return g.bindings.map((b, k) => {
    const read = b.call.args.flatMap((v) => maker.get(v) ?? []);
    const made = b.results.flatMap((v) => outputs.get(v) ?? []);
    return {
      ...nodeOf(b.results[0] as Value, kind, ""),
      ...of(b, k),
      inputs: JSON.stringify([...new Set(read)]),
      output: made.join(", "),
    };
  });
}

function nodeOf({ name, type }: Value, kind: GraphNodeRow["kind"], label: string) {
  const shape = `${type.dtype}[${type.shape.map(printExpr).join(", ")}]`;
  return { kind, name, label, rule: "", group: "", shape };
}

function nameOf(results: readonly Value[]): string {
  return results[0]?.name ?? "";
}

/**
 * Finds the function that computes each operator. Values keep their names through the passes: a function has those operators
 * on the ways back from its results that end at values which other functions have.
 */
function groupsOf(source: Graph, after: Graph): ReadonlyMap<Binding, string> {
  const makers = new Map(source.bindings.flatMap((b) => b.results.map((v) => [v.name, b] as const)));
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

/** Lists what lies in the storages, where shape variables have the values of `bounds`. */
export function memoryOf({ graph, functions, memory }: BuiltGraph, bounds: Shapes): Table {
  // What a call updates in place lies where it lay.
  const first = firstValues(graph), last = new Map<Value, number>();
  graph.bindings.forEach(({ call }, k) => call.args.forEach((v) => last.set(first.get(v) ?? v, k)));
  const rows = graph.bindings.flatMap((b, k): readonly MemoryRow[] => {
    const temps = tempsOf((functions[k] as BuiltFunction).executable);
    const at = (storage: number) => ({ storage, storageBytes: memory.storages[storage] ?? 0, from: k });
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
  return memoryTable(rows);
}
