import { max, min, sub } from "../ir/build.ts";
import type { PrimFunc } from "../ir/func.ts";
import { compute, type Dim, dims, placeholder, primFunc } from "../te/compute.ts";
import { dequantized, type Q4Layout } from "./dequantize_q4.ts";

export interface EmbeddingOptions {
  /** Tokens to look up. */
  readonly rows: Dim;
  /** Rows of the table. */
  readonly vocabulary: Dim;
  /** Columns of the table. */
  readonly columns: Dim;
  /** Default f32. */
  readonly dtype?: "f32" | "f16";
  /** The table comes as 4-bit weights: parameters W_q and W_scale in its place. */
  readonly weights?: Q4Layout;
}

/**
 * Rows of a table: `B[r, c] = W[ids[r], c]`; ids outside of it are taken to its nearest row. Parameters W (or
 * W_q, W_scale), ids i32[rows], B.
 *
 * @throws {TeError} for an impossible extent
 */
export function embedding(options: EmbeddingOptions): PrimFunc {
  const { weights } = options;
  const dtype = weights === "q4f16_1" ? "f16" : options.dtype ?? "f32";
  const { rows, vocabulary, columns } = dims("embedding", {
    rows: options.rows,
    vocabulary: options.vocabulary,
    columns: options.columns,
  });
  const w = weights && dequantized(weights, vocabulary, columns);
  const W = placeholder("W", [vocabulary, columns], dtype);
  const ids = placeholder("ids", [rows], "i32");
  const B = compute("B", [rows, columns], (i, j) => {
    const row = max(min(ids.at(i), sub(vocabulary, 1)), 0);
    return w ? w.at(row, j) : W.at(row, j);
  });
  return primFunc("embedding", [...(w?.packed ?? [W]), ids, B]);
}
