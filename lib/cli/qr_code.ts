/** A QR code in a terminal, for phones that read an address from the screen. */
import { renderUnicodeCompact } from "npm:uqr@0.1.3";

/** Light modules around the code: readers look for them. */
const BORDER = 4;

/**
 * Draws a text as a QR code, two rows of modules a line.
 *
 * @param colors true for a terminal: the light modules are white on any background
 */
export function qrCode(text: string, colors: boolean): string {
  const lines = renderUnicodeCompact(text, { border: BORDER }).split("\n");
  return lines.map((line) => colors ? `\x1b[97;40m${line}\x1b[0m` : line).join("\n");
}
