import { printable } from "./printable.ts";

/** Letters of a message: a quoted name may have a million. */
const LONGEST = 20_000;

/**
 * Any error that Tunebook raises on purpose; the message says what was asked, what stands in the way, what would
 * work. It may quote a stranger's file, and what it quotes can't act on a terminal.
 */
export class TunebookError extends Error {
  override readonly name: string = "TunebookError";

  constructor(message?: string, options?: ErrorOptions) {
    super(message === undefined ? message : printable(message, LONGEST), options);
  }
}
