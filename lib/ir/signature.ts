import { printExpr } from "./print.ts";
import type { PrimFunc } from "./func.ts";
import { storageOf } from "./stored.ts";

/** A program in one line: `matmul(A: f32[512, 512], B: f32[512, 512], C: f32[512, 512])`. */
export function signature(f: PrimFunc): string {
  const params = f.params.map((b) => `${b.name}: ${storageOf(b)}[${b.shape.map(printExpr).join(", ")}]`);
  return `${f.name}(${params.join(", ")})`;
}
