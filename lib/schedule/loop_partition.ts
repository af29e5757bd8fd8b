import { add, constant, isConst, lt, seq, sub, variable } from "../ir/build.ts";
import type { PrimFunc } from "../ir/func.ts";
import { Analyzer } from "../arith/analyzer.ts";
import type { For } from "../ir/stmt.ts";
import { ScheduleError } from "./error.ts";
import { rebind } from "./rebind.ts";
import { blocksOf, findLoop } from "./find.ts";
import { copied, FreshNames } from "./fresh_names.ts";
import { reduceLoops } from "./reduce_loops.ts";
import { replaceStmt } from "./replace_stmt.ts";

/** Blocks of a program, at most: more than any kernel has. Each partition may double the number. */
const BLOCK_LIMIT = 512;

/**
 * Cuts a loop into consecutive loops at the iterations `at`. Conditions that always hold in a part are removed from it.
 *
 *                                         for i_0_0, i_1 in grid(2, 4):
 *     for i_0, i_1 in grid(3, 4):           B[i_0_0 * 4 + i_1] = A[i_0_0 * 4 + i_1]
 *       where i_0 * 4 + i_1 < 10     →    for i_0_1, i_1_1 in grid(1, 4):
 *       B[i_0 * 4 + i_1] = A[…]             where i_1_1 < 2
 *                                           B[i_1_1 + 8] = A[i_1_1 + 8]                  (at 2)
 *
 * The first part keeps the names of the blocks and loops inside; the others have copies of them.
 *
 * @throws {ScheduleError} where a cut may lie outside of the loop, it is not serial any more, or a reduction
 * starts in it
 */
export function loopPartition(
  func: PrimFunc,
  name: string,
  at: readonly number[],
): { func: PrimFunc; loops: string[] } {
  const { loop } = findLoop(func, name);
  const asked = `cannot partition loop ${name} at ${at.join(", ") || "nothing"}`;
  if (loop.loop !== "serial") {
    throw new ScheduleError(`${asked}: it is ${loop.loop}; partition it while it is serial`, loop);
  }
  const cuts = [0, ...at];
  const rises = cuts.every((c, k) => Number.isInteger(c) && (k === 0 || c > (cuts[k - 1] as number)));
  const last = at.at(-1);
  if (last === undefined || !rises) {
    throw new ScheduleError(
      `${asked}: give one or more integers from 1 on, each larger than the one before`,
      loop,
    );
  }
  const analyzer = Analyzer.of(func);
  // Numbers beyond i32 can't be expressions.
  if (last >= 2 ** 31 || !analyzer.proves(lt(last, loop.extent))) {
    const [least] = analyzer.bounds(loop.extent);
    const extent = isConst(loop.extent) ? `${least}` : `symbolic and may be ${least}`;
    const mend = least > 1
      ? `cuts from 1 to ${least - 1} work`
      : "split it, and partition a loop of more iterations";
    throw new ScheduleError(`${asked} as its extent is ${extent}: ${mend}`, loop);
  }
  const blocks = blocksOf(loop).map((x) => x.block);
  const reduction = blocks.find((b) => b.init && reduceLoops(b, [loop]).length > 0);
  if (reduction) {
    throw new ScheduleError(
      `${asked}: block ${reduction.name} reduces over it, and starts in its first iteration; ` +
        `decomposeReduction("${reduction.name}", …) first`,
      loop,
    );
  }
  const all = blocksOf(func.body).length + at.length * blocks.length;
  if (all > BLOCK_LIMIT) {
    throw new ScheduleError(
      `${asked}: the program would have ${all} blocks, and up to ${BLOCK_LIMIT} work; cut it less often`,
      loop,
    );
  }
  const names = new FreshNames(func);
  const parts = cuts.map((from, k): For => {
    const to = cuts[k + 1];
    const v = variable(names.get(`${name}_${k}`));
    const extent = analyzer.simplify(sub(to === undefined ? loop.extent : constant(to), from));
    analyzer.bind(v, extent);
    const inside = k === 0 ? loop.body : copied(loop.body, names);
    analyzer.bindLoops(inside);
    return { ...loop, var: v, extent, body: rebind(inside, new Map([[loop.var, add(v, from)]]), analyzer) };
  });
  return { func: replaceStmt(func, loop, seq(...parts)), loops: parts.map((l) => l.var.name) };
}
