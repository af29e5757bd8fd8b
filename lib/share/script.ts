import { gzipSync } from "node:zlib";

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

/** A script that a page carries compressed. */
export interface PackedPageScript {
  /** The id of its element. */
  readonly id: string;
  /** Its source as gzip in base64. */
  readonly gzip: string;
  /** The hash of its source. */
  readonly hash: string;
}

/** Compresses a script. */
export async function packedScript(id: string, text: string): Promise<PackedPageScript> {
  const { hash } = await scriptOf(text);
  return { id, gzip: gzipSync(text, { level: 9 }).toString("base64"), hash };
}

/** Scripts of a page. */
export interface PageScripts {
  /** Scripts that run when the page is read. */
  readonly scripts: readonly Script[];
  /** Scripts that these unpack and run, by `UNPACK`. */
  readonly packed: readonly PackedPageScript[];
}

/** Defines `tunebookUnpack(id)`, which runs the script of an element. The page's policy has the hash of its text. */
export const UNPACK = `"use strict";
globalThis.tunebookUnpack = async (id) => {
  const bytes = Uint8Array.from(atob(document.getElementById(id).textContent), (c) => c.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  const script = document.createElement("script");
  script.textContent = await new Response(stream).text();
  document.body.append(script);
};`;
