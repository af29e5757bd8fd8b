/**
 * All that the runtime needs of its host: a name, clocks, timers. It detects the host's features and imports no host
 * module, so compiler and runtime run in a browser unchanged.
 */

import type { Clock } from "../target/target.ts";

interface Host {
  readonly Deno?: { readonly version: { readonly deno: string }; readonly jupyter?: unknown };
  readonly process?: { cpuUsage?(): { readonly user: number; readonly system: number } };
  readonly navigator?: { readonly userAgent?: string };
  setImmediate?(run: () => void): unknown;
}

const host = globalThis as unknown as Host;

/** The host's name and version, as targets and records state it, for example `Deno 2.9.6`. */
export const HOST: string = host.Deno
  ? `Deno ${host.Deno.version.deno}`
  : host.navigator?.userAgent ?? "unknown";

/**
 * Chooses the clock of a device whose profile prefers `clock`. It is wall time where the device has no timestamps, or
 * where the host, as a browser page, does not count CPU time.
 */
export function clockOf(clock: Clock, timestamps: boolean): Clock {
  if (clock === "timestamp") return timestamps ? clock : "wall";
  return clock === "cpu" && host.process?.cpuUsage === undefined ? "wall" : clock;
}

/** Gives the CPU milliseconds of this process, all its threads together; wall milliseconds where the host counts none. */
export function cpuTime(): number {
  const used = host.process?.cpuUsage?.();
  return used ? (used.user + used.system) / 1000 : performance.now();
}

/** Starts a stopwatch. The function that it returns gives the milliseconds since then. */
export function stopwatch(): () => { readonly wall: number; readonly cpu: number } {
  const cpu = cpuTime(), wall = performance.now();
  return () => ({ wall: performance.now() - wall, cpu: cpuTime() - cpu });
}

/** Resolves after the host has handled the events that wait. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => host.setImmediate ? host.setImmediate(resolve) : setTimeout(resolve, 0));
}

/** Tells whether the host is a notebook of Deno's kernel. */
export function inNotebook(): boolean {
  try {
    return host.Deno?.jupyter !== undefined;
  } catch (e) {
    // Elsewhere the property throws a plain Error; there is no other sign.
    if (e instanceof Error) return false;
    throw e;
  }
}
