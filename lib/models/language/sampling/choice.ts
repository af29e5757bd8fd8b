/** What the choice of a token takes into account. */

/** The steps of a choice that a graph has: each costs time, so a graph has only those that it needs. */
export interface Choice {
  /** Only the tokens of a mask may come. */
  readonly mask: boolean;
  /** A number is added to each token's logit. */
  readonly bias: boolean;
  /** Tokens that were there already become less probable. */
  readonly penalties: boolean;
  /** Tokens are drawn by their probabilities. False: the most probable one is taken. */
  readonly random: boolean;
  /** Only the k most probable tokens may be drawn. */
  readonly topK: boolean;
  /** Only the most probable tokens that have a probability together may be drawn. */
  readonly topP: boolean;
  /** Only tokens may be drawn that have a share of the largest probability. */
  readonly minP: boolean;
}

/** The most probable token is taken. */
export const GREEDY: Choice = {
  mask: false,
  bias: false,
  penalties: false,
  random: false,
  topK: false,
  topP: false,
  minP: false,
};

/** Tokens of a word of a mask. */
export const PER_WORD = 32;

/** The columns of a row of parameters. */
export const COLUMNS = [
  "inverseTemperature",
  "topK",
  "topP",
  "logMinP",
  "repetition",
  "presence",
  "frequency",
  "unused",
] as const;
/** A column of a row of parameters. */
export type Column = typeof COLUMNS[number];
