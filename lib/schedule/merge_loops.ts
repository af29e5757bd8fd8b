import { constant, seq } from "../ir/build.ts";
import type { Buffer, Expr, Var } from "../ir/expr.ts";
import type { PrimFunc } from "../ir/func.ts";
import { type Linear, linearAdd, linearConst } from "../arith/linear.ts";
import { type Range, regionOf } from "../arith/region.ts";
import { Analyzer } from "../arith/analyzer.ts";
import type { For, Stmt } from "../ir/stmt.ts";
import { mapStmt, walkStmt } from "../ir/visit.ts";
import { ScheduleError } from "./error.ts";
import { refuseMove } from "./refuse_in_place.ts";
import { rebind } from "./rebind.ts";
import { accessesTo } from "./block_accesses.ts";
import { blocksOf, findLoop, loopsIn } from "./find.ts";
import { replaceStmt } from "./replace_stmt.ts";

/**
 * Merges consecutive loops into one. Each iteration runs the same iteration of the first, of the second, and so on. Every
 * element that two loops share must belong to the same iteration of both.
 *
 *     for i in range(64):
 *       T[i] = A[i] * 2               for i in range(64):
 *     for i_1 in range(64):      →      T[i] = A[i] * 2
 *       B[i_1] = T[i_1] + 1             B[i] = T[i] + 1
 *
 * @throws {ScheduleError} where the loops are not neighbours of one extent, or an iteration needs other iterations' elements
 */
export function mergeLoops(func: PrimFunc, names: readonly string[]): { func: PrimFunc; loop: string } {
  const asked = `cannot merge loops ${names.join(", ")}`;
  const loops = names.map((name) => findLoop(func, name).loop);
  const [first] = loops;
  if (!first || loops.length < 2 || new Set(loops).size !== loops.length) {
    throw new ScheduleError(`${asked}: name two or more different loops`, first);
  }
  const siblings = siblingsOf(func.body, first);
  const at = siblings.indexOf(first);
  const stray = loops.find((l, k) => siblings[at + k] !== l);
  if (stray) {
    throw new ScheduleError(
      `${asked}: ${stray.var.name} does not follow the loop before it in the same body; ` +
        `loops merge with their next neighbours, in order`,
      stray,
    );
  }
  const bound = loops.find((l) => l.loop !== "serial");
  if (bound) {
    throw new ScheduleError(
      `${asked}: ${bound.var.name} is ${bound.loop}; merge loops while they are serial`,
      bound,
    );
  }
  loops.flatMap((l) => blocksOf(l)).forEach((x) => refuseMove(func, x.block, asked));
  const analyzer = Analyzer.of(func);
  const other = loops.find((l) => !analyzer.provesEqual(l.extent, first.extent));
  if (other) {
    throw new ScheduleError(
      `${asked}: ${other.var.name} and ${first.var.name} differ in extent; split them by the same factors first`,
      other,
    );
  }
  // A loop of one iteration can't depend on other iterations.
  const once = analyzer.provesEqual(first.extent, constant(1));
  if (!once) {
    const touches = touchesOf(loops, analyzer);
    touches.forEach((later, k) =>
      touches.slice(0, k).forEach((earlier) => checkPair(earlier, later, asked, analyzer))
    );
  }

  const bodies = loops.map((l) =>
    l === first ? l.body : rebind(l.body, new Map([[l.var, first.var]]), analyzer)
  );
  const merged: For = { ...first, body: seq(...bodies) };
  const gone = new Set<Stmt>(loops.slice(1));
  const go = (s: Stmt): Stmt => {
    if (s.kind === "seq" && s.body.some((x) => gone.has(x))) {
      return seq(...s.body.filter((x) => !gone.has(x)));
    }
    return s.kind === "block" ? s : mapStmt(s, go);
  };
  return { func: replaceStmt(func.with({ body: go(func.body) }), first, merged), loop: first.var.name };
}

/** The statements among which `loop` stands. */
function siblingsOf(body: Stmt, loop: For): readonly Stmt[] {
  let found: readonly Stmt[] = [loop];
  walkStmt(body, (s) => {
    if (s.kind === "seq" && s.body.includes(loop)) found = s.body;
  });
  return found;
}

/** Checks that each iteration of `later` depends only on the same iteration of `earlier`. */
function checkPair(earlier: Touches, later: Touches, asked: string, analyzer: Analyzer): void {
  for (const a of earlier.touches) {
    for (const b of later.touches) {
      if (a.buffer !== b.buffer || !(a.write || b.write)) continue;
      const apart = a.iteration.some((r, d) =>
        sameIteration(r, earlier.loop.var, b.iteration[d] as Range, later.loop.var, analyzer)
      );
      if (apart) continue;
      throw new ScheduleError(
        `${asked}: an iteration of ${later.loop.var.name} needs of ${a.buffer.name} what other iterations of ` +
          `${earlier.loop.var.name} touch; merge loops over the same axis of it`,
        later.loop,
      );
    }
  }
}

interface Touches {
  readonly loop: For;
  readonly touches: readonly Touch[];
}
interface Touch {
  readonly buffer: Buffer;
  readonly write: boolean;
  /** The elements that one iteration of the loop accesses. */
  readonly iteration: readonly Range[];
}

/** The elements that each of `loops` accesses in buffers that any of them writes; other accesses need no order. */
function touchesOf(loops: readonly For[], analyzer: Analyzer): readonly Touches[] {
  const shared = new Set<Buffer>();
  for (const l of loops) walkStmt(l, (x) => x.kind === "store" && shared.add(x.buffer));
  return loops.map((loop) => ({
    loop,
    touches: blocksOf(loop.body).flatMap(({ block, loops: around }) => {
      const inner = new Set([...around, ...loopsIn(block)].map((l) => l.var));
      return [...shared].flatMap((buffer) =>
        accessesTo(block, buffer).map(({ indices, write }): Touch => ({
          buffer,
          write,
          iteration: regionOf(buffer, indices, (v) => inner.has(v), analyzer),
        }))
      );
    }),
  }));
}

/**
 * Tells whether both ranges are equal in each iteration, and disjoint between iterations: they start at
 * `c·iteration + base` and have at most c elements.
 */
function sameIteration(a: Range, va: Var, b: Range, vb: Var, analyzer: Analyzer): boolean {
  const [ca, restA] = stepOf(analyzer.linear(a.min), va), [cb, restB] = stepOf(analyzer.linear(b.min), vb);
  if (ca === 0 || ca !== cb) return false;
  const d = linearAdd(restA, restB, -1);
  if (d.terms.size > 0 || d.constant !== 0) return false;
  const fits = (extent: Expr) =>
    analyzer.proves({ kind: "binary", dtype: "bool", op: "le", a: extent, b: constant(Math.abs(ca)) });
  return fits(a.extent) && fits(b.extent);
}

/** The coefficient of `v`, and the rest. */
function stepOf(l: Linear, v: Var): readonly [coeff: number, rest: Linear] {
  const term = l.terms.get(v);
  if (!term) return [0, l];
  const terms = new Map(l.terms);
  terms.delete(v);
  return [term.coeff, linearAdd(linearConst(l.constant), { terms, constant: 0 })];
}
