import type { Limits } from "./target.ts";

/**
 * Rows of a matrix that lie side by side in one row of a 2-D texture of four elements a texel: a power of
 * two, 1 where the texture is not too high without. Undefined where it does not fit, or where the columns are
 * symbolic, so that rows have no fixed width. A symbolic number of rows counts as fitting; the runtime checks
 * it at launch.
 */
export function texturePack(
  rows: number | undefined,
  columns: number | undefined,
  limits: Pick<Limits, "maxTextureSize">,
): number | undefined {
  if (columns === undefined) return undefined;
  const size = limits.maxTextureSize;
  let pack = 1;
  while (Math.ceil((rows ?? 1) / pack) > size) pack *= 2;
  return pack * Math.ceil(columns / 4) <= size ? pack : undefined;
}
