import { RecordError } from "../records/error.ts";
import { MANIFEST, TRIALS, TRIALS_URL } from "../browser/page_parts.ts";

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
  const trials = between(page, `<a id="${TRIALS}" download="trials.arrows" href="${TRIALS_URL}`, '"');
  if (manifest === undefined || trials === undefined) {
    throw new RecordError(
      `expected a page that share has written, got another page, opening ${path}; a page that was saved from a ` +
        `browser may lack its data: ask for the original file`,
    );
  }
  try {
    return { manifest, trials: Uint8Array.fromBase64(trials) };
  } catch (e) {
    if (!(e instanceof SyntaxError)) throw e;
    throw new RecordError(
      `expected trials in base64, got other text, opening ${path}; ask for the original file`,
    );
  }
}

function between(text: string, begin: string, end: string): string | undefined {
  const from = text.indexOf(begin);
  const to = from < 0 ? -1 : text.indexOf(end, from + begin.length);
  return to < 0 ? undefined : text.slice(from + begin.length, to);
}
