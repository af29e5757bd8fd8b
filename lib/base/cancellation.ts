/** Waiting that an AbortSignal ends. */

/** What a promise gives, or undefined `graceMs` after the signal is aborted: then nobody waits for it any more. */
export async function unlessAborted<T>(
  promise: Promise<T>,
  signal: AbortSignal | undefined,
  graceMs = 0,
): Promise<T | undefined> {
  if (!signal) return await promise;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let abort = () => {};
  const aborted = new Promise<undefined>((resolve) => {
    abort = () => void (timer = setTimeout(() => resolve(undefined), graceMs));
  });
  signal.addEventListener("abort", abort);
  if (signal.aborted) abort();
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", abort);
    clearTimeout(timer);
    // It may still fail, which is of no interest then.
    promise.catch(() => {});
  }
}
