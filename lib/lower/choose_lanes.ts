/**
 * Decides which arrays hold vectors of four: those with an access to a whole aligned vector. Other accesses to them use a
 * component. Shared memory keeps scalars if a store writes less than a whole vector: the neighbours of a component may
 * belong to another thread.
 */
import { add, seq } from "../ir/build.ts";
import { scalarOf } from "../ir/dtype.ts";
import { type Buffer, type Expr, isReadOnly, type Load, type Ramp } from "../ir/expr.ts";
import type { Analyzer } from "../arith/analyzer.ts";
import type { Stmt, Store } from "../ir/stmt.ts";
import { mapExpr, mapStmt, memoized, rewriter, walkOnce } from "../ir/visit.ts";
import { HAS_BYTES } from "../target/capabilities.ts";
import type { Target } from "../target/target.ts";
import { analyzerOf, type KernelDraft } from "./kernel_draft.ts";

export function chooseLanes(draft: KernelDraft, target: Target): KernelDraft {
  const analyzer = analyzerOf(draft);
  const vector = new Set<Buffer>(), scalar = new Set<Buffer>(), all = new Set<Buffer>();
  const aligned = new Set<Ramp>(), ramps: (readonly [Ramp, Buffer])[] = [];
  const note = (x: Load | Store) => {
    all.add(x.buffer);
    const ramp = rampOf(x);
    if (ramp) ramps.push([ramp, x.buffer]);
    if (ramp && isAligned(ramp, analyzer)) {
      aligned.add(ramp);
      vector.add(x.buffer);
    } else if (x.kind === "store" && x.buffer.scope !== "local") scalar.add(x.buffer);
  };
  const noteExpr = (e: Expr) => e.kind === "load" && note(e);
  walkOnce(draft.body, (s) => s.kind === "store" && note(s), noteExpr);
  const lanes = new Map<Buffer, 1 | 4>();
  for (const b of all) {
    // bool is stored as u32 and has no vector form in memory. Bytes have one where words are all that kernels access.
    const isPlain = b.dtype !== "bool" && !(b.stored && HAS_BYTES[target.language]);
    const four = isReadOnly(b.scope) || (vector.has(b) && !scalar.has(b) && isPlain);
    lanes.set(b, four ? 4 : 1);
  }

  const isWhole = (ramp: Ramp, b: Buffer) => lanes.get(b) === 4 && aligned.has(ramp);
  if (ramps.every(([ramp, b]) => isWhole(ramp, b))) return { ...draft, lanes };
  const expr = rewriter((e) => {
    const ramp = e.kind === "load" ? rampOf(e) : undefined;
    if (e.kind !== "load" || !ramp || isWhole(ramp, e.buffer)) return e;
    const dtype = scalarOf(e.dtype);
    return {
      kind: "shuffle",
      dtype: e.dtype,
      lanes: laneIndices(e.indices, ramp).map((indices) => ({ ...e, dtype, indices })),
    };
  });
  const stmt = (s: Stmt): Stmt => {
    const x = mapStmt(s, stmt, expr);
    if (x.kind !== "store") return x;
    const ramp = rampOf(x);
    if (!ramp || isWhole(ramp, x.buffer)) return x;
    return seq(
      ...laneIndices(x.indices, ramp).map((indices, k) => ({ ...x, indices, value: laneOf(x.value, k) })),
    );
  };
  return { ...draft, body: stmt(draft.body), lanes };

  function laneIndices(indices: readonly Expr[], ramp: Ramp): readonly (readonly Expr[])[] {
    return [0, 1, 2, 3].map((
      k,
    ) => [...indices.slice(0, -1), analyzer.simplify(add(ramp.base, Math.imul(k, ramp.stride)))]);
  }
}

function rampOf(x: Load | Store): Ramp | undefined {
  const last = x.indices.at(-1);
  return last?.kind === "ramp" ? last : undefined;
}

function isAligned(ramp: Ramp, analyzer: Analyzer): boolean {
  const l = analyzer.linear(ramp.base);
  return ramp.stride === 1 && l.constant % 4 === 0 && [...l.terms.values()].every((t) => t.coeff % 4 === 0);
}

/** Lane `k` of a vector expression, as a scalar expression. */
export function laneOf(e: Expr, k: number): Expr {
  const lane: (e: Expr) => Expr = memoized((x) => laneWith(x, k, lane));
  return lane(e);
}

function laneWith(e: Expr, k: number, laneOf: (e: Expr) => Expr): Expr {
  switch (e.kind) {
    case "broadcast":
      return e.a;
    case "shuffle":
      return e.lanes[k] ?? e;
    case "ramp":
      return add(e.base, Math.imul(k, e.stride));
    case "load": {
      const last = e.indices.at(-1);
      if (last?.kind !== "ramp") return e;
      return { ...e, dtype: scalarOf(e.dtype), indices: [...e.indices.slice(0, -1), laneOf(last)] };
    }
    case "const":
    case "var":
      return e;
    default:
      return { ...mapExpr(e, laneOf), dtype: scalarOf(e.dtype) } as Expr;
  }
}
