import { constant, isConst, seq } from "../ir/build.ts";
import type { Buffer, Var } from "../ir/expr.ts";
import type { PrimFunc } from "../ir/func.ts";
import type { Range } from "../arith/region.ts";
import { Analyzer } from "../arith/analyzer.ts";
import type { Block, For } from "../ir/stmt.ts";
import { ScheduleError } from "./error.ts";
import { refuseMove } from "./refuse_in_place.ts";
import { boxRead, loopsOver, unionBox, within, wrap } from "./box_loops.ts";
import { blocksOf, contains, findBlock, findLoop, isBefore } from "./find.ts";
import { checkDepth } from "./check_depth.ts";
import { consumersOf, producersOf } from "./dependences.ts";
import { FreshNames } from "./fresh_names.ts";
import { removeBlock, replaceStmt } from "./replace_stmt.ts";
import { storeOf, writes } from "./block_accesses.ts";

/**
 * Moves a producer under a loop around its consumers. There, each iteration computes the part that its consumers read in
 * that iteration.
 *
 *     for i in range(64):             for i_1 in range(64):
 *       T[i] = A[i] * 2                 T[i_1] = A[i_1] * 2
 *     for i_1 in range(64):      →      B[i_1] = T[i_1] + 1
 *       B[i_1] = T[i_1] + 1
 *
 * @throws {ScheduleError} where it is needed outside of that loop, or its own producers are not done there
 */
export function computeAt(
  func: PrimFunc,
  name: string,
  loopName: string,
): { func: PrimFunc; loops: string[] } {
  const { block: b, loops: own } = findBlock(func, name);
  const { loop, outer } = findLoop(func, loopName);
  const asked = `cannot compute ${name} at loop ${loopName}`;
  const { buffer } = storeOf(b, "move");
  refuseMove(func, b, asked);
  if (own.includes(loop)) {
    throw new ScheduleError(`${asked}: it is inside already; choose a loop that is not around it`, loop);
  }
  if (func.params.includes(buffer)) {
    throw new ScheduleError(
      `${asked}: ${buffer.name} is an output of the function and is needed whole; reverseComputeAt moves its ` +
        `consumers`,
      b,
    );
  }
  if (blocksOf(func.body).some((x) => x.block !== b && writes(x.block, buffer))) {
    throw new ScheduleError(
      `${asked}: another block writes ${buffer.name} too; move it before decomposing its reduction`,
      b,
    );
  }
  const consumers = consumersOf(func, b);
  if (consumers.length === 0) throw new ScheduleError(`${asked}: nothing reads it; leave it where it is`, b);
  const away = consumers.find((c) => !c.loops.includes(loop));
  if (away) {
    throw new ScheduleError(
      `${asked}: its consumer ${away.block.name} is not inside that loop; choose a loop around all that read it`,
      loop,
    );
  }
  const late = producersOf(func, b).find((p) => !p.loops.includes(loop) && !isBefore(func, p.block, loop));
  if (late) {
    throw new ScheduleError(
      `${asked}: its producer ${late.block.name} runs after that loop begins; computeAt that first`,
      loop,
    );
  }

  const analyzer = Analyzer.of(func);
  const relaxed = relaxedUnder(buffer, loop, outer);
  const needed = consumers.map((c) => {
    const inside = c.loops.slice(c.loops.indexOf(loop) + 1);
    return boxRead(c.block, buffer, (v) => relaxed(v) || inside.some((l) => l.var === v), analyzer);
  }).reduce((p, q) => unionBox(buffer, p, q, analyzer));
  const dims = dimensions(b, asked);
  const names = new FreshNames(func);
  const ranges = b.iters.map((it) => {
    const d = dims.get(it.var);
    return d === undefined ? { min: constant(0), extent: it.extent } : needed[d] as Range;
  });
  const { vars, at } = loopsOver(ranges, names, analyzer);
  checkDepth(asked, loop, outer.length + vars.length);
  const moved: Block = { ...b, bindings: at, where: within(at, b.iters.map((it) => it.extent), analyzer) };
  const rest = removeBlock(func, b);
  const here = findLoop(rest, loopName).loop;
  const parts = here.body.kind === "seq" ? here.body.body : [here.body];
  const first = parts.findIndex((s) => consumers.some((c) => contains(s, c.block)));
  const last = parts.findLastIndex((s) => producersOf(func, b).some((p) => contains(s, p.block)));
  if (last >= first) {
    throw new ScheduleError(
      `${asked}: a producer of it comes after its first consumer there; choose a loop further in`,
      loop,
    );
  }
  const body = seq(...parts.slice(0, first), wrap(vars, moved), ...parts.slice(first));
  return { func: replaceStmt(rest, here, { ...here, body }), loops: vars.map((v) => v.var.name) };
}

/**
 * Variables that a buffer's scope spans: all threads of a workgroup, virtual ones too, see workgroup memory, all
 * workgroups global memory.
 */
function relaxedUnder(buffer: Buffer, loop: For, outer: readonly For[]): (v: Var) => boolean {
  const spans = buffer.scope === "local"
    ? () => false
    : buffer.scope === "shared"
    ? isThreadLoop
    : (l: For) => isThreadLoop(l) || l.loop.startsWith("blockIdx");
  const wide = new Set([...outer, loop].filter(spans).map((l) => l.var));
  return (v) => wide.has(v);
}

function isThreadLoop({ loop }: For): boolean {
  return loop === "vthread" || loop.startsWith("threadIdx");
}

/** Gives, for each spatial iteration variable of `b`, the dimension of the buffer that it indexes. */
export function dimensions(b: Block, asked: string): ReadonlyMap<Var, number> {
  const { indices } = storeOf(b, "move");
  const dims = new Map<Var, number>();
  indices.forEach((e, d) => {
    if (e.kind === "var" && !dims.has(e)) dims.set(e, d);
    else if (!isConst(e)) {
      throw new ScheduleError(
        `${asked}: it does not write its buffer at plain axes, each once; only the blocks that read it can be moved`,
        b,
      );
    }
  });
  const stray = b.iters.find((it) => it.type === "spatial" && !dims.has(it.var));
  if (stray) {
    throw new ScheduleError(
      `${asked}: its axis ${stray.var.name} is not an index of what it writes; only the blocks that read it can be ` +
        `moved`,
      b,
    );
  }
  return dims;
}
