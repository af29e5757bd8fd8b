/** Decodes quantized matrices in float64, for tests: `(q - 7)·scale` or `(q - 127)·scale`. */

/** Decodes [rows, columns]; the words of a row and its scales are padded to groups of 32. */
export function dequantized(
  words: ArrayLike<number>,
  scales: ArrayLike<number>,
  [rows, columns]: readonly [number, number],
  bits: 4 | 8,
): Float64Array<ArrayBuffer> {
  const perWord = 32 / bits, groups = Math.ceil(columns / 32), zero = 2 ** (bits - 1) - 1;
  const out = new Float64Array(rows * columns);
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) {
      const word = words[r * groups * 32 / perWord + Math.floor(c / perWord)] as number;
      const integer = Math.floor(word / 2 ** (bits * (c % perWord))) % 2 ** bits;
      out[r * columns + c] = (integer - zero) * (scales[r * groups + Math.floor(c / 32)] as number);
    }
  }
  return out;
}
