import type { Buffer } from "./expr.ts";
import type { PrimFunc } from "./func.ts";
import { walkStmt } from "./visit.ts";

/** The parameters that the body writes, in order. */
export function outputsOf(f: PrimFunc): readonly Buffer[] {
  const written = new Set<Buffer>();
  walkStmt(f.body, (s) => s.kind === "store" && written.add(s.buffer));
  return f.params.filter((b) => written.has(b));
}

/** The parameters that the body only reads, in order. */
export function inputsOf(f: PrimFunc): readonly Buffer[] {
  const outputs = new Set(outputsOf(f));
  return f.params.filter((b) => !outputs.has(b));
}
