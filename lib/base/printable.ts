/**
 * Matches control characters except the end of a line and the tab: they tell terminals to move, recolour or retitle.
 * Also matches marks that change the direction of the text after them, and characters that XML forbids.
 */
const ACTING =
  // deno-lint-ignore no-control-regex
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufffe\uffff]/g;

/**
 * Makes untrusted text safe to show in a terminal, a notebook or a picture. Characters that would act on the reader
 * become escapes. The result has at most `most` characters.
 */
export function printable(text: string, most = Infinity): string {
  const cut = text.length > most ? `${text.slice(0, most)}… (${text.length} letters)` : text;
  return cut.toWellFormed().replace(ACTING, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** `printable` on one line. */
export function printableLine(text: string, most = Infinity): string {
  return printable(text, most).replace(/\s+/g, " ");
}
