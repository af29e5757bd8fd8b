/** Finding and replacing loops and blocks by name. */
import type { Buffer, Expr, Load, Var } from "../ir/expr.ts";
import type { PrimFunc } from "../ir/func.ts";
import type { Block, For, Stmt, Store } from "../ir/stmt.ts";
import { bindingMap } from "../ir/flatten_block.ts";
import { mapStmt, substitute, usesVar, walkStmt } from "../ir/visit.ts";
import { seq, variable } from "../ir/build.ts";
import { nearest } from "../base/nearest.ts";
import { ScheduleError } from "./error.ts";

export interface FoundLoop {
  readonly loop: For;
  /** Loops around it, outermost first. */
  readonly outer: readonly For[];
}
export interface FoundBlock {
  readonly block: Block;
  /** Loops around it, outermost first. */
  readonly loops: readonly For[];
}

/** All blocks in program order with the loops around them. */
export function blocksOf(s: Stmt, loops: readonly For[] = []): readonly FoundBlock[] {
  switch (s.kind) {
    case "for":
      return blocksOf(s.body, [...loops, s]);
    case "seq":
      return s.body.flatMap((x) => blocksOf(x, loops));
    case "block":
      return [{ block: s, loops }];
    default:
      return [];
  }
}

/** The first statement outside of blocks for which `is` holds, with the loops around it. */
function find(
  s: Stmt,
  is: (s: Stmt) => boolean,
): { readonly stmt: Stmt; readonly loops: readonly For[] } | undefined {
  const loops: For[] = [];
  const search = (x: Stmt): Stmt | undefined => {
    if (is(x)) return x;
    if (x.kind === "for") {
      loops.push(x);
      const found = search(x.body);
      if (!found) loops.pop();
      return found;
    }
    if (x.kind !== "seq") return undefined;
    for (const y of x.body) {
      const found = search(y);
      if (found) return found;
    }
    return undefined;
  };
  const stmt = search(s);
  return stmt && { stmt, loops };
}

export function findBlock(func: PrimFunc, name: string): FoundBlock {
  const found = find(func.body, (s) => s.kind === "block" && s.name === name);
  if (found?.stmt.kind === "block") return { block: found.stmt, loops: found.loops };
  const names = blocksOf(func.body).map((b) => b.block.name);
  throw new ScheduleError(
    `no block ${name} in ${func.name}: its blocks are ${names.join(", ")}${hint(name, names)}`,
  );
}

export function findLoop(func: PrimFunc, name: string): FoundLoop {
  const found = find(func.body, (s) => s.kind === "for" && s.var.name === name);
  if (found?.stmt.kind === "for") return { loop: found.stmt, outer: found.loops };
  const all = blocksOf(func.body);
  const around = all.find(({ block }) => loopsIn(block).some((l) => l.var.name === name))?.block;
  if (around) {
    throw new ScheduleError(
      `no loop ${name} in ${func.name} outside of blocks: it is inside block ${around.name}, where loops stay as ` +
        `they are; schedule it before blockize`,
      around,
    );
  }
  const names = new Set(all.flatMap(({ loops }) => loops.map((l) => l.var.name)));
  throw new ScheduleError(
    `no loop ${name} in ${func.name}: its loops are ${[...names].join(", ")}${hint(name, [...names])}`,
  );
}

function hint(name: string, names: readonly string[]): string {
  const near = nearest(String(name), names);
  return near === undefined ? "" : `; did you mean ${near}?`;
}

/** The loops in `s`, those inside of blocks too. */
export function loopsIn(s: Stmt): readonly For[] {
  const found: For[] = [];
  walkStmt(s, (x) => x.kind === "for" && found.push(x));
  return found;
}

/**
 * How far in `loop` stands among the loops around a block.
 *
 * @throws {ScheduleError} where it is not one of them
 */
export function depthAmong(loops: readonly For[], loop: For, asked: string): number {
  const at = loops.indexOf(loop);
  if (at >= 0) return at;
  const names = loops.map((l) => l.var.name).join(", ");
  throw new ScheduleError(`${asked}: that loop is not around it; its loops are ${names}`, loop);
}

/** The function with one statement replaced. */
export function replaceStmt(func: PrimFunc, old: Stmt, by: Stmt): PrimFunc {
  const go = (s: Stmt): Stmt =>
    s === old ? by : s.kind === "seq" ? flattened(s, go) : s.kind === "block" ? s : mapStmt(s, go);
  return func.with({ body: go(func.body) });
}

function flattened(s: Stmt & { kind: "seq" }, go: (x: Stmt) => Stmt): Stmt {
  const now = mapStmt(s, go);
  return now === s || now.kind !== "seq" ? now : seq(...now.body);
}

/** The function without a block, and without the loops that held nothing else. */
export function removeBlock(func: PrimFunc, block: Block): PrimFunc {
  const go = (s: Stmt): Stmt | undefined => {
    if (s === block) return undefined;
    if (s.kind === "for") {
      const body = go(s.body);
      return body === s.body ? s : body && { ...s, body };
    }
    if (s.kind === "seq") {
      const body = s.body.map(go).filter((x) => x !== undefined);
      return body.length === 0
        ? undefined
        : body.every((x, k) => x === s.body[k]) && body.length === s.body.length
        ? s
        : seq(...body);
    }
    return s;
  };
  return func.with({ body: go(func.body) ?? seq() });
}

/** Longest name, which also keeps index expressions small: they grow with the names of their loops. */
export const NAME_LIMIT = 1000;

/** Hands out loop, block or buffer names that `func` does not have yet. */
export class FreshNames {
  readonly #taken = new Set<string>();

  constructor(func: PrimFunc) {
    walkStmt(func.body, (s) => {
      if (s.kind === "for") this.#taken.add(s.var.name);
      if (s.kind === "block") this.#taken.add(s.name);
    });
    for (const b of [...func.params, ...func.allocs]) this.#taken.add(b.name);
    for (const v of func.shapeVars) this.#taken.add(v.name);
  }

  /** @throws {ScheduleError} for a name that has grown beyond {@linkcode NAME_LIMIT} */
  get(wanted: string): string {
    let name = wanted;
    for (let k = 1; this.#taken.has(name); k++) name = `${wanted}_${k}`;
    if (name.length > NAME_LIMIT) {
      throw new ScheduleError(
        `cannot name a loop, block or buffer ${
          name.slice(0, 40)
        }…: it takes ${name.length} characters, and up to ` +
          `${NAME_LIMIT} work; names grow with each split, fusion and copy of what has been split, fused or copied`,
      );
    }
    this.#taken.add(name);
    return name;
  }
}

/** A copy of `s`: its loops and blocks have names that are new, its loops and axes variables of their own. */
export function copied(s: Stmt, names: FreshNames): Stmt {
  const by = new Map<Var, Expr>();
  const fresh = (v: Var, name: string): Var => {
    const now = variable(name);
    by.set(v, now);
    return now;
  };
  const expr = (e: Expr) => substitute(e, by);
  const go = (x: Stmt): Stmt => {
    if (x.kind === "for") return mapStmt({ ...x, var: fresh(x.var, names.get(x.var.name)) }, go, expr);
    if (x.kind !== "block") return mapStmt(x, go, expr);
    const iters = x.iters.map((it) => ({ ...it, var: fresh(it.var, it.var.name) }));
    return mapStmt({ ...x, name: names.get(x.name), iters }, go, expr);
  };
  return go(s);
}

/** Loads and stores of `buffer` in `b`, their indices in terms of the loops around. */
export function accessesOf(
  b: Block,
  buffer: Buffer,
): readonly { readonly indices: readonly Expr[]; readonly write: boolean }[] {
  const found: { indices: readonly Expr[]; write: boolean }[] = [];
  const values = bindingMap(b);
  const note = (x: Load | Store, write: boolean) => {
    if (x.buffer === buffer) found.push({ indices: x.indices.map((e) => substitute(e, values)), write });
  };
  const visit = (s: Stmt) =>
    walkStmt(s, (x) => x.kind === "store" && note(x, true), (e) => e.kind === "load" && note(e, false));
  if (b.init) visit(b.init);
  visit(b.body);
  return found;
}

export function reads(b: Block, buffer: Buffer): boolean {
  return b.body.kind === "store"
    ? accessesOf(b, buffer).some((a) => !a.write) && b.body.buffer !== buffer
    : accessesOf(b, buffer).some((a) => !a.write);
}

export function writes(b: Block, buffer: Buffer): boolean {
  return written(b).has(buffer);
}

/** The buffers that `b` writes. */
export function written(b: Block): ReadonlySet<Buffer> {
  const all = new Set<Buffer>();
  walkStmt(b, (x) => x.kind === "store" && all.add(x.buffer));
  return all;
}

/** The loads of `b` from buffers that it does not write. */
export function inputsOf(b: Block): readonly Load[] {
  const own = written(b), loads: Load[] = [];
  walkStmt(b.body, () => {}, (e) => e.kind === "load" && !own.has(e.buffer) && loads.push(e));
  return loads;
}

/** Whether a block builds up what it writes over several turns, or in itself. */
export function accumulates(b: Block): boolean {
  const own = b.body.kind === "store" ? b.body.buffer : undefined;
  return b.init !== undefined || b.iters.some((it) => it.type === "reduce") ||
    (own !== undefined && accessesOf(b, own).some((a) => !a.write));
}

/** The one store of a block's body. */
export function storeOf(b: Block, verb: string): Store {
  if (b.body.kind === "store") return b.body;
  throw new ScheduleError(`cannot ${verb} ${b.name}: its body is not a single store`, b);
}

/** Blocks that read what `b` writes, without `b`. */
export function consumersOf(func: PrimFunc, b: Block): readonly FoundBlock[] {
  const own = written(b);
  return blocksOf(func.body).filter((x) =>
    x.block !== b && x.block.name !== b.name && [...own].some((buffer) => reads(x.block, buffer))
  );
}

/** Blocks that write what `b` reads, without `b`. */
export function producersOf(func: PrimFunc, b: Block): readonly FoundBlock[] {
  return blocksOf(func.body).filter((x) =>
    x.block !== b && [...written(x.block)].some((buffer) => reads(b, buffer))
  );
}

/** The loops in whose range the reduce iteration variables of `b` move. */
export function reduceLoops(b: Block, loops: readonly For[]): readonly For[] {
  return loops.filter((l) =>
    b.iters.some((it, k) => it.type === "reduce" && usesVar(b.bindings[k] as Expr, (v) => v === l.var))
  );
}

/** A loop in whose range both spatial and reduce iteration variables of `b` move, if there is one. */
export function mixedLoop(b: Block, loops: readonly For[]): For | undefined {
  return reduceLoops(b, loops).find((l) =>
    b.iters.some((it, k) => it.type === "spatial" && usesVar(b.bindings[k] as Expr, (v) => v === l.var))
  );
}

/** Loops one inside the other: more than any kernel has, and few enough to walk by recursion. */
const DEPTH_LIMIT = 64;

/** @throws {ScheduleError} where `at` would stand under more loops than {@linkcode DEPTH_LIMIT} with its own */
export function checkDepth(asked: string, at: Stmt, above: number): void {
  const own = depthOf(at);
  if (above + own <= DEPTH_LIMIT) return;
  throw new ScheduleError(`${asked}: loops would be ${above + own} deep; up to ${DEPTH_LIMIT} work`, at);
}

function depthOf(s: Stmt): number {
  let depth = 0;
  mapStmt(s, (x) => {
    depth = Math.max(depth, depthOf(x));
    return x;
  });
  return s.kind === "for" ? 1 + depth : depth;
}

export function contains(s: Stmt, what: Stmt): boolean {
  let found = false;
  walkStmt(s, (x) => {
    if (x === what) found = true;
  });
  return found;
}

/** True if `b` runs before anything in `loop` does. */
export function isBefore(func: PrimFunc, b: Block, loop: For): boolean {
  const order = blocksOf(func.body);
  return order.findIndex((x) => x.block === b) < order.findIndex((x) => x.loops.includes(loop));
}
