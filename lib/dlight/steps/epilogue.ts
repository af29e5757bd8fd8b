/** What follows from a block is computed where its results are: in the registers of a thread. */
import { isConst } from "../../ir/build.ts";
import { usesVar } from "../../ir/visit.ts";
import type { Schedule } from "../../schedule/schedule.ts";
import { unrollCopy } from "./cooperative_copy.ts";
import { isResult } from "./inlining.ts";
import { tiledInputs } from "./operand_paths.ts";

/** The blocks after one that accumulates in registers. */
export interface Epilogue {
  /** Those that write results, in order. */
  readonly writes: readonly string[];
  /** Those that compute from inputs what results along fewer axes need. */
  readonly beside: readonly string[];
}

/**
 * Makes `block` accumulate in registers. Results that follow from it are written from there; if it is a result itself, a
 * copy is.
 */
export function accumulateLocally(sch: Schedule, block: string): Epilogue {
  inlineBetween(sch, block);
  const copies = isResult(sch, block) ? [sch.cacheWrite(block, "local")] : [];
  if (copies.length === 0) sch.setScope(block, "local");
  return epilogueOf(sch, block);
}

/** Tells whether results follow from `block`, which would be written where it is computed. */
export function hasEpilogue(sch: Schedule, block: string): boolean {
  return sch.consumers(block).length > 0;
}

/** Inlines what lies between `block` and the results that follow from it. */
function inlineBetween(sch: Schedule, block: string): void {
  for (;;) {
    const between = sch.consumers(block).find((c) => !isResult(sch, c));
    if (between === undefined) return;
    sch.computeInline(between);
  }
}

function epilogueOf(sch: Schedule, block: string): Epilogue {
  const reached = new Set([block]);
  for (let size = 0; size !== reached.size;) {
    size = reached.size;
    for (const name of [...reached]) for (const c of sch.consumers(name)) reached.add(c);
  }
  reached.delete(block);
  const writes = sch.blocks().filter((name) => reached.has(name));
  const before = new Set(writes.flatMap((w) => sch.producers(w)));
  return {
    writes,
    beside: sch.blocks().filter((name) => before.has(name) && !reached.has(name) && name !== block),
  };
}

/** Moves an epilogue under `loop`, where its results are complete, and copies into registers what it reads repeatedly. */
export function placeEpilogue(
  sch: Schedule,
  { writes, beside }: Epilogue,
  loop: string,
  vectors: boolean,
): void {
  const loops = writes.map((w) => sch.reverseComputeAt(w, loop));
  for (const name of beside) {
    sch.setScope(name, "local");
    unrollCopy(sch, sch.computeAt(name, loop), vectors);
  }
  for (const [k, name] of writes.entries()) {
    for (const input of repeatedInputs(sch, name, loops[k] as readonly string[])) {
      unrollCopy(sch, sch.computeAt(sch.cacheRead(name, input, "local"), loop), vectors);
    }
    unrollCopy(sch, loops[k] as readonly string[], vectors);
  }
}

/** Inputs that a block reads along some of its loops and not along others, which read them again. */
function repeatedInputs(sch: Schedule, block: string, loops: readonly string[]): readonly string[] {
  const { bindings, iters } = sch.block(block);
  const own = loops.map((l) => sch.loop(l)).filter((l) => !isConst(l.extent, 1));
  return tiledInputs(sch, block).filter(({ indices }) => {
    const axes = iters.filter((it) => indices.some((e) => usesVar(e, (v) => v === it.var)));
    const along = own.filter((l) =>
      axes.some((it) => usesVar(bindings[iters.indexOf(it)] ?? l.extent, (v) => v === l.var))
    );
    return along.length > 0 && along.length < own.length;
  }).map((l) => l.buffer.name);
}
