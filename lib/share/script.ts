/** A script of a page, and its hash for the Content-Security-Policy. */
export interface Script {
  /** The source of the script. */
  readonly text: string;
  /** The hash of the source, as a policy names it: `sha256-…`. */
  readonly hash: string;
}

/** Makes a script of its source. */
export async function scriptOf(text: string): Promise<Script> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return { text, hash: `sha256-${new Uint8Array(digest).toBase64()}` };
}
