import { and, ceilDiv, constant, isConst, load, lt, mul, select, store } from "../ir/build.ts";
import type { Buffer, Expr, Load, Var } from "../ir/expr.ts";
import type { PrimFunc } from "../ir/func.ts";
import { reducerOf } from "../ir/reducer.ts";
import { Analyzer } from "../arith/analyzer.ts";
import type { Block, Stmt } from "../ir/stmt.ts";
import { mapStmt, rewriter, walkStmt } from "../ir/visit.ts";
import { insert } from "./insert_nest.ts";
import { ScheduleError } from "./error.ts";
import { isStraight, nestOver } from "./box_loops.ts";
import { findBlock } from "./find.ts";
import { FreshNames } from "./fresh_names.ts";
import { replaceStmt } from "./replace_stmt.ts";
import { storeOf } from "./block_accesses.ts";
import { unstored } from "../ir/stored.ts";

/**
 * Pads the axes of a sum of products up to multiples, with zeros. Its tensors are copied into larger ones; its result is
 * copied out of a larger one.
 *
 *                                         for i, k in grid(64, 12):
 *                                           A_pad[i, k] = A[i, k] if k < 10 else 0
 *     for i, k in grid(64, 10):           for i, k in grid(64, 12):
 *       B[i] = B[i] + A[i, k]      →        B[i] = B[i] + A_pad[i, k]      (padding 1, 4)
 *
 * @throws {ScheduleError} where the block is not a sum of products over plain axes, or its loops were changed
 */
export function padEinsum(func: PrimFunc, name: string, padding: readonly number[]): PrimFunc {
  const found = findBlock(func, name);
  const { block: b, loops } = found;
  const asked = `cannot pad ${name} to multiples of ${padding.join(", ")}`;
  if (padding.length !== b.iters.length || padding.some((p) => !(Number.isInteger(p) && p >= 1))) {
    throw new ScheduleError(`${asked}: give one positive integer for each of its ${b.iters.length} axes`, b);
  }
  const update = storeOf(b, "pad");
  const reducer = reducerOf(update);
  if (reducer?.op !== "add" || !isProduct(reducer.value)) {
    throw new ScheduleError(`${asked}: only sums of products stay right when padded with zeros`, b);
  }
  const [top] = loops;
  const analyzer = Analyzer.of(func);
  if (!top || !isStraight(found, analyzer) || !b.init) {
    throw new ScheduleError(
      `${asked}: it is not alone in one serial loop an axis any more; pad before changing its loops`,
      top ?? b,
    );
  }
  const names = new FreshNames(func);
  const extents = new Map<Expr, Expr>(b.iters.map((it) => [it.var, it.extent]));
  const padded = new Map<Expr, Expr>(b.iters.map((it, k) => {
    const p = padding[k] as number;
    const whole = isConst(it.extent) ? Math.ceil(it.extent.value / p) * p : p;
    if (whole >= 2 ** 31) {
      throw new ScheduleError(`${asked}: axis ${it.var.name} would be 2^31 long or more; pad it to less`, b);
    }
    const fits = isConst(it.extent, whole);
    return [it.var, fits ? it.extent : analyzer.simplify(mul(ceilDiv(it.extent, p), p))];
  }));
  const loads: Load[] = [];
  walkStmt(b.body, () => {}, (e) => e.kind === "load" && e.buffer !== update.buffer && loads.push(e));
  const plain = [...loads, update].every((x) => x.indices.every((e) => padded.has(e)));
  if (!plain) throw new ScheduleError(`${asked}: it indexes its tensors by more than plain axes`, b);
  const grown = (e: Expr) => !analyzer.provesEqual(padded.get(e) as Expr, extents.get(e) as Expr);
  const grows = (indices: readonly Expr[]) => indices.some(grown);
  const lone = b.iters.find((it) =>
    it.type === "reduce" && grown(it.var) && !loads.every((l) => l.indices.includes(it.var))
  );
  if (lone) {
    throw new ScheduleError(
      `${asked}: not all that is summed over axis ${lone.var.name} has it as an index, and would not be zero behind ` +
        `its end; pad that axis to multiples of 1`,
      b,
    );
  }

  const news = new Map<Buffer, Buffer>();
  const copies: Stmt[] = [];
  const sameAxis = (x: Expr, y: Expr) =>
    [extents, padded].every((m) => analyzer.provesEqual(m.get(x) as Expr, m.get(y) as Expr));
  for (const { buffer: old, indices } of loads) {
    const others = loads.filter((l) => l.buffer === old);
    if (!others.some((l) => grows(l.indices)) || news.has(old)) continue;
    if (others.some((l) => !l.indices.every((e, d) => sameAxis(e, indices[d] as Expr)))) {
      throw new ScheduleError(
        `${asked}: it reads ${old.name} along axes that would be padded differently; pad them to one length`,
        b,
      );
    }
    const shape = indices.map((e) => padded.get(e) as Expr);
    const pad: Buffer = { ...unstored(old), name: names.get(`${old.name}_pad`), shape, scope: "global" };
    news.set(old, pad);
    const ranges = shape.map((extent) => ({ min: constant(0), extent }));
    const copy = nestOver(pad.name, ranges, shape, names, analyzer, (v) => {
      const inside = indices.flatMap((e, d) => grown(e) ? [lt(v[d] as Var, extents.get(e) as Expr)] : []);
      return store(pad, v, select(and(...inside), load(old, ...v), constant(0, old.dtype)));
    });
    copies.push(copy.nest);
  }
  const outOld = update.buffer;
  const outShape = update.indices.map((e) => padded.get(e) as Expr);
  const outGrows = grows(update.indices);
  const out: Buffer = outGrows
    ? { ...outOld, name: names.get(`${outOld.name}_pad`), shape: outShape, scope: "global" }
    : outOld;
  if (outGrows) news.set(outOld, out);

  const expr = rewriter((x) => {
    const now = x.kind === "load" ? news.get(x.buffer) : undefined;
    return x.kind === "load" && now ? { ...x, buffer: now } : x;
  });
  const stmt = (s: Stmt): Stmt => {
    const x = mapStmt(s, stmt, expr);
    return x.kind === "store" && x.buffer === outOld ? { ...x, buffer: out } : x;
  };
  const main: Block = {
    ...b,
    iters: b.iters.map((it) => ({ ...it, extent: padded.get(it.var) as Expr })),
    body: stmt(b.body),
    init: stmt(b.init),
  };
  const nest = loops.reduceRight<Stmt>(
    (body, l, k) => ({ ...l, extent: main.iters[k]?.extent as Expr, body }),
    main,
  );
  let now = replaceStmt(func, top, nest);
  for (const c of copies) now = insert(now, undefined, main, c, "before");
  if (outGrows) {
    const ranges = update.indices.map((e) => ({ min: constant(0), extent: extents.get(e) as Expr }));
    const back = nestOver(
      names.get(`${outOld.name}_unpad`),
      ranges,
      outOld.shape,
      names,
      analyzer,
      (v) => store(outOld, v, load(out, ...v)),
    );
    now = insert(now, undefined, main, back.nest, "after");
  }
  return now.with({ allocs: [...func.allocs, ...news.values()] });
}

function isProduct(e: Expr): boolean {
  if (e.kind === "load") return true;
  if (e.kind === "cast") return isProduct(e.a);
  if (e.kind === "call") return e.op === "dot4I8Packed" && e.args.every(isProduct);
  return e.kind === "binary" && e.op === "mul" && isProduct(e.a) && isProduct(e.b);
}
