/** A script for a page, compressed. */
export interface PackedScript {
  /** Its size, unpacked, as UTF-8. */
  readonly bytes: number;
  /** The hash of its text, in base64, as a page's policy names it after `sha256-`. */
  readonly sha256: string;
  /** Its text as gzip in base64. */
  readonly gzip: string;
}

/** Unpacks the text of a script. */
export async function unpack({ gzip }: PackedScript): Promise<string> {
  const bytes = Uint8Array.fromBase64(gzip);
  return await new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).text();
}
