/** Why a call that went too deep was refused; it ends an error's message. */
export const TOO_DEEP = "it is nested too deeply; compute parts of it as tensors of their own";

/** Tells whether an error says that the stack of calls is full. */
export function isStackOverflow(e: unknown): boolean {
  return e instanceof RangeError && e.message === "Maximum call stack size exceeded";
}

/**
 * Does what may go deeper than the stack of calls, as with untrusted programs.
 *
 * @param refuse makes the error that a full stack becomes
 */
export function withinStack<T>(act: () => T, refuse: () => Error): T {
  try {
    return act();
  } catch (e) {
    throw isStackOverflow(e) ? refuse() : e;
  }
}
