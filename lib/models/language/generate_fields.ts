import type { Fields } from "../../base/check_options.ts";
import {
  arrayOf,
  count,
  instanceOf,
  integer,
  number,
  positive,
  recordOf,
  text,
} from "../../base/option_kinds.ts";
import { responseFormat } from "../openai/response_format.ts";
import type { GenerateOptions } from "../openai/generator.ts";

/** The kinds of {@linkcode GenerateOptions}. */
export const GENERATE = {
  maxTokens: positive,
  temperature: number({ min: 0 }),
  topP: number({ above: 0, max: 1 }),
  topK: count,
  minP: number({ min: 0, max: 1 }),
  presencePenalty: number(),
  frequencyPenalty: number(),
  repetitionPenalty: number({ above: 0 }),
  logitBias: recordOf(number()),
  seed: integer(),
  stop: arrayOf(text),
  logprobs: count,
  responseFormat,
  signal: instanceOf(AbortSignal),
} satisfies Fields<GenerateOptions>;
