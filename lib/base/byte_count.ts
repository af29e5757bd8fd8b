/** Amounts of memory, as options take them. */
import type { Kind } from "./check_options.ts";
import { passing } from "./option_kinds.ts";

const UNITS = { "": 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 } as const;
const BYTES = /^(\d+(?:\.\d+)?) ?(KiB|MiB|GiB)$/;

/** The kind of an option that is an amount of memory. */
export const byteCount: Kind<number | string> = passing(
  'a positive number of bytes, or text as "256 MiB"',
  (x) => typeof x === "string" ? BYTES.test(x) : typeof x === "number" && x > 0,
);

/** Gives an amount of memory in bytes. */
export function bytesOf(memory: number | string): number {
  const [, amount, unit] = typeof memory === "string" ? BYTES.exec(memory) ?? [] : [];
  return typeof memory === "number" ? memory : Number(amount) * UNITS[(unit ?? "") as keyof typeof UNITS];
}
