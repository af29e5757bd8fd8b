/** Lists the stores of a scheduled program, each with the loops around it and its accesses. Features are made of them. */
import { foldBinary } from "../ir/fold.ts";
import type { Buffer, Expr, Var } from "../ir/expr.ts";
import type { PrimFunc } from "../ir/func.ts";
import type { Block, LoopKind, Stmt, Store } from "../ir/stmt.ts";
import { walkExpr } from "../ir/visit.ts";

/** What a loop is to the hardware: it repeats work, or runs it in parallel. */
export const ROLES = ["group", "threadX", "thread", "serial", "unrolled", "vector"] as const;
export type Role = typeof ROLES[number];

export interface NestLoop {
  readonly var: Var;
  readonly extent: number;
  readonly kind: LoopKind;
  readonly role: Role;
}

/** Tells whether the threads of a workgroup share the loop. */
export function isThread({ role }: NestLoop): boolean {
  return role === "thread" || role === "threadX";
}

/** One load or store: how its place in the buffer moves with each loop around it. */
export interface NestAccess {
  readonly buffer: Buffer;
  /** Elements by which the first step of each loop moves the flat, row-major index. */
  readonly strides: readonly number[];
  /** Elements of each dimension that the whole of each loop spans, less one: `spans[loop][dimension]`. */
  readonly spans: readonly (readonly number[])[];
}

export const OPS = ["add", "mul", "other", "call"] as const;

/** A store that is run once for each iteration of its loops, outermost first. */
export interface StoreNest {
  readonly loops: readonly NestLoop[];
  readonly store: NestAccess;
  /** Loads from other buffers than the stored one, in the order of the text. */
  readonly loads: readonly NestAccess[];
  /** Floating-point operations of one iteration. */
  readonly ops: Readonly<Record<typeof OPS[number], number>>;
  readonly iterations: number;
  /** True if the stored value is made of what was there, as a sum is. */
  readonly accumulates: boolean;
  /** The block that the store lies in, if any. */
  readonly block: Block | undefined;
}

/** The value of every shape variable: features need a number, and all points of a space share it. */
const NOMINAL = 512;

/** Every store of the program in order; the initial values of reductions are left out, as they run seldom. */
export function storeNestsOf(func: PrimFunc): readonly StoreNest[] {
  const env = new Map<Var, number>(func.shapeVars.map((v) => [v, NOMINAL]));
  const leaves: StoreNest[] = [];
  const visit = (s: Stmt, loops: readonly NestLoop[], block: Block | undefined): void => {
    switch (s.kind) {
      case "for": {
        const loop = { var: s.var, extent: valueOf(s.extent, env), kind: s.loop, role: roleOf(s.loop) };
        // A cooperative copy binds the same threads again, so the outer loop of that tag is not counted.
        const outer = s.loop.startsWith("threadIdx") ? loops.filter((l) => l.kind !== s.loop) : loops;
        return visit(s.body, [...outer, loop], block);
      }
      case "seq":
        return s.body.forEach((child) => visit(child, loops, block));
      case "if":
        visit(s.then, loops, block);
        return s.else && visit(s.else, loops, block);
      case "let":
        return visit(s.body, loops, block);
      case "block":
        return visit(s.body, loops, s);
      case "store":
        leaves.push(leafOf(s, loops, block, env));
        return;
      case "barrier":
        return;
      default:
        return s satisfies never;
    }
  };
  visit(func.body, [], undefined);
  return leaves;
}

function roleOf(kind: LoopKind): Role {
  switch (kind) {
    case "serial":
      return "serial";
    case "unrolled":
    case "vthread":
      return "unrolled";
    case "vectorized":
      return "vector";
    case "parallel":
    case "blockIdx.x":
    case "blockIdx.y":
    case "blockIdx.z":
      return "group";
    case "threadIdx.x":
      return "threadX";
    case "threadIdx.y":
    case "threadIdx.z":
      return "thread";
    default:
      return kind satisfies never;
  }
}

/** An access before its movements are known. */
interface Place {
  readonly buffer: Buffer;
  readonly indices: readonly Expr[];
  readonly steps: readonly number[];
}

function leafOf(
  store: Store,
  around: readonly NestLoop[],
  block: Block | undefined,
  env: Map<Var, number>,
): StoreNest {
  const places = [placeOf(store.buffer, store.indices, env)];
  const ops = { add: 0, mul: 0, other: 0, call: 0 };
  let accumulates = false;
  walkExpr(store.value, (e) => {
    if (e.kind === "load" && e.buffer === store.buffer) accumulates = true;
    if (e.kind === "load" && e.buffer !== store.buffer) places.push(placeOf(e.buffer, e.indices, env));
    if (e.kind === "call" && e.op === "dot4I8Packed") {
      // Four products and four sums, the sum into the accumulator included.
      ops.mul += 4;
      ops.add += 4;
    } else if (e.kind === "call") ops.call++;
    if (e.kind === "binary" && e.dtype.startsWith("f")) {
      if (e.op === "add" || e.op === "sub") ops.add++;
      else if (e.op === "mul") ops.mul++;
      else ops.other++;
    }
  });
  const { loops, moves: [first, ...loads] } = withoutCopies(around, measureMoves(places, around, block, env));
  return {
    loops,
    store: first ?? { buffer: store.buffer, strides: [], spans: [] },
    loads,
    ops,
    iterations: loops.reduce((n, l) => n * l.extent, 1),
    accumulates,
    block,
  };
}

/** Leaves out virtual threads for which a statement is the same: it runs once for all of them. */
function withoutCopies(
  loops: readonly NestLoop[],
  moves: readonly NestAccess[],
): { readonly loops: readonly NestLoop[]; readonly moves: readonly NestAccess[] } {
  const runs = loops.map(({ kind }, l) =>
    kind !== "vthread" || moves.some((a) => a.spans[l]?.some((span) => span > 0))
  );
  if (!runs.includes(false)) return { loops, moves };
  const isRun = (_: unknown, l: number) => runs[l] === true;
  return {
    loops: loops.filter(isRun),
    moves: moves.map((a) => ({
      ...a,
      strides: a.strides.filter(isRun),
      spans: a.spans.filter(isRun),
    })),
  };
}

function placeOf(buffer: Buffer, indices: readonly Expr[], env: ReadonlyMap<Var, number>): Place {
  const steps: number[] = [];
  let step = 1;
  for (const d of buffer.shape.toReversed()) {
    steps.unshift(step);
    step *= valueOf(d, env);
  }
  return { buffer, indices, steps };
}

/**
 * Finds how each access moves by evaluation: every loop at 0, then each loop at 1 and at its end. That needs no
 * algebra, so fused and tiled indices cost nothing extra.
 */
function measureMoves(
  places: readonly Place[],
  loops: readonly NestLoop[],
  block: Block | undefined,
  env: Map<Var, number>,
): readonly NestAccess[] {
  const at = (): readonly (readonly number[])[] => {
    block?.iters.forEach((it, i) => env.set(it.var, valueOf(block.bindings[i], env)));
    return places.map((p) => p.indices.map((e) => valueOf(e, env)));
  };
  for (const l of loops) env.set(l.var, 0);
  const origin = at();
  const moved = loops.map((l) => {
    env.set(l.var, Math.min(1, l.extent - 1));
    const once = at();
    env.set(l.var, l.extent - 1);
    const end = l.extent > 2 ? at() : once;
    env.set(l.var, 0);
    return { once, end };
  });
  return places.map((p, i) => ({
    buffer: p.buffer,
    strides: moved.map(({ once }) =>
      p.steps.reduce((sum, step, d) => sum + step * ((once[i]?.[d] ?? 0) - (origin[i]?.[d] ?? 0)), 0)
    ),
    spans: moved.map(({ end }) =>
      p.steps.map((_, d) => Math.abs((end[i]?.[d] ?? 0) - (origin[i]?.[d] ?? 0)))
    ),
  }));
}

/** The value of an index expression; what is read from memory counts as 0. */
function valueOf(e: Expr | undefined, env: ReadonlyMap<Var, number>): number {
  switch (e?.kind) {
    case "const":
      return e.value;
    case "var":
      return env.get(e) ?? 0;
    case "binary":
      return foldBinary(e.op, "i32", valueOf(e.a, env), valueOf(e.b, env)) ?? 0;
    case "select":
      return valueOf(valueOf(e.cond, env) !== 0 ? e.a : e.b, env);
    case "cast":
      return valueOf(e.a, env);
    default:
      return 0;
  }
}
