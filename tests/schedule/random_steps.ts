/**
 * Random schedules. A step is drawn as numbers that pick among what the program has when its iteration comes, so
 * that most steps are legal and a failing schedule shrinks to a short one.
 */
import { collapseAxes } from "../../lib/schedule/collapse_axes.ts";
import fc from "fast-check";
import { isConst } from "../../lib/ir/build.ts";
import type { Expr, Scope } from "../../lib/ir/expr.ts";
import { inputsOf } from "../../lib/ir/parameters.ts";
import { reducerOf } from "../../lib/ir/reducer.ts";
import type { For, Store, ThreadTag } from "../../lib/ir/stmt.ts";
import { usesVar } from "../../lib/ir/visit.ts";
import type { Schedule } from "../../lib/schedule/schedule.ts";
import type { Step } from "../../lib/schedule/step.ts";
import { blocksOf } from "../../lib/schedule/find.ts";
import { indexMapOf, permuted } from "./index_maps.ts";

/** A step to be: which primitive, and which of the things that it could be asked for. */
export interface Wish {
  readonly op: Step["op"];
  readonly where: number;
  readonly what: number;
  readonly how: number;
  /** Names are drawn from all there are and one that is not there, whether or not they fit. */
  readonly wild: boolean;
}

/** A step for the wish; undefined where the program has nothing that it could be asked for. */
type Ask<Op extends Step["op"]> = (sch: Schedule, wish: Wish) => Extract<Step, { op: Op }> | undefined;

/** A list of at least one. */
type Some<T> = readonly [T, ...T[]];

const WRITABLE: Some<Scope> = ["global", "shared", "local"];
const READABLE: Some<Scope> = ["global", "texture", "uniform"];
const TAGS: Some<ThreadTag | "vthread"> = [
  "blockIdx.x",
  "blockIdx.y",
  "blockIdx.z",
  "threadIdx.x",
  "threadIdx.y",
  "threadIdx.z",
  "vthread",
];
const FACTORS: Some<readonly (number | null)[]> = [
  [null, 2],
  [null, 3],
  [2, null],
  [null, 4],
  [null, 2, 2],
  [3, 4],
  [5, null],
  [null],
  [2, 2, 2],
  [1, null, 1],
];

function pick<T>(list: readonly T[], n: number): T | undefined {
  return list[n % Math.max(1, list.length)];
}
function always<T>(list: Some<T>, n: number): T {
  return list[n % list.length] as T;
}

function loopsOf(sch: Schedule): readonly For[] {
  return [...new Set(blocksOf(sch.func.body).flatMap((b) => b.loops))];
}

/** A block for which `fits` holds. */
function blockOf(sch: Schedule, { where }: Wish, fits: (b: string) => boolean = () => true) {
  return pick(sch.blocks().filter(fits), where);
}
function serialLoop(sch: Schedule, { where }: Wish): string | undefined {
  return pick(loopsOf(sch).filter((l) => l.loop === "serial"), where)?.var.name;
}
function reduceLoops(sch: Schedule, name: string): readonly string[] {
  const { iters, bindings } = sch.block(name);
  const moves = (loop: string, e: Expr | undefined) =>
    e !== undefined && usesVar(e, (v) => v === sch.loop(loop).var);
  return sch.loops(name).filter((l) => iters.some((it, k) => it.type === "reduce" && moves(l, bindings[k])));
}

/** Up to `most` loops around a block, from the one number `what` inwards, one directly in the other. */
function nestOf(sch: Schedule, wish: Wish, most: number): readonly string[] | undefined {
  const block = blockOf(sch, wish, (b) => sch.loops(b).length > 1);
  if (block === undefined) return undefined;
  const loops = sch.loops(block), first = wish.what % (loops.length - 1);
  const run = [loops[first] as string];
  for (const name of loops.slice(first + 1)) {
    if (sch.loop(run.at(-1) as string).body.kind === "for" && run.length < most) run.push(name);
    else break;
  }
  return run;
}

/** The loops around `to` that are not around `block` yet. */
function newLoops(sch: Schedule, block: string, to: string): readonly string[] {
  return sch.loops(to).filter((l) => !sch.loops(block).includes(l));
}

function withLoop<Op extends "split" | "bind" | "vectorize" | "unroll" | "parallel">(
  op: Op,
  more: (w: Wish) => Omit<Extract<Step, { op: Op }>, "op" | "loop">,
): Ask<Op> {
  return (sch, w) => {
    const loop = serialLoop(sch, w);
    return loop === undefined ? undefined : { op, loop, ...more(w) } as Extract<Step, { op: Op }>;
  };
}

const isSum = (sch: Schedule) => (name: string) => sch.block(name).init !== undefined;
const isPlain = (sch: Schedule) => (name: string) => sch.block(name).init === undefined;
/** Whether a block stores an element where a condition holds, and a constant elsewhere. */
export const isPadding = (sch: Schedule) => (name: string) => {
  const { body } = sch.block(name);
  return body.kind === "store" && body.value.kind === "select" && body.value.a.kind === "load" &&
    body.value.b.kind === "const";
};
const isInner = (sch: Schedule) => (name: string) =>
  sch.block(name).body.kind === "store" && sch.consumers(name).length > 0;

/** Whether a block writes workgroup memory. */
export const isShared = (sch: Schedule) => (name: string) => {
  const { body } = sch.block(name);
  return body.kind === "store" && body.buffer.scope === "shared";
};

/** Tiles, steps and workers for a reduction, most of which divide its axes. */
export function rangesOf(
  sch: Schedule,
  block: string,
  { what, how }: Pick<Wish, "what" | "how">,
): Omit<Extract<Step, { op: "streamK" }>, "op" | "block"> {
  const cuts = sch.block(block).iters.map(({ extent, type }, d) => {
    const divisors = isConst(extent) ? [1, 2, 3, 4, 5, 6, 8].filter((n) => extent.value % n === 0) : [];
    return { type, by: pick(divisors, what + d * how) ?? 1 };
  });
  return {
    tile: cuts.flatMap(({ type, by }) => type === "spatial" ? [by] : []),
    step: cuts.find(({ type }) => type === "reduce")?.by ?? 1,
    workers: 1 + how % 7,
  };
}

const asks: { readonly [Op in Step["op"]]: Ask<Op> } = {
  split: withLoop("split", (w) => ({ factors: always(FACTORS, w.what) })),
  bind: withLoop("bind", (w) => ({ thread: always(TAGS, w.how) })),
  vectorize: withLoop("vectorize", () => ({})),
  unroll: withLoop("unroll", () => ({})),
  parallel: withLoop("parallel", () => ({})),
  fuse: (sch, w) => {
    const loops = nestOf(sch, w, 1 + w.how % 3);
    return loops && { op: "fuse", loops };
  },
  reorder: (sch, w) => {
    const loops = nestOf(sch, w, 4);
    return loops && { op: "reorder", loops: permuted(loops, 1 + w.how) };
  },
  mergeLoops: (sch, w) => {
    const loops = loopsOf(sch);
    const bodies = [sch.func.body, ...loops.map((l) => l.body)].flatMap((s) =>
      s.kind === "seq" ? [s.body.flatMap((x) => x.kind === "for" ? [x.var.name] : [])] : []
    );
    const siblings = pick(bodies.filter((s) => s.length > 1), w.where);
    const first = w.what % Math.max(1, (siblings?.length ?? 0) - 1);
    return siblings && { op: "mergeLoops", loops: siblings.slice(first, first + 2 + w.how % 2) };
  },
  addUnitLoop: (sch, w) => ({ op: "addUnitLoop", block: blockOf(sch, w) as string }),
  cacheRead: (sch, w) => {
    const block = blockOf(sch, w, (b) => sch.inputs(b).length > 0);
    const buffer = block === undefined ? undefined : pick(sch.inputs(block), w.what)?.buffer.name;
    const scope = always(WRITABLE, w.how);
    return block === undefined || buffer === undefined
      ? undefined
      : { op: "cacheRead", block, buffer, scope };
  },
  cacheWrite: (sch, w) => ({
    op: "cacheWrite",
    block: blockOf(sch, w) as string,
    scope: always(WRITABLE, w.how),
  }),
  computeAt: (sch, w) => {
    const block = blockOf(sch, w, isInner(sch));
    const consumer = block && pick(sch.consumers(block), w.how);
    const loop = block && consumer && pick(newLoops(sch, block, consumer), w.what);
    return block === undefined || loop === undefined ? undefined : { op: "computeAt", block, loop };
  },
  reverseComputeAt: (sch, w) => {
    const block = blockOf(sch, w, (b) => sch.producers(b).length > 0);
    const producer = block && pick(sch.producers(block), w.how);
    const loop = block && producer && pick(newLoops(sch, block, producer), w.what);
    return block === undefined || loop === undefined ? undefined : { op: "reverseComputeAt", block, loop };
  },
  computeInline: (sch, w) => {
    const block = blockOf(sch, w, (b) => isPlain(sch)(b) && isInner(sch)(b));
    return block === undefined ? undefined : { op: "computeInline", block };
  },
  reverseComputeInline: (sch, w) => {
    const block = blockOf(sch, w, (b) => isPlain(sch)(b) && sch.producers(b).length === 1);
    return block === undefined ? undefined : { op: "reverseComputeInline", block };
  },
  decomposeReduction: (sch, w) => {
    const block = blockOf(sch, w, isSum(sch));
    const loop = block && pick(sch.loops(block), w.what);
    return block === undefined || loop === undefined ? undefined : { op: "decomposeReduction", block, loop };
  },
  rfactor: (sch, w) => {
    const block = blockOf(sch, w, isSum(sch));
    const loop = block && pick(reduceLoops(sch, block), w.what);
    return loop === undefined ? undefined : { op: "rfactor", loop, axis: w.how % 2 };
  },
  streamK: (sch, w) => {
    const block = blockOf(sch, w, (b) => isSum(sch)(b) && reduceLoops(sch, b).length === 1);
    return block === undefined ? undefined : { op: "streamK", block, ...rangesOf(sch, block, w) };
  },
  loopPartition: (sch, w) => {
    const name = serialLoop(sch, w);
    if (name === undefined) return undefined;
    const { extent } = sch.loop(name);
    const first = 1 + w.what % 3;
    const at = isConst(extent) && extent.value > 1 ? [1 + w.what % (extent.value - 1)] : [first];
    return { op: "loopPartition", loop: name, at: w.how % 3 ? at : [...at, (at[0] as number) + 1] };
  },
  decomposePadding: (sch, w) => {
    const block = blockOf(sch, w, isPadding(sch));
    const loop = block && pick(sch.loops(block), w.what);
    return block === undefined || loop === undefined ? undefined : { op: "decomposePadding", block, loop };
  },
  blockize: (sch, w) => {
    const block = blockOf(sch, w, (b) => sch.loops(b).length > 0);
    const loop = block && sch.loops(block).at(-1 - w.what % sch.loops(block).length);
    return loop === undefined ? undefined : { op: "blockize", loop };
  },
  padEinsum: (sch, w) => {
    const block = blockOf(sch, w, (b) => {
      const { body } = sch.block(b);
      return body.kind === "store" && reducerOf(body)?.op === "add";
    });
    if (block === undefined) return undefined;
    return {
      op: "padEinsum",
      block,
      padding: sch.block(block).iters.map((_, k) => 1 + (w.how + k * w.what) % 4),
    };
  },
  reindex: (sch, w) => {
    const block = blockOf(sch, w) as string;
    const { body } = sch.block(block);
    const own = body.kind === "store" ? [body.buffer] : [];
    const buffer = pick([...sch.inputs(block).map((l) => l.buffer), ...own], w.what)?.name;
    return buffer === undefined ? undefined : { op: "reindex", block, buffer };
  },
  transformLayout: (sch, w) => {
    const buffer = pick(sch.func.allocs, w.where);
    if (!buffer) return undefined;
    return { op: "transformLayout", buffer: buffer.name, map: indexMapOf(buffer.shape, w.what, w.how) };
  },
  collapseAxes: (sch) => collapseAxes(sch.func) === sch.func ? undefined : { op: "collapseAxes" },
  transformBlockLayout: (sch, w) => {
    const block = blockOf(sch, w, (b) => {
      const loops = sch.loops(b), { iters } = sch.block(b);
      return loops.length === iters.length && loops.every((l) => sch.loop(l).loop === "serial");
    });
    if (block === undefined) return undefined;
    const { iters } = sch.block(block);
    const map = indexMapOf(iters.map((it) => it.extent), w.what, w.how, iters.map((it) => it.type));
    return { op: "transformBlockLayout", block, map };
  },
  setScope: (sch, w) => {
    const inputs = inputsOf(sch.func).map((b) => b.name);
    const name = pick([...sch.blocks().filter(isInner(sch)), ...inputs], w.where);
    if (name === undefined) return undefined;
    return { op: "setScope", name, scope: always(inputs.includes(name) ? READABLE : WRITABLE, w.how) };
  },
  storageAlign: (sch, w) => {
    const rank = (b: string) => (sch.block(b).body as Store).indices.length;
    const block = blockOf(sch, w, (b) => isShared(sch)(b) && rank(b) > 1);
    if (block === undefined) return undefined;
    const factor = 1 + w.how % 8, axis = w.what % (rank(block) - 1);
    return { op: "storageAlign", block, axis, factor, offset: w.what % factor };
  },
  doubleBuffer: (sch, w) => {
    const block = blockOf(sch, w, isShared(sch));
    return block === undefined ? undefined : { op: "doubleBuffer", block };
  },
  annotate: (sch, w) => ({
    op: "annotate",
    name: pick([...sch.blocks(), ...loopsOf(sch).map((l) => l.var.name)], w.where) as string,
    key: always(["pragma", "__proto__"], w.what),
    value: always<string | number | boolean>([1, "text", true, 0.5], w.how),
  }),
};

/** The step that `wish` is for `sch` as it stands. */
export function stepOf(sch: Schedule, wish: Wish): Step | undefined {
  const step = asks[wish.op](sch, wish);
  if (!step || !wish.wild) return step;
  const names = [...sch.blocks(), ...loopsOf(sch).map((l) => l.var.name), "nowhere"];
  const fields = Object.entries(step).map(([key, value], k) =>
    (key === "block" || key === "loop" || key === "name" || key === "buffer") && (wish.how + k) % 2 === 0
      ? [key, pick(names, wish.what + k)]
      : [key, value]
  );
  return Object.fromEntries(fields) as Step;
}

/** Takes a step by the method of its name. */
export function take(sch: Schedule, step: Step): void {
  switch (step.op) {
    case "split":
      return void sch.split(step.loop, step.factors);
    case "fuse":
      return void sch.fuse(...step.loops);
    case "mergeLoops":
      return void sch.mergeLoops(...step.loops);
    case "reorder":
      return sch.reorder(...step.loops);
    case "bind":
      return sch.bind(step.loop, step.thread);
    case "vectorize":
    case "unroll":
    case "parallel":
      return sch[step.op](step.loop);
    case "addUnitLoop":
    case "computeInline":
    case "reverseComputeInline":
      return void sch[step.op](step.block);
    case "cacheRead":
      return void sch.cacheRead(step.block, step.buffer, step.scope);
    case "cacheWrite":
      return void sch.cacheWrite(step.block, step.scope);
    case "computeAt":
    case "reverseComputeAt":
    case "decomposeReduction":
    case "decomposePadding":
      return void sch[step.op](step.block, step.loop);
    case "loopPartition":
      return void sch.loopPartition(step.loop, step.at);
    case "blockize":
      return void sch.blockize(step.loop);
    case "rfactor":
      return void sch.rfactor(step.loop, step.axis);
    case "streamK":
      return void sch.streamK(step.block, step.tile, step.step, step.workers);
    case "padEinsum":
      return sch.padEinsum(step.block, step.padding);
    case "reindex":
      return void sch.reindex(step.block, step.buffer);
    case "collapseAxes":
      return sch.collapseAxes();
    case "transformLayout":
      return sch.transformLayout(step.buffer, step.map);
    case "transformBlockLayout":
      return void sch.transformBlockLayout(step.block, step.map);
    case "setScope":
      return sch.setScope(step.name, step.scope);
    case "storageAlign":
      return sch.storageAlign(step.block, step.axis, step.factor, step.offset);
    case "doubleBuffer":
      return sch.doubleBuffer(step.block);
    case "annotate":
      return sch.annotate(step.name, step.key, step.value);
    default:
      return step satisfies never;
  }
}

export const OPS = Object.keys(asks) as readonly Step["op"][];

/** What only marks or freezes a loop, a block or a buffer changes little and stands in the way of what comes later. */
const MARKS: ReadonlySet<Step["op"]> = new Set([
  "bind",
  "vectorize",
  "unroll",
  "parallel",
  "addUnitLoop",
  "setScope",
  "annotate",
  "blockize",
]);

/** What few programs have anything for is asked for more often. */
const RARE: ReadonlySet<Step["op"]> = new Set([
  "decomposePadding",
  "storageAlign",
  "doubleBuffer",
  "collapseAxes",
]);

const weightOf = (op: Step["op"]) => MARKS.has(op) ? 1 : RARE.has(op) ? 8 : 3;

const arbWish: fc.Arbitrary<Wish> = fc.record({
  op: fc.oneof(...OPS.map((op) => ({ weight: weightOf(op), arbitrary: fc.constant(op) }))),
  where: fc.nat(11),
  what: fc.nat(11),
  how: fc.nat(23),
  wild: fc.nat(11).map((n) => n === 11),
});

/** Up to twelve steps. */
export const arbWishes: fc.Arbitrary<readonly Wish[]> = fc.array(arbWish, {
  minLength: 1,
  maxLength: 12,
  size: "max",
});
