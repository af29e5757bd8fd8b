import { printable } from "./printable.ts";

/** The maximum length of a message in characters: a quoted name may have a million. */
const LONGEST = 20_000;

/**
 * Any error that Tunebook raises on purpose. The message says what was expected, what it got, and what would work. It
 * may quote untrusted input, so it escapes every character that could act on a terminal.
 */
export class TunebookError extends Error {
  /** The name of the error's class. */
  override readonly name: string = "TunebookError";

  /** Makes an error; `options.cause` is what led to it. */
  constructor(message?: string, options?: ErrorOptions) {
    super(message === undefined ? message : printable(message, LONGEST), options);
  }
}

/**
 * A call with an option that doesn't exist, or with a value that the option can't have. The message names the option,
 * the call, what the option takes, and the nearest valid name.
 */
export class OptionError extends TunebookError {
  /** The name of the error's class. */
  override readonly name: string = "OptionError";
}

/** Gives the message of what was thrown, which may be no error. */
export function messageOf(e: unknown): string {
  return e instanceof Error ? e.message : `${e}`;
}
