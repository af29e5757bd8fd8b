/** Finds loops and blocks by name. */
import { OptionError } from "../base/error.ts";
import { shownValue } from "../base/shown_value.ts";
import type { PrimFunc } from "../ir/func.ts";
import type { Block, For, Stmt } from "../ir/stmt.ts";
import { walkStmt } from "../ir/visit.ts";
import { nearest } from "../base/nearest.ts";
import { ScheduleError } from "./error.ts";

/** A loop that was found by its name. */
export interface FoundLoop {
  /** The loop itself. */
  readonly loop: For;
  /** Loops around it, outermost first. */
  readonly outer: readonly For[];
}
/** A block that was found by its name. */
export interface FoundBlock {
  /** The block itself. */
  readonly block: Block;
  /** Loops around it, outermost first. */
  readonly loops: readonly For[];
}

/** Lists all blocks in program order, with the loops around them. */
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

/**
 * Finds a block by its name.
 *
 * @throws {ScheduleError} where no block has that name
 */
export function findBlock(func: PrimFunc, name: string): FoundBlock {
  const found = find(func.body, (s) => s.kind === "block" && s.name === name);
  if (found?.stmt.kind === "block") return { block: found.stmt, loops: found.loops };
  const names = blocksOf(func.body).map((b) => b.block.name);
  checkName("block", func, name, names);
  throw new ScheduleError(
    `no block ${name} in ${func.name}: its blocks are ${names.join(", ")}${hint(name, names)}`,
  );
}

/**
 * Finds a loop by its name.
 *
 * @throws {ScheduleError} where no loop outside of blocks has that name
 */
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
  checkName("loop", func, name, [...names]);
  throw new ScheduleError(
    `no loop ${name} in ${func.name}: its loops are ${[...names].join(", ")}${hint(name, [...names])}`,
  );
}

function checkName(what: string, func: PrimFunc, name: unknown, names: readonly string[]): void {
  if (typeof name === "string") return;
  throw new OptionError(
    `expected the name of a ${what} of ${func.name}, such as ${names[0] ?? "none"}, got ${shownValue(name)}`,
  );
}

function hint(name: string, names: readonly string[]): string {
  const near = nearest(String(name), names);
  return near === undefined ? "" : `; did you mean ${near}?`;
}

/** Lists the loops in a statement, also those inside of blocks. */
export function loopsIn(s: Stmt): readonly For[] {
  const found: For[] = [];
  walkStmt(s, (x) => x.kind === "for" && found.push(x));
  return found;
}

/**
 * Gives the position of `loop` among the loops around a block, from the outermost.
 *
 * @throws {ScheduleError} where it is not one of them
 */
export function depthAmong(loops: readonly For[], loop: For, asked: string): number {
  const at = loops.indexOf(loop);
  if (at >= 0) return at;
  const names = loops.map((l) => l.var.name).join(", ");
  throw new ScheduleError(`${asked}: that loop is not around it; its loops are ${names}`, loop);
}

/** Tells whether a statement contains another one. */
export function contains(s: Stmt, what: Stmt): boolean {
  let found = false;
  walkStmt(s, (x) => {
    if (x === what) found = true;
  });
  return found;
}

/** Tells whether a block runs before everything in `loop`. */
export function isBefore(func: PrimFunc, b: Block, loop: For): boolean {
  const order = blocksOf(func.body);
  return order.findIndex((x) => x.block === b) < order.findIndex((x) => x.loops.includes(loop));
}
