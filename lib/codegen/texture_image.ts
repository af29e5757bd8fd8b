import { evaluate, type ExprJson } from "../ir/json.ts";
import type { Shapes } from "../ir/shapes.ts";
import type { TextureLayout } from "../target/texture.ts";

/** The size of a texture, and what its image is made of: rows of columns, each padded to whole texels, one after the other. */
export interface TextureImage {
  /** Rows of elements. */
  readonly rows: number;
  /** Elements of a row. */
  readonly columns: number;
  /** Texels of a row, of four elements each. */
  readonly texels: number;
  /** Texels of the texture, from left to right. */
  readonly width: number;
  /** Texels of the texture, from top to bottom. */
  readonly height: number;
}

/** Finds the image of a tensor in a texture, where shape variables have the values of `shapes`. */
export function textureImage(
  shape: readonly ExprJson[],
  layout: TextureLayout,
  shapes: Shapes,
): TextureImage {
  const size = shape.reduce<number>((n, d) => n * evaluate(d, shapes), 1);
  const columns = layout.kind === "flat" ? size : evaluate(shape.at(-1) ?? 1, shapes);
  const rows = size / columns, texels = Math.ceil(columns / 4);
  return layout.kind === "flat"
    ? { columns, rows, texels, width: layout.width, height: Math.ceil(texels / layout.width) }
    : { columns, rows, texels, width: texels * layout.pack, height: Math.ceil(rows / layout.pack) };
}
