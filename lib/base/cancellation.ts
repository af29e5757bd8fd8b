/** Waiting that an AbortSignal ends. */

/** Awaits a promise. Resolves to undefined `graceMs` after the signal is aborted, if the promise is still pending. */
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
    // A later failure is ignored.
    promise.catch(() => {});
  }
}
