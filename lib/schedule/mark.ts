import { forLoop, variable } from "../ir/build.ts";
import { isUniformType } from "../ir/dtype.ts";
import { elementsOf } from "../ir/elements.ts";
import { type Buffer, isReadOnly, type Scope } from "../ir/expr.ts";
import type { PrimFunc } from "../ir/func.ts";
import { ALIGN, alignOf, DOUBLE } from "../ir/notes.ts";
import { outputsOf } from "../ir/outputs.ts";
import type { Block } from "../ir/stmt.ts";
import { replaceBuffers } from "../ir/visit.ts";
import { ScheduleError } from "./error.ts";
import { blocksOf, checkDepth, findBlock, findLoop, FreshNames, replaceStmt, storeOf } from "./tree.ts";

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

/**
 * Puts a note on a block or a loop, for rules and passes to read; a block goes before a loop of the same name.
 *
 *     for i in range(64):            →    for i in T.serial(64, annotations={"pragma": 1}):
 *
 * @throws {ScheduleError} for a name that is neither, or a number that is not finite
 */
export function annotate(
  func: PrimFunc,
  name: string,
  key: string,
  value: string | number | boolean,
): PrimFunc {
  const found = blocksOf(func.body).find((b) => b.block.name === name)?.block ?? findLoop(func, name).loop;
  if (typeof value === "number" && !Number.isFinite(value)) {
    throw new ScheduleError(
      `cannot annotate ${name} with ${key} = ${value}: a note is text, a finite number or a boolean`,
      found,
    );
  }
  return replaceStmt(func, found, { ...found, annotations: { ...found.annotations, [key]: value } });
}

/**
 * Lays out the workgroup memory that a block writes so that the stride of dimension `axis` is `offset` more than
 * a multiple of `factor` elements: neighbouring rows then start in different banks.
 *
 *     with T.block("A_shared"):      →    with T.block("A_shared"):
 *                                           T.block_attr({"buffer_dim_align": "0,32,1"})
 *
 * @throws {ScheduleError} for memory that is not shared, the last dimension, or an offset not below the factor
 */
export function storageAlign(
  func: PrimFunc,
  name: string,
  axis: number,
  factor: number,
  offset: number,
): PrimFunc {
  const asked = `cannot align dimension ${axis} of what ${name} writes to ${factor} and ${offset}`;
  const b = writerOfShared(func, name, asked);
  const rank = storeOf(b, "align").indices.length;
  const note = `${axis},${factor},${offset}`;
  if (!alignOf(note, rank)) {
    throw new ScheduleError(
      `${asked}: it has ${rank} dimensions, of which all but the last have a stride to choose; ` +
        `the factor is positive, and the offset below it`,
      b,
    );
  }
  return annotate(func, name, ALIGN, note);
}

/**
 * Keeps two of the workgroup memory that a block writes, which the turns of the serial loop around all its uses
 * take in turn: the next turn may be written while the last one is still read.
 *
 *     with T.block("A_shared"):      →    with T.block("A_shared"):
 *                                           T.block_attr({"double_buffer_scope": True})
 *
 * @throws {ScheduleError} for memory that is not shared
 */
export function doubleBuffer(func: PrimFunc, name: string): PrimFunc {
  writerOfShared(func, name, `cannot keep two of what ${name} writes`);
  return annotate(func, name, DOUBLE, true);
}

function writerOfShared(func: PrimFunc, name: string, asked: string): Block {
  const { block: b } = findBlock(func, name);
  const { buffer } = storeOf(b, "lay out the memory of");
  if (buffer.scope === "shared") return b;
  throw new ScheduleError(
    `${asked}: ${buffer.name} is in ${buffer.scope} memory, and only workgroup memory is laid out by schedules; ` +
      `setScope("${name}", "shared") first`,
    b,
  );
}

/**
 * Puts a loop of one turn around a block's nest, for a block that has none to bind.
 *
 *     B[0] = A[0]                    →    for u in range(1):
 *                                           B[0] = A[0]
 */
export function addUnitLoop(func: PrimFunc, name: string): { func: PrimFunc; loop: string } {
  const { block: b, loops } = findBlock(func, name);
  const v = variable(new FreshNames(func).get("u"));
  const top = loops[0] ?? b;
  checkDepth(`cannot add a loop around ${name}`, top, 1);
  return { func: replaceStmt(func, top, forLoop(v, 1, top)), loop: v.name };
}
