/** Inputs in memory that the target lacks, textures and uniform buffers, are read from global memory instead. */
import type { Buffer } from "../ir/expr.ts";
import type { PrimFunc } from "../ir/func.ts";
import { replaceBuffers } from "../ir/substitute.ts";
import type { Target } from "../target/target.ts";

/** Replaces parameters in scopes that `target` lacks by ones in global memory. */
export function legalizeScopes(func: PrimFunc, { textures, uniforms }: Target): PrimFunc {
  const lacks = (b: Buffer) =>
    (b.scope === "texture" && textures === "none") || (b.scope === "uniform" && !uniforms);
  const moved = new Map<Buffer, Buffer>();
  for (const b of func.params) if (lacks(b)) moved.set(b, { ...b, scope: "global" });
  if (moved.size === 0) return func;
  return func.with({
    params: func.params.map((b) => moved.get(b) ?? b),
    body: replaceBuffers(func.body, moved),
  });
}
