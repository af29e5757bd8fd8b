/**
 * Control characters except the end of a line and the tab, which tell terminals to move, recolour or retitle; marks
 * that turn the direction of what follows; and what no XML may hold.
 */
const ACTING =
  // deno-lint-ignore no-control-regex
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufffe\uffff]/g;

/**
 * A text of up to `most` letters that all show: those that would act on whoever shows them are written as escapes.
 * For what comes from strangers, on its way to a terminal, a notebook or a picture.
 */
export function printable(text: string, most = Infinity): string {
  const cut = text.length > most ? `${text.slice(0, most)}… (${text.length} letters)` : text;
  return cut.toWellFormed().replace(ACTING, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** `printable` on one line. */
export function printableLine(text: string, most = Infinity): string {
  return printable(text, most).replace(/\s+/g, " ");
}
