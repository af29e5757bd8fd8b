import process from "node:process";

/** CPU milliseconds that this process has used, all its threads together. */
export function cpuTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Starts counting; what it returns says the milliseconds since. */
export function stopwatch(): () => { readonly wall: number; readonly cpu: number } {
  const cpu = cpuTime(), wall = performance.now();
  return () => ({ wall: performance.now() - wall, cpu: cpuTime() - cpu });
}
