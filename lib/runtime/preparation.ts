/** Which launches of a program can run before the other inputs are known, and what then stays on the device. */
import type { BufferSpec, Executable, Launch } from "../codegen/executable.ts";

/** A plan of what stays on a device when some inputs are prepared. */
export interface Preparation {
  /** Preparing launches that touch nothing but what is given and what they make of it themselves. */
  readonly launches: readonly Launch[];
  /** What is left to run, with every other input. */
  readonly rest: readonly Launch[];
  /** Of what is given or made, what the rest reads. Nothing else is needed any more. */
  readonly kept: readonly BufferSpec[];
  /** What else the preparing launches touch: needed until they are done. */
  readonly passing: readonly BufferSpec[];
  /** What else the rest touches, and all results: each run has its own. */
  readonly own: readonly BufferSpec[];
}

/** Plans to prepare the inputs `given`; for none of them, all of the program is left. */
export function planPreparation(exe: Executable, given: readonly string[]): Preparation {
  const touches = (l: Launch, name: string) => l.bindings.some((b) => b.name === name);
  const writers = (name: string) =>
    exe.launches.filter((l) => l.bindings.some((b) => b.name === name && b.access === "readWrite"));
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
