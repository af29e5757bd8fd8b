/** How a text is sampled: what was asked for, over the defaults of the model's folder, as rows of a batch. */
import type { GenerationDefaults } from "../../config/generation.ts";
import type { GenerateOptions } from "../../openai/generator.ts";
import { type Choice, type Column, COLUMNS } from "./choice.ts";

/** How the tokens of a text are chosen. */
export interface Settings {
  /** What the choice takes into account. */
  readonly choice: Choice;
  /** Its numbers, as a row of parameters. */
  readonly parameters: readonly number[];
  /** What random numbers follow from. */
  readonly seed: number;
  /** What is added to logits, by token. */
  readonly bias: ReadonlyMap<number, number>;
}

/** Gives the settings of a text. A text without a seed gets `otherwise`. */
export function settingsOf(
  options: GenerateOptions,
  defaults: GenerationDefaults,
  otherwise: number,
): Settings {
  const { temperature = defaults.temperature ?? 1 } = options, random = temperature > 0;
  const { topK = defaults.topK ?? 0, topP = defaults.topP ?? 1, minP = defaults.minP ?? 0 } = options;
  const {
    repetitionPenalty: repetition = defaults.repetitionPenalty ?? 1,
    presencePenalty: presence = defaults.presencePenalty ?? 0,
    frequencyPenalty: frequency = defaults.frequencyPenalty ?? 0,
  } = options;
  const bias = new Map(Object.entries(options.logitBias ?? {}).map(([id, x]) => [Number(id), x]));
  const numbers: Readonly<Record<Column, number>> = {
    inverseTemperature: random ? 1 / temperature : 1,
    // The most probable token alone, where others of the batch are drawn at random.
    topK: random && topK > 0 ? topK : random ? 0 : 1,
    topP,
    logMinP: minP > 0 ? Math.log(minP) : -1e30,
    repetition,
    presence,
    frequency,
    unused: 0,
  };
  return {
    choice: {
      random,
      mask: (options.responseFormat?.type ?? "text") !== "text",
      bias: bias.size > 0,
      penalties: repetition !== 1 || presence !== 0 || frequency !== 0,
      topK: random && topK > 0,
      topP: random && topP < 1,
      minP: random && minP > 0,
    },
    parameters: COLUMNS.map((name) => numbers[name]),
    seed: (options.seed ?? otherwise) >>> 0,
    bias,
  };
}

/** Gives the choice that serves all rows of a batch. Rows whose own is less have numbers that change nothing. */
export function choiceOf(all: readonly Settings[]): Choice {
  const any = (part: keyof Choice) => all.some((s) => s.choice[part]);
  const random = any("random");
  return {
    random,
    mask: any("mask"),
    bias: any("bias"),
    penalties: any("penalties"),
    // Rows that take the most probable token do so by a bound of one token.
    topK: any("topK") || (random && all.some((s) => !s.choice.random)),
    topP: any("topP"),
    minP: any("minP"),
  };
}
