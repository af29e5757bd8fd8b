import { constant, isConst, seq } from "../ir/build.ts";
import type { Buffer, Expr, Var } from "../ir/expr.ts";
import type { PrimFunc } from "../ir/func.ts";
import { type Range, regionOf, unionRange } from "../ir/region.ts";
import { Analyzer } from "../ir/simplify.ts";
import type { Block, For } from "../ir/stmt.ts";
import { ScheduleError } from "./error.ts";
import { insert } from "./cache.ts";
import { loopsOver, within, wrap } from "./nest.ts";
import {
  accessesOf,
  blocksOf,
  consumersOf,
  contains,
  findBlock,
  findLoop,
  type FoundBlock,
  FreshNames,
  producersOf,
  reduceLoops,
  removeBlock,
  replaceStmt,
  storeOf,
  writes,
} from "./tree.ts";

/** Moves a producer under `loopName`, computing there what its consumers need of it there. */
export function computeAt(
  func: PrimFunc,
  name: string,
  loopName: string,
): { func: PrimFunc; loops: string[] } {
  const { block: b, loops: own } = findBlock(func, name);
  const { loop, outer } = findLoop(func, loopName);
  const asked = `cannot compute ${name} at loop ${loopName}`;
  const { buffer } = storeOf(b, "move");
  if (own.includes(loop)) throw new ScheduleError(`${asked}: it is already inside`, loop);
  if (func.params.includes(buffer)) {
    throw new ScheduleError(`${asked}: ${buffer.name} is an output of the function and is needed whole`, b);
  }
  if (blocksOf(func.body).some((x) => x.block !== b && writes(x.block, buffer))) {
    throw new ScheduleError(
      `${asked}: another block writes ${buffer.name} too; move it before decomposing its reduction`,
      b,
    );
  }
  const consumers = consumersOf(func, b);
  const away = consumers.find((c) => !c.loops.includes(loop));
  if (away || consumers.length === 0) {
    throw new ScheduleError(
      `${asked}: ${away ? `its consumer ${away.block.name} is not inside that loop` : "nothing reads it"}`,
      loop,
    );
  }
  const late = producersOf(func, b).find((p) => !p.loops.includes(loop) && !isBefore(func, p.block, loop));
  if (late) {
    throw new ScheduleError(`${asked}: its producer ${late.block.name} runs after that loop begins`, loop);
  }

  const analyzer = Analyzer.of(func);
  const relaxed = relaxedUnder(buffer, loop, outer);
  const needed = consumers.flatMap((c) =>
    accessesOf(c.block, buffer).filter((a) => !a.write).map((a) =>
      regionOf(
        buffer,
        a.indices,
        (v) => relaxed(v) || c.loops.slice(c.loops.indexOf(loop) + 1).some((l) => l.var === v),
        analyzer,
      )
    )
  ).reduce((p, q) => p.map((r, d) => unionRange(r, q[d] as Range, analyzer) ?? whole(buffer, d)));
  const dims = dimensions(b, asked);
  const names = new FreshNames(func);
  const ranges = b.iters.map((it) => {
    const d = dims.get(it.var);
    return d === undefined ? { min: constant(0), extent: it.extent } : needed[d] as Range;
  });
  const { vars, at } = loopsOver(ranges, names, analyzer);
  const moved: Block = { ...b, bindings: at, where: within(at, b.iters.map((it) => it.extent), analyzer) };
  const rest = removeBlock(func, b);
  const here = findLoop(rest, loopName).loop;
  const parts = here.body.kind === "seq" ? here.body.body : [here.body];
  const first = parts.findIndex((s) => consumers.some((c) => contains(s, c.block)));
  const last = parts.findLastIndex((s) => producersOf(func, b).some((p) => contains(s, p.block)));
  if (last >= first) {
    throw new ScheduleError(`${asked}: a producer of it comes after its first consumer there`, loop);
  }
  const body = seq(...parts.slice(0, first), wrap(vars, moved), ...parts.slice(first));
  return { func: replaceStmt(rest, here, { ...here, body }), loops: vars.map((v) => v.var.name) };
}

/** Moves a consumer under `loopName`, after its producers there, over what they produce there. */
export function reverseComputeAt(
  func: PrimFunc,
  name: string,
  loopName: string,
): { func: PrimFunc; loops: string[] } {
  const { block: b, loops: own } = findBlock(func, name);
  const { loop, outer } = findLoop(func, loopName);
  const asked = `cannot compute ${name} at loop ${loopName}`;
  storeOf(b, "move");
  if (own.includes(loop)) throw new ScheduleError(`${asked}: it is already inside`, loop);
  const producers = producersOf(func, b).filter((p) => p.loops.includes(loop));
  if (producers.length === 0) {
    throw new ScheduleError(`${asked}: no producer of it is inside that loop`, loop);
  }
  const { buffer } = storeOf((producers[0] as FoundBlock).block, "follow");
  if (producers.some((p) => storeOf(p.block, "follow").buffer !== buffer)) {
    throw new ScheduleError(`${asked}: its producers there write more than one buffer`, loop);
  }
  const elsewhere = blocksOf(func.body).find((x) => writes(x.block, buffer) && !x.loops.includes(loop));
  if (elsewhere) {
    throw new ScheduleError(
      `${asked}: ${elsewhere.block.name} writes ${buffer.name} outside of that loop`,
      loop,
    );
  }
  const early = consumersOf(func, b).find((c) => c.loops.some((l) => outer[0] ? l === outer[0] : l === loop));
  if (early) throw new ScheduleError(`${asked}: its consumer ${early.block.name} is in the same nest`, loop);
  for (const p of producers) {
    const open = reduceLoops(p.block, p.loops).find((l) => l === loop || outer.includes(l));
    if (open) {
      throw new ScheduleError(
        `${asked}: ${p.block.name} is not finished there, as it reduces over ${open.var.name} around it`,
        loop,
      );
    }
  }
  const analyzer = Analyzer.of(func);
  const relaxed = relaxedUnder(buffer, loop, outer);
  const producer = producers.at(-1) as FoundBlock;
  const inside = producer.loops.slice(producer.loops.indexOf(loop) + 1);
  const [write] = accessesOf(producer.block, buffer).filter((a) => a.write);
  const produced = regionOf(
    buffer,
    write?.indices ?? [],
    (v) => relaxed(v) || inside.some((l) => l.var === v),
    analyzer,
  );
  const accesses = readIndices(b, buffer);
  const [read] = accesses;
  if (!read || accesses.some((a) => a.some((e, d) => e !== read[d]))) {
    throw new ScheduleError(`${asked}: it reads ${buffer.name} at more than one place`, b);
  }
  const vars = read.filter((e) => e.kind === "var");
  if (new Set(vars).size !== vars.length || read.some((e) => e.kind !== "var" && e.kind !== "const")) {
    throw new ScheduleError(`${asked}: it does not read ${buffer.name} at plain axes`, b);
  }
  const ranges = b.iters.map((it) => {
    const d = read.indexOf(it.var);
    const range = produced[d];
    if (d >= 0 && range && !range.exact) {
      throw new ScheduleError(
        `${asked}: what is produced of ${buffer.name} there has gaps or no known bounds in dimension ${d}`,
        loop,
      );
    }
    return range ?? { min: constant(0), extent: it.extent };
  });
  const names = new FreshNames(func);
  const { vars: news, at } = loopsOver(ranges, names, analyzer);
  const moved: Block = { ...b, bindings: at, where: within(at, b.iters.map((it) => it.extent), analyzer) };
  const rest = removeBlock(func, b);
  const here = findLoop(rest, loopName).loop;
  return {
    func: insert(rest, here, producer.block, wrap(news, moved), "after"),
    loops: news.map((v) => v.var.name),
  };
}

/** Variables that a buffer's scope spans: all threads of a workgroup see workgroup memory, all workgroups global memory. */
function relaxedUnder(buffer: Buffer, loop: For, outer: readonly For[]): (v: Var) => boolean {
  const spans = buffer.scope === "local"
    ? () => false
    : buffer.scope === "shared"
    ? (l: For) => l.loop.startsWith("threadIdx")
    : (l: For) => l.loop.startsWith("threadIdx") || l.loop.startsWith("blockIdx");
  const wide = new Set([...outer, loop].filter(spans).map((l) => l.var));
  return (v) => wide.has(v);
}

function whole(b: Buffer, d: number): Range {
  return { min: constant(0), extent: b.shape[d] as Expr, exact: false };
}

/** Which dimension of its buffer each spatial iteration variable of `b` walks. */
export function dimensions(b: Block, asked: string): ReadonlyMap<Var, number> {
  const { indices } = storeOf(b, "move");
  const dims = new Map<Var, number>();
  indices.forEach((e, d) => {
    if (e.kind === "var" && !dims.has(e)) dims.set(e, d);
    else if (!isConst(e)) {
      throw new ScheduleError(`${asked}: it does not write its buffer at plain axes, each once`, b);
    }
  });
  const stray = b.iters.find((it) => it.type === "spatial" && !dims.has(it.var));
  if (stray) {
    throw new ScheduleError(`${asked}: its axis ${stray.var.name} is not an index of what it writes`, b);
  }
  return dims;
}

function readIndices(b: Block, buffer: Buffer): readonly (readonly Expr[])[] {
  const bare: Block = { ...b, bindings: b.iters.map((it) => it.var) };
  return accessesOf(bare, buffer).filter((a) => !a.write).map((a) => a.indices);
}

/** True if `b` runs before anything in `loop` does. */
function isBefore(func: PrimFunc, b: Block, loop: For): boolean {
  const order = blocksOf(func.body);
  return order.findIndex((x) => x.block === b) < order.findIndex((x) => x.loops.includes(loop));
}
