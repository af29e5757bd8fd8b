import type { PrimFunc } from "../../ir/func.ts";
import type { Block } from "../../ir/stmt.ts";
import { inputLoadsOf } from "../../schedule/block_accesses.ts";
import type { Schedule } from "../../schedule/schedule.ts";

/** True if `block` writes an output of the program, which can be neither inlined nor moved to nearer memory. */
export function isResult(sch: Schedule, block: string): boolean {
  const { body } = sch.block(block);
  return body.kind === "store" && sch.func.params.includes(body.buffer);
}

/** The blocks that can be computed where they are read: they alone make an intermediate tensor, element by element. */
export function inlinedBlocks(
  func: PrimFunc,
  blocks: readonly Block[],
  isKept: (b: Block) => boolean,
): readonly Block[] {
  return blocks.filter((b) => {
    if (b.body.kind !== "store" || isKept(b)) return false;
    const { buffer } = b.body, others = blocks.filter((x) => x !== b);
    return !func.params.includes(buffer) &&
      !others.some((x) => x.body.kind === "store" && x.body.buffer === buffer) &&
      others.some((x) => inputLoadsOf(x).some((l) => l.buffer === buffer));
  });
}

/** Leaves each operand of `block` one producer at most: what is further up is inlined into it. */
export function inlinePrologues(sch: Schedule, block: string): void {
  for (const name of sch.producers(block)) {
    for (let [up] = sch.producers(name); up !== undefined; [up] = sch.producers(name)) sch.computeInline(up);
  }
}

/** Inlines all consumers of `block` but the last one, and returns that; undefined where there is none. */
export function inlineEpilogue(sch: Schedule, block: string): string | undefined {
  let [next] = sch.consumers(block);
  while (next !== undefined) {
    const [after] = sch.consumers(next);
    if (after === undefined) return next;
    sch.computeInline(next);
    next = after;
  }
  return undefined;
}
