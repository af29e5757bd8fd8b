/** The logarithms of the probabilities of tokens. */
import type { ChosenLogprob, TokenLogprob } from "../openai/generator.ts";
import type { Tokenizer } from "../tokenizer/tokenizer.ts";

/** Gives a token's logarithm of probability among logits, beside the `most` likeliest ones. */
export function logProbabilityOf(
  id: number,
  logits: Float32Array,
  most: number,
  tokenizer: Tokenizer,
): ChosenLogprob {
  const largest = logits.reduce((a, b) => Math.max(a, b), -Infinity);
  const all = largest + Math.log(logits.reduce((n, x) => n + Math.exp(x - largest), 0));
  const of = (id: number): TokenLogprob => ({
    token: tokenizer.decode([id], { special: true }),
    bytes: [...tokenizer.bytesOf(id)],
    logprob: (logits[id] as number) - all,
  });
  const order = Array.from(logits.keys()).sort((a, b) => (logits[b] as number) - (logits[a] as number));
  return { ...of(id), top: order.slice(0, most).map(of) };
}
