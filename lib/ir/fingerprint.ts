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
    // The two halves of the hash; the prime is 2^40 + 0x1b3. One BigInt a byte would take most of the time.
    let high = 0xcbf29ce4, low = 0x84222325;
    for (const byte of new TextEncoder().encode(printFunc(f))) {
      low = (low ^ byte) >>> 0;
      const product = low * 0x1b3;
      high = (high * 0x1b3 + low * 0x100 + Math.floor(product / 2 ** 32)) % 2 ** 32;
      low = product % 2 ** 32;
    }
    const hex = (half: number) => half.toString(16).padStart(8, "0");
    known.set(f, text = hex(high) + hex(low));
  }
  return text;
}
