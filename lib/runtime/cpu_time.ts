import process from "node:process";

/** CPU milliseconds that this process has used, all its threads together. */
export function cpuTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
