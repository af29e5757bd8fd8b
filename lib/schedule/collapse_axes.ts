import { isConst, iterVar, mul, variable } from "../ir/build.ts";
import { equalExpr } from "../ir/equal.ts";
import type { Buffer, Expr, Var } from "../ir/expr.ts";
import type { PrimFunc } from "../ir/func.ts";
import type { Block, For, IterVar, Stmt } from "../ir/stmt.ts";
import { mapExpr, mapStmt, memoized, usesVar, walkStmt } from "../ir/visit.ts";

/**
 * Makes one axis of neighbouring axes that a program always takes together: `[1, m, k]` and `[2, m, k]` become rows, as
 * rules know them. Elements keep their order, so that a parameter is a view of what it was.
 *
 *     for b, i, j in grid(2, 7, 4):            for i, j in grid(14, 4):
 *       C[b, i, j] = relu(A[b, i, j])    →       C[i, j] = relu(A[i, j])
 */
export function collapseAxes(func: PrimFunc): PrimFunc {
  for (let now = func;;) {
    const joint = firstJoint(now);
    if (!joint) return now;
    now = collapsed(now, joint);
  }
}

/** A dimension of some buffers that is taken together with the next one, and the blocks' axes that do. */
interface Joint {
  readonly dims: ReadonlyMap<Buffer, number>;
  readonly axes: ReadonlyMap<Block, readonly [outer: IterVar, inner: IterVar]>;
}

/** Grows a set of dimensions from each pair, over all blocks that access it; gives the first that holds. */
function firstJoint(func: PrimFunc): Joint | undefined {
  const blocks: { readonly block: Block; readonly loops: readonly For[] }[] = [];
  const visit = (s: Stmt, loops: readonly For[]): void => {
    if (s.kind === "for") visit(s.body, [...loops, s]);
    else if (s.kind === "seq") s.body.forEach((x) => visit(x, []));
    else if (s.kind === "block") blocks.push({ block: s, loops });
  };
  visit(func.body, []);
  for (const b of [...func.params, ...func.allocs]) {
    for (let d = 0; d + 1 < b.shape.length; d++) {
      const joint = grown(b, d, blocks);
      if (joint) return joint;
    }
  }
  return undefined;
}

function grown(
  b: Buffer,
  d: number,
  blocks: readonly { readonly block: Block; readonly loops: readonly For[] }[],
): Joint | undefined {
  const dims = new Map<Buffer, number>([[b, d]]);
  const axes = new Map<Block, readonly [IterVar, IterVar]>();
  for (let size = 0; size !== dims.size + axes.size;) {
    size = dims.size + axes.size;
    for (const { block, loops } of blocks) {
      const accesses = accessesOf(block);
      for (const { buffer, indices } of accesses) {
        const at = dims.get(buffer);
        if (at === undefined) continue;
        if (buffer.scope !== "global") return undefined;
        const pair = [indices[at], indices[at + 1]].map((i) => block.iters.find((it) => it.var === i));
        const [outer, inner] = pair;
        if (!outer || !inner || !isNested(block, loops, outer, inner)) return undefined;
        // A row is as long as the buffer's, so that the next one follows it.
        if (!equalExpr(inner.extent, buffer.shape[at + 1] as Expr)) return undefined;
        const known = axes.get(block);
        if (known && (known[0] !== outer || known[1] !== inner)) return undefined;
        axes.set(block, [outer, inner]);
      }
      const pair = axes.get(block);
      if (!pair) continue;
      for (const { buffer, indices } of accesses) {
        const at = indices.indexOf(pair[0].var);
        if (at < 0) continue;
        const known = dims.get(buffer);
        if (indices[at + 1] !== pair[1].var || (known !== undefined && known !== at)) return undefined;
        dims.set(buffer, at);
      }
      if (!isUsedTogether(block, pair, dims)) return undefined;
    }
  }
  return { dims, axes };
}

/** Whether two axes are of one kind, and their loops directly inside of each other. */
function isNested(block: Block, loops: readonly For[], outer: IterVar, inner: IterVar): boolean {
  const loopOf = (it: IterVar) => loops.findIndex((l) => l.var === block.bindings[block.iters.indexOf(it)]);
  const at = loopOf(outer);
  return outer.type === inner.type && at >= 0 && loopOf(inner) === at + 1 && isConst(block.where, 1) &&
    loops.every((l) => l.loop === "serial" && Object.keys(l.annotations).length === 0) &&
    !usesVar(inner.extent, (v) => v === loops[at]?.var);
}

/** Whether a block mentions two axes only as neighbouring indices of buffers that are collapsed. */
function isUsedTogether(
  block: Block,
  [outer, inner]: readonly [IterVar, IterVar],
  dims: ReadonlyMap<Buffer, number>,
): boolean {
  const isAxis = (v: Var) => v === outer.var || v === inner.var;
  return accessesOf(block).every(({ buffer, indices }) => {
    const at = dims.get(buffer);
    return indices.every((i, d) =>
      at !== undefined && (d === at || d === at + 1) ? true : !usesVar(i, isAxis)
    );
  }) && !mentions(block, isAxis);
}

/** Whether a block mentions a variable outside of indices. */
function mentions(block: Block, is: (v: Var) => boolean): boolean {
  let found = false;
  const expr = (e: Expr): void => {
    if (e.kind === "var") found ||= is(e);
    // Indices are looked at by themselves.
    if (e.kind !== "load") mapExpr(e, (child) => (expr(child), child));
  };
  const stmt = (s: Stmt): void => {
    if (s.kind === "store") expr(s.value);
    else mapStmt(s, (x) => (stmt(x), x), (e) => (expr(e), e));
  };
  stmt(block.body);
  if (block.init) stmt(block.init);
  return found;
}

interface Access {
  readonly buffer: Buffer;
  readonly indices: readonly Expr[];
}

function accessesOf(block: Block): readonly Access[] {
  const found: Access[] = [];
  const expr = (e: Expr) => {
    if (e.kind === "load") found.push(e);
  };
  for (const s of [block.body, ...(block.init ? [block.init] : [])]) {
    walkStmt(s, (x) => {
      if (x.kind === "store") found.push(x);
    }, expr);
  }
  return found;
}

function collapsed(func: PrimFunc, { dims, axes }: Joint): PrimFunc {
  const now = new Map<Buffer, Buffer>();
  const bufferOf = (b: Buffer): Buffer => {
    const d = dims.get(b);
    if (d === undefined) return b;
    const made = now.get(b) ?? {
      ...b,
      shape: b.shape.toSpliced(d, 2, product(b.shape[d] as Expr, b.shape[d + 1] as Expr)),
      given: b.given ?? b.shape,
    };
    now.set(b, made);
    return made;
  };
  const indicesOf = (b: Buffer, indices: readonly Expr[], axis: Expr): readonly Expr[] => {
    const d = dims.get(b);
    return d === undefined ? indices : indices.toSpliced(d, 2, axis);
  };
  const inBlock = (s: Stmt, axis: Expr): Stmt => {
    const expr: (e: Expr) => Expr = memoized((e) => {
      const x = mapExpr(e, expr);
      return x.kind === "load"
        ? { ...x, buffer: bufferOf(x.buffer), indices: indicesOf(x.buffer, x.indices, axis) }
        : x;
    });
    const stmt = (x: Stmt): Stmt => {
      const y = mapStmt(x, stmt, expr);
      return y.kind === "store"
        ? { ...y, buffer: bufferOf(y.buffer), indices: indicesOf(y.buffer, y.indices, axis) }
        : y;
    };
    return stmt(s);
  };
  const loopsGone = new Map<Var, Var>();
  const stmt = (s: Stmt): Stmt => {
    if (s.kind === "for") {
      const pair = pairUnder(s, axes);
      if (!pair) return mapStmt(s, stmt);
      const inner = s.body as For;
      const loop = variable(isConst(s.extent, 1) ? inner.var.name : s.var.name);
      loopsGone.set(s.var, loop).set(inner.var, loop);
      return { ...s, var: loop, extent: product(s.extent, inner.extent), body: stmt(inner.body) };
    }
    if (s.kind !== "block") return mapStmt(s, stmt);
    const pair = axes.get(s);
    if (!pair) return s;
    const [outer, inner] = pair, at = s.iters.indexOf(inner);
    const name = isConst(outer.extent, 1) ? inner.var.name : outer.var.name;
    const axis = iterVar(variable(name), product(outer.extent, inner.extent), outer.type);
    const loop = loopsGone.get(s.bindings[at] as Var) as Var;
    const keep = <T>(list: readonly T[], replaced: T): readonly T[] =>
      list.flatMap((x, k) => s.iters[k] === outer ? [] : k === at ? [replaced] : [x]);
    return {
      ...s,
      iters: keep(s.iters, axis),
      bindings: keep<Expr>(s.bindings, loop),
      body: inBlock(s.body, axis.var),
      ...(s.init ? { init: inBlock(s.init, axis.var) } : {}),
    };
  };
  const body = stmt(func.body);
  return func.with({ params: func.params.map(bufferOf), allocs: func.allocs.map(bufferOf), body });
}

/** The joint axes of the block whose outer axis a loop runs. */
function pairUnder(loop: For, axes: Joint["axes"]): boolean {
  let found = false;
  walkStmt(loop.body, (s) => {
    const pair = s.kind === "block" ? axes.get(s) : undefined;
    if (s.kind === "block" && pair) found ||= s.bindings[s.iters.indexOf(pair[0])] === loop.var;
  });
  return found;
}

function product(a: Expr, b: Expr): Expr {
  return isConst(a, 1) ? b : isConst(b, 1) ? a : mul(a, b);
}
