import type { ScalarType } from "../ir/dtype.ts";
import type { Limits } from "./target.ts";

/** The format of a texture that holds four elements of a type in a texel; there is none for bool. */
export const TEXEL_FORMATS: Readonly<Record<Exclude<ScalarType, "bool">, GPUTextureFormat>> = {
  f32: "rgba32float",
  f16: "rgba16float",
  i32: "rgba32sint",
  u32: "rgba32uint",
};

/** A symbolic number of rows may be large: so many lie side by side, where they fit. */
const SYMBOLIC_PACK = 64;

/**
 * Rows of a matrix that lie side by side in one row of a 2-D texture of four elements a texel: a power of
 * two, 1 where the texture is not too high without. Undefined where it does not fit, or where the columns are
 * symbolic, so that rows have no fixed width. Whether a symbolic number of rows fits, the runtime checks at
 * launch.
 */
export function texturePack(
  rows: number | undefined,
  columns: number | undefined,
  limits: Pick<Limits, "maxTextureSize">,
): number | undefined {
  if (columns === undefined) return undefined;
  const size = limits.maxTextureSize, texels = Math.ceil(columns / 4);
  if (texels > size) return undefined;
  let pack = 1;
  const enough = () =>
    rows === undefined ? pack >= SYMBOLIC_PACK || 2 * pack * texels > size : rows <= pack * size;
  while (!enough()) pack *= 2;
  return pack * texels <= size ? pack : undefined;
}
