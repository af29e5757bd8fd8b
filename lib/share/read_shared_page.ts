import { gunzipSync } from "node:zlib";
import { RecordError } from "../records/error.ts";
import { messageOf } from "../base/error.ts";
import {
  MANIFEST,
  OLD_TRIALS_FILE,
  OLD_TRIALS_URL,
  TRIALS,
  TRIALS_FILE,
  TRIALS_URL,
} from "../browser/page_parts.ts";

/** Bytes of the trials of a page, at most. */
const MOST_TRIALS = 64 * 2 ** 20;

/**
 * Reads the manifest's text and the trials' bytes from a page. Nothing else of the page is read.
 *
 * @param path where the page comes from, for the error
 * @throws {RecordError} if `share` did not write the page
 */
export function readSharedPage(
  path: string,
  page: string,
): { readonly manifest: string; readonly trials: Uint8Array } {
  const manifest = between(page, `<script type="application/json" id="${MANIFEST}">`, "</script>");
  const link = (file: string, url: string) =>
    between(page, `<a id="${TRIALS}" download="${file}" href="${url}`, '"');
  const packed = link(TRIALS_FILE, TRIALS_URL), plain = link(OLD_TRIALS_FILE, OLD_TRIALS_URL);
  const trials = packed ?? plain;
  if (manifest === undefined || trials === undefined) {
    throw new RecordError(
      `expected a page that share has written, got another page, opening ${path}; a page that was saved from a ` +
        `browser may lack its data: ask for the original file`,
    );
  }
  const bytes = bytesOf(path, trials);
  return { manifest, trials: packed === undefined ? bytes : unpacked(path, bytes) };
}

function bytesOf(path: string, base64: string): Uint8Array {
  try {
    return Uint8Array.fromBase64(base64);
  } catch (e) {
    if (!(e instanceof SyntaxError)) throw e;
    throw new RecordError(
      `expected trials in base64, got other text, opening ${path}; ask for the original file`,
    );
  }
}

/** Few bytes of gzip may be many, so there is a limit. */
function unpacked(path: string, bytes: Uint8Array): Uint8Array {
  try {
    return new Uint8Array(gunzipSync(bytes, { maxOutputLength: MOST_TRIALS }));
  } catch (e) {
    if (!(e instanceof Error)) throw e;
    throw new RecordError(
      `expected trials in gzip of at most ${MOST_TRIALS} bytes, got other data (${
        messageOf(e)
      }), opening ${path}; ` +
        `ask for the original file`,
    );
  }
}

function between(text: string, begin: string, end: string): string | undefined {
  const from = text.indexOf(begin);
  const to = from < 0 ? -1 : text.indexOf(end, from + begin.length);
  return to < 0 ? undefined : text.slice(from + begin.length, to);
}
