import type { Buffer } from "./expr.ts";
import type { PrimFunc } from "./func.ts";
import { walkStmt } from "./visit.ts";

/** The parameters that the body writes, in order: those that are updated in place among them. */
export function outputsOf(f: PrimFunc): readonly Buffer[] {
  const written = new Set<Buffer>();
  walkStmt(f.body, (s) => s.kind === "store" && written.add(s.buffer));
  return f.params.filter((b) => written.has(b));
}

/** The parameters that have values before the program runs, in order: those that are updated in place among them. */
export function inputsOf(f: PrimFunc): readonly Buffer[] {
  const outputs = new Set(outputsOf(f));
  return f.params.filter((b) => !outputs.has(b) || f.inPlace.includes(b.name));
}

/** The parameters that the body only reads, in order. */
export function readOnlyOf(f: PrimFunc): readonly Buffer[] {
  return inputsOf(f).filter((b) => !isInPlace(f, b));
}

/** Tells whether a program updates a buffer in place. */
export function isInPlace(f: PrimFunc, b: Buffer): boolean {
  return f.inPlace.includes(b.name) && f.params.includes(b);
}
