/** Hashes a text to 16 hexadecimal digits (FNV-1a, 64 bits). Different hashes mean different texts. */
export function hashOf(text: string): string {
  // The two halves of the hash; the prime is 2^40 + 0x1b3. One BigInt per byte would take most of the time.
  let high = 0xcbf29ce4, low = 0x84222325;
  for (const byte of new TextEncoder().encode(text)) {
    low = (low ^ byte) >>> 0;
    const product = low * 0x1b3;
    high = (high * 0x1b3 + low * 0x100 + Math.floor(product / 2 ** 32)) % 2 ** 32;
    low = product % 2 ** 32;
  }
  const hex = (half: number) => half.toString(16).padStart(8, "0");
  return hex(high) + hex(low);
}
