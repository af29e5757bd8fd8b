import { isUniformType } from "../ir/dtype.ts";
import { elementsOf } from "../ir/elements.ts";
import { type Buffer, isReadOnly, type Scope } from "../ir/expr.ts";
import type { PrimFunc } from "../ir/func.ts";
import { outputsOf } from "../ir/parameters.ts";
import { replaceBuffers } from "../ir/substitute.ts";
import { ScheduleError } from "./error.ts";
import { blocksOf, findBlock } from "./find.ts";
import { storeOf } from "./block_accesses.ts";

/**
 * Puts the buffer that a block writes, or an input, in another memory.
 *
 *     T = T.alloc_buffer((64,))      →    T = T.alloc_buffer((64,), scope="shared")
 *
 * @throws {ScheduleError} where the memory can't hold it: inputs are global or textures, outputs global
 */
export function setScope(func: PrimFunc, name: string, scope: Scope): PrimFunc {
  const asked = `cannot put ${name} in ${scope} memory`;
  const param = func.params.find((p) => p.name === name);
  const isBlock = blocksOf(func.body).some((b) => b.block.name === name);
  const input = param && !outputsOf(func).includes(param) ? param : undefined;
  if (input) {
    if (!isReadOnly(scope) && scope !== "global") {
      throw new ScheduleError(
        `${asked}: an input is global, a texture or in a uniform buffer; cacheRead copies it nearer`,
      );
    }
    if (input.stored && scope !== "global") {
      throw new ScheduleError(
        `${asked}: it is stored as ${input.stored}, for which there are only buffers; keep it global`,
      );
    }
    if (scope === "uniform" && !(isUniformType(input.dtype) && elementsOf(input.shape) !== undefined)) {
      throw new ScheduleError(
        `${asked}: uniform buffers hold f32, i32 and u32 of constant size; keep it global`,
      );
    }
    if (scope === "texture" && (input.dtype === "bool" || input.shape.length === 0)) {
      throw new ScheduleError(
        `${asked}: textures hold f32, f16, i32 and u32 in one dimension or more; keep it global`,
      );
    }
    return replace(func, input, { ...input, scope });
  }
  if (!isBlock) {
    const inputs = func.params.filter((p) => !outputsOf(func).includes(p)).map((p) => p.name);
    const blocks = blocksOf(func.body).map((b) => b.block.name);
    throw new ScheduleError(
      `${asked}: it is neither a block nor an input; blocks are ${blocks.join(", ")}, inputs ${
        inputs.join(", ")
      }`,
    );
  }
  const { block: b } = findBlock(func, name);
  const { buffer } = storeOf(b, "set the scope of");
  if (func.params.includes(buffer)) {
    throw new ScheduleError(`${asked}: ${buffer.name} is an output and stays global; cacheWrite first`, b);
  }
  if (isReadOnly(scope)) {
    throw new ScheduleError(
      `${asked}: that is read-only, and ${name} writes; global, shared and local work`,
      b,
    );
  }
  return replace(func, buffer, { ...buffer, scope });
}

function replace(func: PrimFunc, old: Buffer, now: Buffer): PrimFunc {
  const swap = (b: Buffer) => b === old ? now : b;
  return func.with({
    params: func.params.map(swap),
    allocs: func.allocs.map(swap),
    body: replaceBuffers(func.body, new Map([[old, now]])),
  });
}
