/** Compares programs: the structure that they share, and the distance between their extents. */
import { funcToJson } from "../ir/func_json.ts";
import type { PrimFunc } from "../ir/func.ts";
import { evaluate, exprToJson } from "../ir/json.ts";
import type { Shapes } from "../ir/shapes.ts";
import { walkStmt } from "../ir/visit.ts";
import { doublings } from "../target/target_distance.ts";

/** The structure of a program, apart from its numbers and names. */
export interface WorkloadStructure {
  /** A text that programs share if they differ only in numbers and names. */
  readonly text: string;
  /** Extents of the axes of each block, in order: blocks × axes. */
  readonly extents: readonly (readonly number[])[];
}

/** Finds the structure of a program, with the extents at these shapes. */
export function workloadStructure(func: PrimFunc, shapes: Shapes): WorkloadStructure {
  const extents: number[][] = [];
  walkStmt(func.body, (s) => {
    if (s.kind === "block") extents.push(s.iters.map((it) => evaluate(exprToJson(it.extent), shapes)));
  });
  return { text: JSON.stringify(funcToJson(func), masked), extents };
}

/** Drops constants and names, and sorts the fields, so that equal structures give equal text. */
function masked(_key: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const isConst = (value as { readonly kind?: unknown }).kind === "const";
  const fields = Object.entries(value).filter(([key]) => key !== "name" && !(isConst && key === "value"));
  return Object.fromEntries(fields.sort(([a], [b]) => a < b ? -1 : 1));
}

/**
 * Counts the doublings between the extents of two programs, in the block with the most of them. Undefined if the
 * programs have different structures.
 */
export function shapeDistance(a: WorkloadStructure, b: WorkloadStructure): number | undefined {
  if (a.text !== b.text) return undefined;
  return a.extents.reduce((most, block, k) => {
    const other = b.extents[k] ?? block;
    return Math.max(most, block.reduce((sum, extent, d) => sum + doublings(extent, other[d] ?? extent), 0));
  }, 0);
}
