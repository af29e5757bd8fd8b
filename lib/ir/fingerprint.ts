import { hashOf } from "../base/hash.ts";
import type { PrimFunc } from "./func.ts";
import { printFunc } from "./print.ts";

const known = new WeakMap<PrimFunc, string>();

/**
 * 16 hexadecimal digits that depend on all of a program's text (FNV-1a, 64 bits). Different fingerprints
 * mean different programs; equal ones are a check that a record belongs to a program, not its identity.
 */
export function fingerprint(f: PrimFunc): string {
  let text = known.get(f);
  if (text === undefined) known.set(f, text = hashOf(printFunc(f)));
  return text;
}
