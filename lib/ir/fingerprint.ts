import { TOO_DEEP, withinStack } from "../base/within_stack.ts";
import { hashOf } from "../base/hash.ts";
import { IrError } from "./error.ts";
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
    const printed = withinStack(
      () => printFunc(f),
      () => new IrError(`cannot print ${f.name}: ${TOO_DEEP}`),
    );
    known.set(f, text = hashOf(printed));
  }
  return text;
}
