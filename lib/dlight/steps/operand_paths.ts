import { bytesOf, isUniformType } from "../../ir/dtype.ts";
import { elementsOf } from "../../ir/elements.ts";
import { equalExpr } from "../../ir/equal.ts";
import type { Expr, Load } from "../../ir/expr.ts";
import { PREPARE } from "../../ir/annotations.ts";
import { outputsOf } from "../../ir/parameters.ts";
import { readsMemory } from "../../ir/visit.ts";
import type { Schedule } from "../../schedule/schedule.ts";
import type { Knobs } from "../../space/knobs.ts";
import { type Target, UNIFORM_BYTES } from "../../target/target.ts";
import { copiedTextureLayout, textureLayout } from "../../target/texture.ts";
import { constExtent } from "../analysis.ts";
import { type Path, presetsOf } from "../presets.ts";
import { unrollCopy } from "./cooperative_copy.ts";

/**
 * Declares a knob for the path of some tensors: the `options` that all of them can take on the target. Puts them into
 * textures or uniform buffers if the knob says so.
 */
export function choosePath<P extends Path>(
  sch: Schedule,
  knobs: Knobs,
  knob: string,
  inputs: readonly string[],
  target: Target,
  options: readonly P[],
  preset: P,
): P {
  // An output that is read again stays in its buffer.
  const outputs = new Set(outputsOf(sch.func).map((b) => b.name));
  const read = inputs.filter((name) => !outputs.has(name));
  const paths = options.filter((o) =>
    read.every((name) => FITS[o](sch, name, target)) &&
    (o !== "texture" || read.length <= target.limits.maxTextures)
  );
  const path = knobs.choice(knob, paths, paths.includes(preset) ? preset : "buffer" as P);
  if (path === "texture" || path === "uniform") { for (const name of read) sch.setScope(name, path); }
  return path;
}

/** Whether an input can take a path on a target. */
const FITS: Readonly<Record<Path, (sch: Schedule, input: string, target: Target) => boolean>> = {
  shared: () => true,
  buffer: () => true,
  texture: fitsTexture,
  uniform: fitsUniform,
};

/** Gives the reason why a workgroup can't have these threads, one factor per axis; undefined if it can. */
export function tooMany({ limits }: Target, ...threads: readonly number[]): string | undefined {
  return threads.reduce((a, b) => a * b, 1) > limits.maxInvocations
    ? `${threads.join(" x ")} threads: the device takes ${limits.maxInvocations}`
    : undefined;
}

/** Gives the reason why `amount` exceeds `most`: "`what`: more than `most` `why`"; undefined if it does not. */
export function tooLarge(amount: number, most: number, what: string, why: string): string | undefined {
  return amount > most ? `${what}: more than ${most} ${why}` : undefined;
}

function fitsTexture(sch: Schedule, input: string, target: Target): boolean {
  const param = sch.func.params.find((b) => b.name === input);
  const { shape, dtype } = param ?? { shape: [], dtype: "f32" };
  if (dtype === "bool" || param?.stored || shape.length === 0) return false;
  const copied = sch.func.activations.includes(input);
  // Where it is unknown whether a copy pays, there is none.
  if (copied && (elementsOf(shape) ?? 0) < presetsOf(target).leastCopied) return false;
  const columns = shape.at(-1), layoutOf = copied ? copiedTextureLayout : textureLayout;
  return layoutOf(elementsOf(shape.slice(0, -1)), columns && constExtent(columns), target.limits) !==
    undefined;
}

/** Tells whether an input lies in a buffer because another kernel makes it. */
export function staysInBuffer(sch: Schedule, input: string, target: Target): boolean {
  return sch.func.activations.includes(input) && !fitsTexture(sch, input, target);
}

function fitsUniform(sch: Schedule, input: string): boolean {
  const param = sch.func.params.find((b) => b.name === input && !sch.func.activations.includes(input));
  const elements = param && !param.stored && isUniformType(param.dtype) ? elementsOf(param.shape) : undefined;
  return param !== undefined && elements !== undefined && elements * bytesOf(param.dtype) <= UNIFORM_BYTES;
}

/** Cost of copying the other operand, in products per result (llvmpipe, tiles of 16, 8 and 4 results). */
export const OPERAND_COPY_COST = 4;

/** Finds the block that produces `buffer` for `block`; undefined for an input, given or prepared. */
export function producerOf(sch: Schedule, block: string, buffer: string): string | undefined {
  return sch.producers(block).find((name) => {
    const { body, annotations } = sch.block(name);
    return body.kind === "store" && body.buffer.name === buffer && annotations[PREPARE] !== true;
  });
}

/**
 * Puts `buffer` into registers under `loop`, for `block`: a copy of an input, or the producer itself (a dequantization, a
 * padding). The producer's own inputs are then copied as well.
 */
export function cacheInRegisters(
  sch: Schedule,
  block: string,
  buffer: string,
  loop: string,
  options: { readonly vectors: boolean },
): void {
  const producer = producerOf(sch, block, buffer);
  const near = producer ?? sch.cacheRead(block, buffer, "local");
  if (producer !== undefined) sch.setScope(producer, "local");
  unrollCopy(sch, sch.computeAt(near, loop), options.vectors);
  if (producer === undefined) return;
  for (const input of packedInputs(sch, producer)) {
    const copy = sch.cacheRead(producer, input, "local");
    unrollCopy(sch, sch.computeAt(copy, loop), options.vectors);
  }
}

/**
 * Gives one load for each tensor that `block` reads at a single place. A tensor that is read at several places, or where
 * another tensor says, has no tile, and stays in its buffer.
 */
export function tiledInputs(sch: Schedule, block: string): readonly Load[] {
  const loads = sch.inputs(block).filter((l) => sch.func.params.includes(l.buffer));
  const firsts = new Map(loads.toReversed().map((l) => [l.buffer, l]));
  return [...firsts.values()].toReversed().filter((first) =>
    !first.indices.some(readsMemory) &&
    loads.every((l) =>
      l.buffer !== first.buffer || l.indices.every((e, d) => equalExpr(e, first.indices[d] as Expr))
    )
  );
}

/** Inputs that a decoding producer reads several times each: their indices divide an iteration variable. */
function packedInputs(sch: Schedule, producer: string): readonly string[] {
  return sch.inputs(producer).filter((b) => b.indices.some((e) => e.kind === "binary" && e.op === "floordiv"))
    .map((b) => b.buffer.name);
}
