/** The loads and stores of a block. */
import type { Buffer, Expr, Load } from "../ir/expr.ts";
import type { Block, Stmt, Store } from "../ir/stmt.ts";
import { bindingMap } from "../ir/flatten_block.ts";
import { substitute } from "../ir/substitute.ts";
import { walkStmt } from "../ir/visit.ts";
import { ScheduleError } from "./error.ts";

/** Lists the loads and stores of a buffer in a block, their indices in terms of the loops around it. */
export function accessesTo(
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

/** Tells whether a block reads a buffer, apart from its own result. */
export function reads(b: Block, buffer: Buffer): boolean {
  return b.body.kind === "store"
    ? accessesTo(b, buffer).some((a) => !a.write) && b.body.buffer !== buffer
    : accessesTo(b, buffer).some((a) => !a.write);
}

/** Tells whether a block writes a buffer. */
export function writes(b: Block, buffer: Buffer): boolean {
  return buffersWrittenBy(b).has(buffer);
}

/** Lists the buffers that a block writes. */
export function buffersWrittenBy(b: Block): ReadonlySet<Buffer> {
  const all = new Set<Buffer>();
  walkStmt(b, (x) => x.kind === "store" && all.add(x.buffer));
  return all;
}

/** Lists the loads of a block from buffers that it does not write. */
export function inputLoadsOf(b: Block): readonly Load[] {
  const own = buffersWrittenBy(b), loads: Load[] = [];
  walkStmt(b.body, () => {}, (e) => e.kind === "load" && !own.has(e.buffer) && loads.push(e));
  return loads;
}

/** Tells whether a block accumulates over several iterations, or reads the buffer that it writes. */
export function accumulates(b: Block): boolean {
  const own = b.body.kind === "store" ? b.body.buffer : undefined;
  return b.init !== undefined || b.iters.some((it) => it.type === "reduce") ||
    (own !== undefined && accessesTo(b, own).some((a) => !a.write));
}

/**
 * Gives the one store of a block's body.
 *
 * @throws {ScheduleError} where the body is not a single store
 */
export function storeOf(b: Block, verb: string): Store {
  if (b.body.kind === "store") return b.body;
  throw new ScheduleError(`cannot ${verb} ${b.name}: its body is not a single store`, b);
}

/**
 * Lists the stores of a block's body: a single one, or those of a reduction of several values, one for each of its results;
 * none for another body.
 */
export function resultStoresOf(b: Block): readonly Store[] {
  if (b.body.kind === "store") return [b.body];
  const list = b.body.kind === "seq" && b.init ? b.body.body : [];
  const stores = list.filter((s) => s.kind === "store");
  return new Set(stores.map((s) => s.buffer)).size === list.length ? stores : [];
}

/**
 * Gives the stores of a block's body, as {@linkcode resultStoresOf} does.
 *
 * @throws {ScheduleError} where there are none
 */
export function storesOf(b: Block, verb: string): readonly [Store, ...(readonly Store[])] {
  const [first, ...more] = resultStoresOf(b);
  return first ? [first, ...more] : [storeOf(b, verb)];
}
