/**
 * Buffers in registers and workgroup memory shrink to what one thread or workgroup holds at a time:
 * the box that their accesses touch while the loops inside their common scope run.
 */
import { constant, floorMod, isConst, sub } from "../ir/build.ts";
import type { Buffer, Expr, Load, Var } from "../ir/expr.ts";
import { type Range, regionOf, unionRange } from "../arith/region.ts";
import type { Analyzer } from "../arith/analyzer.ts";
import type { For, Stmt, Store } from "../ir/stmt.ts";
import { mapStmt, rewriter, usesVar, walkStmt } from "../ir/visit.ts";
import { type Access, accessesOf, commonLoops } from "./buffer_accesses.ts";
import { analyzerOf, type KernelDraft, type Layout, threadVars, workgroupVars } from "./kernel_draft.ts";
import { LowerError } from "./error.ts";

export function compactBuffers(draft: KernelDraft): KernelDraft {
  const analyzer = analyzerOf(draft);
  const accesses = accessesOf(draft.body);
  const plans = new Map<Buffer, Plan>();
  for (const [b, list] of accesses) {
    if (b.scope === "local" || b.scope === "shared") plans.set(b, plan(b, list, draft, analyzer));
  }
  const move = <T extends Load | Store>(x: T): T => {
    const p = plans.get(x.buffer);
    return p
      ? {
        ...x,
        buffer: p.now,
        indices: [
          ...p.copy,
          ...x.indices.map((e, d) => analyzer.simplify(sub(e, p.mins[d] ?? constant(0)))),
        ],
      }
      : x;
  };
  const expr = rewriter((e) => e.kind === "load" ? move(e) : e);
  const stmt = (s: Stmt): Stmt => {
    const x = mapStmt(s, stmt, expr);
    return x.kind === "store" ? move(x) : x;
  };
  return { ...draft, body: stmt(draft.body) };
}

interface Plan {
  readonly now: Buffer;
  readonly mins: readonly Expr[];
  /** The index of the copy, if there are two copies. */
  readonly copy: readonly Expr[];
}

function plan(b: Buffer, accesses: readonly Access[], draft: KernelDraft, analyzer: Analyzer): Plan {
  const common = commonLoops(accesses);
  const layout = draft.layouts.get(b);
  const own = b.scope === "local" ? threadVars(draft, "threadIdx") : new Set<Var>();
  const fixed = new Set(common.map((l) => l.var)).union(workgroupVars(draft)).union(own);
  const relaxed = (v: Var) => !fixed.has(v);
  const boxOf = (list: readonly Access[]): readonly Range[] =>
    list.map((a) => regionOf(b, a.indices, relaxed, analyzer)).reduce((p, q) =>
      p.map((r, d) => unionRange(r, q[d] ?? r, analyzer) ?? whole(b, d))
    );
  const box = boxOf(accesses);
  const written = boxOf(accesses.filter((a) => a.write));
  if (b.scope === "local") checkCovered(b, box, written, analyzer);
  const alternating = layout?.doubled ? common.findLast((l) => l.loop === "serial") : undefined;
  if (layout?.doubled) checkDoubled(b, alternating, box, written, analyzer);
  // A box may reach past the buffer, where a condition keeps the accesses away: then the whole is smaller.
  const held = box.map((r, d): Range => {
    const extent = analyzer.simplify(r.extent);
    const full = b.shape[d] ?? constant(1);
    if (isConst(extent)) return isConst(full) && full.value < extent.value ? whole(b, d) : { ...r, extent };
    throw new LowerError(
      `cannot place ${b.name} in ${b.scope} memory: dimension ${d} needs a size that is not constant; ` +
        `move its producer under a loop of constant extent (computeAt), or split that loop`,
    );
  });
  const shape = padded(b, held.map((r) => r.extent), layout);
  return {
    now: { ...b, shape: alternating ? [constant(2), ...shape] : shape },
    mins: held.map((r) => r.min),
    copy: alternating ? [floorMod(alternating.var, 2)] : [],
  };
}

/** Lengthens the dimension after the aligned one, until the stride is as requested. */
function padded(b: Buffer, shape: readonly Expr[], layout: Layout | undefined): readonly Expr[] {
  if (!layout?.align) return shape;
  const { axis, factor, offset } = layout.align;
  const sizes = shape.map((d) => isConst(d) ? d.value : NaN);
  const rest = sizes.slice(axis + 2).reduce((p, d) => p * d, 1), row = sizes[axis + 1] ?? 1;
  for (let long = row; long < row + factor; long++) {
    if (long * rest % factor === offset) return shape.with(axis + 1, constant(long));
  }
  throw new LowerError(
    `cannot align ${b.name}: the stride of dimension ${axis} is a multiple of ${rest}, and none of those is ` +
      `${offset} more than a multiple of ${factor}`,
  );
}

/** Checks that no iteration reads what another one wrote; otherwise two alternating copies would differ from one array. */
function checkDoubled(
  b: Buffer,
  alternating: For | undefined,
  box: readonly Range[],
  written: readonly Range[],
  analyzer: Analyzer,
): void {
  const asked = `cannot keep two of ${b.name}`;
  if (!alternating) {
    throw new LowerError(`${asked}: no serial loop is around all its uses; computeAt its block in one`);
  }
  if (!box.every((r, d) => isSame(r, written[d], analyzer))) {
    throw new LowerError(`${asked}: an iteration of ${alternating.var.name} reads more of it than it writes`);
  }
  walkStmt(alternating.body, (s) => {
    if (s.kind !== "if" || !usesVar(s.cond, (v) => v === alternating.var)) return;
    walkStmt(s, (x) => {
      if (x.kind !== "store" || x.buffer !== b) return;
      throw new LowerError(
        `${asked}: not every iteration of ${alternating.var.name} writes it; pad that axis, or keep one copy of it`,
      );
    });
  });
}

function whole(b: Buffer, d: number): Range {
  return { min: constant(0), extent: b.shape[d] ?? constant(1), exact: false };
}

/** Checks that a thread has written everything that it reads from its registers. */
function checkCovered(b: Buffer, box: readonly Range[], written: readonly Range[], analyzer: Analyzer): void {
  box.forEach((r, d) => {
    if (isSame(r, written[d], analyzer)) return;
    throw new LowerError(
      `cannot keep ${b.name} in registers: a thread would read elements of dimension ${d} that it did not ` +
        `write; compute the producer under the same thread loops as its consumer, or use shared memory`,
    );
  });
}

function isSame(r: Range, s: Range | undefined, analyzer: Analyzer): boolean {
  return s !== undefined && analyzer.provesEqual(s.min, r.min) && analyzer.provesEqual(s.extent, r.extent);
}
