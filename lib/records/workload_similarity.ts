/** What programs that differ only in their numbers have in common, and how far apart their extents are. */
import { funcToJson } from "../ir/func_json.ts";
import type { PrimFunc } from "../ir/func.ts";
import { evaluate, exprToJson } from "../ir/json.ts";
import type { Shapes } from "../ir/shapes.ts";
import { walkStmt } from "../ir/visit.ts";
import { doublings } from "../target/target_distance.ts";

export interface WorkloadStructure {
  /** The same for programs that are alike but for numbers and names. */
  readonly text: string;
  /** Extents of the axes of each block, in order. */
  readonly extents: readonly (readonly number[])[];
}

export function workloadStructure(func: PrimFunc, shapes: Shapes): WorkloadStructure {
  const extents: number[][] = [];
  walkStmt(func.body, (s) => {
    if (s.kind === "block") extents.push(s.iters.map((it) => evaluate(exprToJson(it.extent), shapes)));
  });
  return { text: JSON.stringify(funcToJson(func), masked), extents };
}

/** Constants and names as nothing, and fields in one order, whoever made a node. */
function masked(_key: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const isConst = (value as { readonly kind?: unknown }).kind === "const";
  const fields = Object.entries(value).filter(([key]) => key !== "name" && !(isConst && key === "value"));
  return Object.fromEntries(fields.sort(([a], [b]) => a < b ? -1 : 1));
}

/**
 * The doublings from one program's extents to the other's, of the block where they are most; undefined for
 * programs of another structure.
 */
export function shapeDistance(a: WorkloadStructure, b: WorkloadStructure): number | undefined {
  if (a.text !== b.text) return undefined;
  return a.extents.reduce((most, block, k) => {
    const other = b.extents[k] ?? block;
    return Math.max(most, block.reduce((sum, extent, d) => sum + doublings(extent, other[d] ?? extent), 0));
  }, 0);
}
