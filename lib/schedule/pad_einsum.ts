import { and, ceilDiv, constant, forLoop, isConst, load, lt, mul, select, store } from "../ir/build.ts";
import type { Buffer, Expr, Load, Var } from "../ir/expr.ts";
import type { PrimFunc } from "../ir/func.ts";
import { reducerOf } from "../ir/reducer.ts";
import { Analyzer } from "../ir/simplify.ts";
import type { Block, For, Stmt } from "../ir/stmt.ts";
import { mapExpr, mapStmt, walkStmt } from "../ir/visit.ts";
import { insert } from "./cache.ts";
import { ScheduleError } from "./error.ts";
import { nestOver } from "./nest.ts";
import { findBlock, FreshNames, replaceStmt, storeOf } from "./tree.ts";

/** Pads the axes of a sum of products up to multiples, with zeros that add nothing. */
export function padEinsum(func: PrimFunc, name: string, padding: readonly number[]): PrimFunc {
  const { block: b, loops } = findBlock(func, name);
  const asked = `cannot pad ${name} to multiples of ${padding.join(", ")}`;
  if (padding.length !== b.iters.length || padding.some((p) => !(Number.isInteger(p) && p >= 1))) {
    throw new ScheduleError(`${asked}: give one positive integer for each of its ${b.iters.length} axes`, b);
  }
  const update = storeOf(b, "pad");
  const reducer = reducerOf(update);
  if (reducer?.op !== "add" || !isProduct(reducer.value)) {
    throw new ScheduleError(`${asked}: only sums of products stay right when padded with zeros`, b);
  }
  const straight = loops.length === b.iters.length &&
    loops.every((l, k) => l.var === b.bindings[k] && l.loop === "serial");
  if (!straight) throw new ScheduleError(`${asked}: pad before its loops are changed`, b);
  const analyzer = Analyzer.of(func);
  const names = new FreshNames(func);
  const padded = new Map<Var, Expr>(b.iters.map((it, k) => {
    const p = padding[k] as number;
    return [
      it.var,
      analyzer.simplify(
        isConst(it.extent) && it.extent.value % p === 0 ? it.extent : mul(ceilDiv(it.extent, p), p),
      ),
    ];
  }));
  const loads = new Map<Buffer, Load>();
  walkStmt(
    b.body,
    () => {},
    (e) => e.kind === "load" && e.buffer !== update.buffer && loads.set(e.buffer, e),
  );
  const plain = [...loads.values(), update].every((x) =>
    x.indices.every((e) => e.kind === "var" && padded.has(e))
  );
  if (!plain) throw new ScheduleError(`${asked}: it indexes its tensors by more than plain axes`, b);
  const grows = (indices: readonly Expr[]) =>
    indices.some((e) =>
      !analyzer.provesEqual(padded.get(e as Var) as Expr, b.iters.find((it) => it.var === e)?.extent as Expr)
    );

  const news = new Map<Buffer, Buffer>();
  const copies: Stmt[] = [];
  for (const [old, at] of loads) {
    if (!grows(at.indices)) continue;
    const shape = at.indices.map((e) => padded.get(e as Var) as Expr);
    const pad: Buffer = { ...old, name: names.get(`${old.name}_pad`), shape, scope: "global" };
    news.set(old, pad);
    const ranges = shape.map((extent) => ({ min: constant(0), extent }));
    const copy = nestOver(pad.name, ranges, shape, names, analyzer, (v) => {
      const inside = and(
        ...v.flatMap((x, d) =>
          analyzer.provesEqual(shape[d] as Expr, old.shape[d] as Expr) ? [] : [lt(x, old.shape[d] as Expr)]
        ),
      );
      return store(pad, v, select(inside, load(old, ...v), constant(0, old.dtype)));
    });
    copies.push(copy.nest);
  }
  const outOld = update.buffer;
  const outShape = update.indices.map((e) => padded.get(e as Var) as Expr);
  const outGrows = grows(update.indices);
  const out: Buffer = outGrows
    ? { ...outOld, name: names.get(`${outOld.name}_pad`), shape: outShape, scope: "global" }
    : outOld;
  if (outGrows) news.set(outOld, out);

  const expr = (e: Expr): Expr => {
    const x = mapExpr(e, expr);
    const now = x.kind === "load" ? news.get(x.buffer) : undefined;
    return x.kind === "load" && now ? { ...x, buffer: now } : x;
  };
  const stmt = (s: Stmt): Stmt => {
    const x = mapStmt(s, stmt, expr);
    return x.kind === "store" && x.buffer === outOld ? { ...x, buffer: out } : x;
  };
  const main: Block = {
    ...b,
    iters: b.iters.map((it) => ({ ...it, extent: padded.get(it.var) as Expr })),
    body: stmt(b.body),
    ...(b.init ? { init: stmt(b.init) } : {}),
  };
  const nest = loops.reduceRight<Stmt>(
    (s, l: For, k) =>
      forLoop(
        l.var,
        padded.get((b.iters[k] as Block["iters"][number]).var) as Expr,
        s,
        l.loop,
        l.annotations,
      ),
    main,
  );
  let now = replaceStmt(func, loops[0] as For, nest);
  for (const c of copies) now = insert(now, undefined, main, c, "before");
  if (outGrows) {
    const ranges = outOld.shape.map((extent) => ({ min: constant(0), extent }));
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
  return e.kind === "binary" && e.op === "mul" && isProduct(e.a) && isProduct(e.b);
}
