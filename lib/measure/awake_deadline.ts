/** A deadline of the time in which this process runs: a browser may pause a page, and a paused page is not late. */

/** Milliseconds between two looks at the clock. What is longer than two of them was a pause. */
const TICK_MS = 500;

/** Starts a deadline. `late` resolves when it has passed; disposing of it ends it. */
export function awakeDeadline(ms: number): Disposable & { readonly late: Promise<void> } {
  const { promise: late, resolve } = Promise.withResolvers<void>();
  const tick = Math.min(TICK_MS, ms);
  let left = ms, last = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    left -= Math.min(now - last, 2 * tick);
    last = now;
    if (left <= 0) resolve();
  }, tick);
  return { late, [Symbol.dispose]: () => clearInterval(timer) };
}
