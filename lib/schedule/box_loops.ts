/** New loop nests over a box. */
import { add, and, block, constant, forLoop, ge, isConst, iterVar, lt, variable } from "../ir/build.ts";
import type { Buffer, Expr, Var } from "../ir/expr.ts";
import { type Range, regionOf, unionRange } from "../arith/region.ts";
import type { Analyzer } from "../arith/analyzer.ts";
import type { Block, For, IterVar, Stmt } from "../ir/stmt.ts";
import { usesVar } from "../ir/visit.ts";
import { accessesTo } from "./block_accesses.ts";
import { type FoundBlock, loopsIn } from "./find.ts";
import type { FreshNames } from "./fresh_names.ts";

/** Gives the box of `buffer` that `b` reads while the `relaxed` variables and the loops inside `b` run. */
export function boxRead(
  b: Block,
  buffer: Buffer,
  relaxed: (v: Var) => boolean,
  analyzer: Analyzer,
): readonly Range[] {
  const inner = new Set(loopsIn(b).map((l) => l.var));
  const boxes = accessesTo(b, buffer).filter((a) => !a.write)
    .map((a) => regionOf(buffer, a.indices, (v) => inner.has(v) || relaxed(v), analyzer));
  return boxes.reduce((p, q) => unionBox(buffer, p, q, analyzer));
}

/** Gives a box of `buffer` that contains both boxes. */
export function unionBox(
  buffer: Buffer,
  a: readonly Range[],
  b: readonly Range[],
  analyzer: Analyzer,
): readonly Range[] {
  return wholeOf(buffer).map((whole, d) => unionRange(a[d] ?? whole, b[d] ?? whole, analyzer) ?? whole);
}

/** All of `buffer`. */
export function wholeOf(buffer: Buffer): readonly Range[] {
  return buffer.shape.map((extent) => ({ min: constant(0), extent, exact: false }));
}

/** Tells whether a block is alone in one serial loop per axis, in the order of its axes. */
export function isStraight({ block: b, loops }: FoundBlock, analyzer: Analyzer): boolean {
  return loops.length === b.iters.length && isConst(b.where, 1) &&
    loops.every((l, k) =>
      l.body === (loops[k + 1] ?? b) && l.loop === "serial" && l.var === b.bindings[k] &&
      analyzer.provesEqual(l.extent, b.iters[k]?.extent as Expr)
    );
}

/** Makes one loop per dimension of `ranges` (none for extent 1). Also gives the position. */
export function loopsOver(
  ranges: readonly Pick<Range, "min" | "extent">[],
  names: FreshNames,
  analyzer: Analyzer,
  prefix = "ax",
): { readonly vars: readonly { readonly var: Var; readonly extent: Expr }[]; readonly at: readonly Expr[] } {
  const vars: { var: Var; extent: Expr }[] = [];
  const at = ranges.map((r, d) => {
    const extent = analyzer.simplify(r.extent);
    if (isConst(extent, 1)) return analyzer.simplify(r.min);
    const v = variable(names.get(`${prefix}${d}`));
    analyzer.bind(v, extent);
    vars.push({ var: v, extent });
    return analyzer.simplify(add(r.min, v));
  });
  return { vars, at };
}

/** Gives the condition that each position lies within its extent; certain parts are left out. */
export function within(at: readonly Expr[], extents: readonly Expr[], analyzer: Analyzer): Expr {
  return and(...at.flatMap((e, d) => {
    const upper = lt(e, extents[d] as Expr), lower = ge(e, 0);
    return [...(analyzer.proves(lower) ? [] : [lower]), ...(analyzer.proves(upper) ? [] : [upper])];
  }));
}

/** Wraps a statement in serial loops, outermost first. */
export function wrap(vars: readonly { readonly var: Var; readonly extent: Expr }[], body: Stmt): Stmt {
  return vars.reduceRight<Stmt>((s, { var: v, extent }) => forLoop(v, extent, s), body);
}

/**
 * Copies the loops of `loops` that `uses` mentions, with the same kinds and names that end in `suffix`. Gives the new
 * variables, and a function that makes the nest.
 */
export function loopsLike(
  loops: readonly For[],
  uses: readonly Expr[],
  suffix: string,
  names: FreshNames,
): { readonly by: ReadonlyMap<Var, Expr>; readonly nest: (body: Stmt) => Stmt } {
  const olds = loops.filter((l) => uses.some((e) => usesVar(e, (v) => v === l.var)));
  const news = olds.map((l) => ({ ...l, var: variable(names.get(`${l.var.name}_${suffix}`)) }));
  return {
    by: new Map(olds.map((l, k) => [l.var, (news[k] as For).var])),
    nest: (body) => news.reduceRight<Stmt>((s, l) => ({ ...l, body: s }), body),
  };
}

/** A nest of one block that runs over a box: `make` gets the block's iteration variables. */
export function nestOver(
  name: string,
  ranges: readonly Pick<Range, "min" | "extent">[],
  domain: readonly Expr[],
  names: FreshNames,
  analyzer: Analyzer,
  make: (vars: readonly Var[]) => Stmt,
): { readonly nest: Stmt; readonly block: Block; readonly loops: readonly string[] } {
  const { vars, at } = loopsOver(ranges, names, analyzer);
  const iters: IterVar[] = domain.map((extent, d) => iterVar(variable(`v${d}`), extent));
  const b = block(name, iters, at, make(iters.map((it) => it.var)), { where: within(at, domain, analyzer) });
  return { nest: wrap(vars, b), block: b, loops: vars.map((v) => v.var.name) };
}
