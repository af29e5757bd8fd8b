import type { ScalarType } from "../ir/dtype.ts";
import type { Limits } from "./target.ts";

/** The format of a texture that holds four elements of a type in a texel. There is none for bool. */
export const TEXEL_FORMATS: Readonly<Record<Exclude<ScalarType, "bool">, GPUTextureFormat>> = {
  f32: "rgba32float",
  f16: "rgba16float",
  i32: "rgba32sint",
  u32: "rgba32uint",
};

/**
 * The layout of a tensor, as a matrix of its last dimension's rows, in a 2-D texture with four elements per texel.
 * `rows`: each row is padded to whole texels, and `pack` rows lie side by side in one row of the texture. `flat`: all
 * elements follow one another, with `width` texels per row of the texture.
 */
export type TextureLayout =
  | { readonly kind: "rows"; readonly pack: number }
  | { readonly kind: "flat"; readonly width: number };

/** Rows side by side, at most, where the number of rows is symbolic: it may be large. */
const SYMBOLIC_PACK = 64;

/**
 * Finds the layout of a matrix; a symbolic dimension is undefined. It is `rows` if the rows have a fixed width that
 * fits, with the least power of two side by side that the texture's height allows. It is `flat` for one row, or for rows
 * of whole texels. Returns undefined if the matrix does not fit. The runtime checks symbolic sizes at launch.
 */
export function textureLayout(
  rows: number | undefined,
  columns: number | undefined,
  limits: Pick<Limits, "maxTextureSize">,
): TextureLayout | undefined {
  const pack = columns === undefined ? undefined : packOf(rows, columns, limits);
  if (pack !== undefined) return { kind: "rows", pack };
  if (rows !== 1 && (columns === undefined || columns % 4 !== 0)) return undefined;
  const width = 2 ** Math.floor(Math.log2(limits.maxTextureSize));
  const height = Math.ceil((rows ?? 1) * Math.ceil((columns ?? 1) / 4) / width);
  return height <= limits.maxTextureSize ? { kind: "flat", width } : undefined;
}

/** Texels in a row of a texture that is filled from a buffer: any device copies rows of their bytes. */
const COPIED_WIDTH = 1024;

/**
 * Finds the layout of a matrix that lies in a buffer and is copied to a texture: `flat`, so that textures of one format fit
 * all matrices up to their height. Undefined for rows of parts of texels, and for what does not fit; a symbolic dimension is
 * undefined.
 */
export function copiedTextureLayout(
  rows: number | undefined,
  columns: number | undefined,
  limits: Pick<Limits, "maxTextureSize">,
): TextureLayout | undefined {
  if (rows !== 1 && (columns === undefined || columns % 4 !== 0)) return undefined;
  const height = Math.ceil((rows ?? 1) * Math.ceil((columns ?? 1) / 4) / COPIED_WIDTH);
  return height <= limits.maxTextureSize ? { kind: "flat", width: COPIED_WIDTH } : undefined;
}

function packOf(
  rows: number | undefined,
  columns: number,
  limits: Pick<Limits, "maxTextureSize">,
): number | undefined {
  const size = limits.maxTextureSize, texels = Math.ceil(columns / 4);
  let pack = 1;
  const enough = () =>
    rows === undefined ? pack >= SYMBOLIC_PACK || 2 * pack * texels > size : rows <= pack * size;
  while (!enough()) pack *= 2;
  return pack * texels <= size ? pack : undefined;
}
