import { printable } from "./printable.ts";

/** The most characters of a message: a quoted name may have a million. */
const LONGEST = 20_000;

/**
 * Any error that Tunebook raises on purpose. The message says what was asked, what stands in the way, and what would
 * work. It may quote untrusted input, and escapes every character that could act on a terminal.
 */
export class TunebookError extends Error {
  override readonly name: string = "TunebookError";

  constructor(message?: string, options?: ErrorOptions) {
    super(message === undefined ? message : printable(message, LONGEST), options);
  }
}

/**
 * A call with an option that doesn't exist, or with a value that the option can't have. The message names the option,
 * the call, what the option takes, and the nearest valid name.
 */
export class OptionError extends TunebookError {
  override readonly name: string = "OptionError";
}
