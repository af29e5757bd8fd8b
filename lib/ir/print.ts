import type { PrimFunc } from "./func.ts";
/** The program as text. */
export function printFunc(f: PrimFunc): string {
  return f.name;
}
