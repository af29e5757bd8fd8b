/** Names by content: SHA-256, so that an object can't be another one than its name says. */

/** Gives the SHA-256 of bytes as 64 hexadecimal digits. */
export async function contentName(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}

/** Gives JSON whose fields are in order, so that equal data have equal text. */
export function sortedJson(x: unknown): string {
  return JSON.stringify(
    x,
    (_, value) =>
      typeof value === "object" && value !== null && !Array.isArray(value)
        ? Object.fromEntries(Object.entries(value as object).toSorted(([a], [b]) => a < b ? -1 : 1))
        : value,
  );
}
