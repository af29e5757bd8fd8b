import type { PrimFunc } from "./func.ts";
import { printFunc } from "./print.ts";

const known = new WeakMap<PrimFunc, string>();

/**
 * 16 hexadecimal digits that depend on all of a program's text (FNV-1a, 64 bits). Different fingerprints
 * mean different programs; equal ones are a check that a record belongs to a program, not its identity.
 */
export function fingerprint(f: PrimFunc): string {
  let text = known.get(f);
  if (text === undefined) {
    let hash = 0xcbf29ce484222325n;
    for (const byte of new TextEncoder().encode(printFunc(f))) {
      hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
    }
    known.set(f, text = hash.toString(16).padStart(16, "0"));
  }
  return text;
}
