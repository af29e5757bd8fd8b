import type { Call, Expr } from "./expr.ts";
import { constant } from "./build.ts";
import { dotOfBytes } from "./fold.ts";

/** `e` as a constant, where it is a call on constants that has the same value on every device. */
export function foldCall(e: Call): Expr {
  const [a, b] = e.args;
  const folds = e.op === "dot4I8Packed" && a?.kind === "const" && b?.kind === "const";
  return folds ? constant(dotOfBytes(a.value, b.value)) : e;
}
