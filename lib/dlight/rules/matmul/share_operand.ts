/** The path of an operand through workgroup memory. */
import type { Schedule } from "../../../schedule/schedule.ts";
import { cooperativeCopy, unrollCopy } from "../../steps/cooperative_copy.ts";
import { producerOf } from "../../steps/operand_paths.ts";
import { BANKS } from "./constraints.ts";

/** How an operand lies in workgroup memory, and how threads copy it there. */
export interface SharedOperand {
  /** True if neighbours in memory outside are neighbours along k. */
  readonly kIsLast: boolean;
  /** The dimensions of its own axis and of k. */
  readonly dims: readonly [own: number, k: number];
  /** Elements of its own axis, and of k, that a workgroup holds. */
  readonly tile: readonly [own: number, k: number];
  readonly threads: readonly [y: number, x: number];
  readonly vectors: boolean;
  /** True if it is transposed on its way, so that neighbours along its own axis become neighbours. */
  readonly kMajor: boolean;
  /** Elements by which rows are further apart than multiples of `BANKS`. */
  readonly pad: number;
  /** True if there are two copies, used alternately. */
  readonly twice: boolean;
}

/** Copies operand `name` of `product` to workgroup memory under `tiles`, and from there to registers under `steps`. */
export function shareOperand(
  sch: Schedule,
  product: string,
  name: string,
  { tiles, steps }: { readonly tiles: string; readonly steps: string },
  o: SharedOperand,
): void {
  const producer = producerOf(sch, product, name);
  const copy = sch.cacheRead(product, name, "local");
  const transposed = o.kMajor && o.kIsLast;
  unrollCopy(sch, sch.computeAt(copy, steps), o.vectors && (transposed || !o.kIsLast));
  if (producer !== undefined) sch.setScope(producer, "shared");
  const near = producer ?? sch.cacheRead(copy, name, "shared");
  const loops = sch.computeAt(near, tiles);
  const [own, k] = o.tile, width = o.kIsLast && !transposed ? k : own;
  const lanes = o.vectors && width % 4 === 0 ? 4 : 1;
  cooperativeCopy(sch, transposed ? transpose(sch, near, loops, o.dims, lanes) : loops, o.threads, lanes);
  const { body } = sch.block(near);
  const dimensions = body.kind === "store" ? body.indices.length : 0;
  if (o.pad > 0) sch.storageAlign(near, dimensions - 2, BANKS, o.pad);
  if (o.twice) sch.doubleBuffer(near);
}

/**
 * Makes a copy store k by k. Neighbouring threads take neighbours along k, as they lie outside; each takes `lanes`
 * neighbours along the other axis, one vector inside. Returns the loops of the copy.
 */
function transpose(
  sch: Schedule,
  near: string,
  loops: readonly string[],
  [own, k]: readonly [number, number],
  lanes: number,
): readonly string[] {
  const { body } = sch.block(near);
  if (body.kind !== "store") return loops;
  const dims = body.indices.map((_, d) => d);
  const order = [...dims.filter((d) => d !== own && d !== k), k, own];
  sch.transformLayout(body.buffer.name, { split: dims.map(() => []), order });
  const [rows, steps] = loops;
  if (rows === undefined || steps === undefined || lanes === 1) return loops;
  const [vectors, lane] = sch.split(rows, [null, lanes]) as [string, string];
  sch.reorder(vectors, steps, lane);
  return [vectors, steps, lane];
}
