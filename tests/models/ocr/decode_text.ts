/** What a line of text says. */
export interface Decoded {
  readonly text: string;
  /** The mean probability of its characters; 0 where there are none. */
  readonly score: number;
}

/**
 * Decodes the output of connectionist temporal classification (CTC): the likeliest symbol of each step, without repeats and
 * blanks.
 *
 * @param probabilities [steps, symbols], row-major
 * @param symbols the text of each symbol; the first is the blank
 */
export function decodeText(probabilities: ArrayLike<number>, symbols: readonly string[]): Decoded {
  const found: { readonly symbol: number; readonly probability: number }[] = [];
  let before = 0;
  for (let at = 0; at < probabilities.length; at += symbols.length) {
    let symbol = 0;
    for (let k = 1; k < symbols.length; k++) {
      if ((probabilities[at + k] as number) > (probabilities[at + symbol] as number)) symbol = k;
    }
    if (symbol !== 0 && symbol !== before) {
      found.push({ symbol, probability: probabilities[at + symbol] as number });
    }
    before = symbol;
  }
  const sum = found.reduce((s, f) => s + f.probability, 0);
  return {
    text: found.map((f) => symbols[f.symbol]).join(""),
    score: found.length === 0 ? 0 : sum / found.length,
  };
}
