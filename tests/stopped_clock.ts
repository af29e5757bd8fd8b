/** Puts in place of `performance.now` a clock that stands until it is set, in milliseconds, as long as it isn't disposed. */
export function stoppedClock(): Disposable & { time: number } {
  const { now } = performance;
  const clock = { time: 1e6, [Symbol.dispose]: () => void (performance.now = now) };
  performance.now = () => clock.time;
  return clock;
}
