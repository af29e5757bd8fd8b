/** Finds the launches that can run before the other inputs are known, and the buffers that stay on the device. */
import type { BufferSpec, Executable, Launch } from "../codegen/executable.ts";
import { isWritten } from "../lower/kernel.ts";

/** A plan of what stays on a device when some inputs are prepared. */
export interface Preparation {
  /** Preparing launches that access only given inputs and buffers that preparing launches write. */
  readonly launches: readonly Launch[];
  /** The other launches: they run with the other inputs. */
  readonly rest: readonly Launch[];
  /** Given or prepared buffers that the rest reads. All others may be freed. */
  readonly kept: readonly BufferSpec[];
  /** Other buffers of the preparing launches: needed until these are done. */
  readonly passing: readonly BufferSpec[];
  /** Other buffers of the rest, and all results: each run has its own. */
  readonly own: readonly BufferSpec[];
}

/** Plans to prepare the inputs `given`; without any, the rest is the whole program. */
export function planPreparation(exe: Executable, given: readonly string[]): Preparation {
  const touches = (l: Launch, name: string) =>
    l.bindings.some((b) => b.name === name) || (l.copies ?? []).some((c) => c.from === name);
  const writers = (name: string) =>
    exe.launches.filter((l) => l.bindings.some((b) => b.name === name && isWritten(b)));
  let ready = new Set(given.length > 0 ? exe.launches.filter((l) => l.prepares) : []);
  // A shared buffer must be complete: one that a later launch writes in part belongs to each run.
  const whole = (name: string) => {
    const made = writers(name);
    return given.includes(name) || (made.length > 0 && made.every((l) => ready.has(l)));
  };
  for (let before = -1; before !== ready.size;) {
    before = ready.size;
    ready = new Set([...ready].filter((l) => l.bindings.every((b) => whole(b.name))));
  }
  const launches = [...ready], rest = exe.launches.filter((l) => !ready.has(l));
  const among = (some: readonly Launch[], b: BufferSpec) => some.some((l) => touches(l, b.name));
  const isUsed = (b: BufferSpec) => b.role === "output" || among(rest, b);
  const isShared = (b: BufferSpec) => given.includes(b.name) || among(launches, b);
  return {
    launches,
    rest,
    kept: exe.buffers.filter((b) => isUsed(b) && isShared(b)),
    passing: exe.buffers.filter((b) => !isUsed(b) && among(launches, b)),
    own: exe.buffers.filter((b) => isUsed(b) && !isShared(b)),
  };
}
