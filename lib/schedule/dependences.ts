/** The blocks that depend on a block, and those that it depends on. */
import type { PrimFunc } from "../ir/func.ts";
import type { Block } from "../ir/stmt.ts";
import { blocksOf, type FoundBlock } from "./find.ts";
import { buffersWrittenBy, reads } from "./block_accesses.ts";

/** Lists the other blocks that read a block's results. */
export function consumersOf(func: PrimFunc, b: Block): readonly FoundBlock[] {
  const own = buffersWrittenBy(b);
  return blocksOf(func.body).filter((x) =>
    x.block !== b && x.block.name !== b.name && [...own].some((buffer) => reads(x.block, buffer))
  );
}

/** Lists the other blocks that write a block's inputs. */
export function producersOf(func: PrimFunc, b: Block): readonly FoundBlock[] {
  return blocksOf(func.body).filter((x) =>
    x.block !== b && [...buffersWrittenBy(x.block)].some((buffer) => reads(b, buffer))
  );
}
