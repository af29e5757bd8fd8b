import { constant, load, seq, store } from "../ir/build.ts";
import type { Buffer, Expr, Scope } from "../ir/expr.ts";
import type { PrimFunc } from "../ir/func.ts";
import { regionOf } from "../ir/region.ts";
import { Analyzer } from "../ir/simplify.ts";
import type { Block, For, Stmt } from "../ir/stmt.ts";
import { replaceBuffers, walkStmt } from "../ir/visit.ts";
import { ScheduleError } from "./error.ts";
import { nestOver } from "./nest.ts";
import {
  accessesOf,
  blocksOf,
  contains,
  findBlock,
  FreshNames,
  replaceStmt,
  storeOf,
  writes,
} from "./tree.ts";

/** `block` reads `buffer` through a copy in `scope`. */
export function cacheRead(
  func: PrimFunc,
  name: string,
  bufferName: string,
  scope: Scope,
): { func: PrimFunc; block: string } {
  const { block: b, loops } = findBlock(func, name);
  const asked = `cannot cache the read of ${bufferName} in ${name}`;
  const found = blocksOfReads(b).find((x) => x.name === bufferName);
  if (!found) {
    throw new ScheduleError(
      `${asked}: it reads ${blocksOfReads(b).map((x) => x.name).join(", ") || "nothing"}`,
      b,
    );
  }
  if (scope === "texture") {
    throw new ScheduleError(
      `${asked} in a texture: only an input can be one; setScope("${bufferName}", "texture")`,
      b,
    );
  }
  const names = new FreshNames(func);
  const analyzer = Analyzer.of(func);
  const cached: Buffer = { ...found, name: names.get(`${bufferName}_${scope}`), scope };
  // The copy stands where the data is there: in the innermost loop that holds both producer and consumer.
  const producer = blocksOf(func.body).find((x) => x.block !== b && writes(x.block, found));
  const common = producer ? loops.filter((l) => producer.loops.includes(l)) : [];
  const at = common.at(-1);
  const inside = producer ? producer.loops.slice(common.length) : [];
  const whole = found.shape.map((extent) => ({ min: constant(0), extent }));
  const ranges = producer && at
    ? accessesOf(producer.block, found).filter((a) => a.write).slice(-1).flatMap((a) =>
      regionOf(
        found,
        a.indices,
        (v) => inside.some((l) => l.var === v) || isOuterThread(found, common, v),
        analyzer,
      )
    )
    : whole;
  const copy = nestOver(
    cached.name,
    ranges,
    found.shape,
    names,
    analyzer,
    (v) => store(cached, v, load(found, ...v)),
  );
  const consumer = { ...b, body: replaceBuffers(b.body, new Map([[found, cached]])) };
  const before = replaceStmt(func, b, consumer);
  const now = insert(before, at && findSame(before, at), consumer, copy.nest, "before");
  return { func: now.with({ allocs: [...func.allocs, cached] }), block: copy.block.name };
}

function isOuterThread(b: Buffer, loops: readonly For[], v: Expr): boolean {
  return b.scope === "shared" && loops.some((l) => l.var === v && l.loop.startsWith("threadIdx"));
}

/** `block` writes a new buffer in `scope`; the copy to its old one follows. */
export function cacheWrite(func: PrimFunc, name: string, scope: Scope): { func: PrimFunc; block: string } {
  const { block: b } = findBlock(func, name);
  const { buffer } = storeOf(b, "cache the write of");
  if (scope === "texture") {
    throw new ScheduleError(`cannot cache the write of ${name} in a texture: textures are read-only`, b);
  }
  const names = new FreshNames(func);
  const cached: Buffer = { ...buffer, name: names.get(`${buffer.name}_${scope}`), scope };
  const by = new Map([[buffer, cached]]);
  const now: Block = {
    ...b,
    body: replaceBuffers(b.body, by),
    ...(b.init ? { init: replaceBuffers(b.init, by) } : {}),
  };
  const whole = buffer.shape.map((extent) => ({ min: constant(0), extent }));
  const copy = nestOver(
    cached.name,
    whole,
    buffer.shape,
    names,
    Analyzer.of(func),
    (v) => store(buffer, v, load(cached, ...v)),
  );
  const after = replaceStmt(func, b, now);
  return {
    func: insert(after, undefined, now, copy.nest, "after").with({ allocs: [...func.allocs, cached] }),
    block: copy.block.name,
  };
}

function blocksOfReads(b: Block): readonly Buffer[] {
  const own = b.body.kind === "store" ? b.body.buffer : undefined;
  const all = new Set<Buffer>();
  const visit = (e: Expr): void => {
    if (e.kind === "load") all.add(e.buffer);
  };
  walk(b.body, visit);
  return [...all].filter((x) => x !== own);
}

/** The loop of `func` with the same variable as `loop`. */
export function findSame(func: PrimFunc, loop: For): For {
  for (const { loops } of blocksOf(func.body)) {
    const same = loops.find((l) => l.var === loop.var);
    if (same) return same;
  }
  return loop;
}

/** Puts `nest` into the body of `loop` (or at top level), next to the statement that holds `block`. */
export function insert(
  func: PrimFunc,
  loop: For | undefined,
  block: Block,
  nest: Stmt,
  side: "before" | "after",
): PrimFunc {
  const body = loop ? loop.body : func.body;
  const parts = body.kind === "seq" ? body.body : [body];
  const out = parts.flatMap((s) => !contains(s, block) ? [s] : side === "before" ? [nest, s] : [s, nest]);
  return loop ? replaceStmt(func, loop, { ...loop, body: seq(...out) }) : func.with({ body: seq(...out) });
}

function walk(s: Stmt, f: (e: Expr) => void): void {
  walkStmt(s, () => {}, f);
}
