/** How a model's folder says that it should be sampled. */
import { defined } from "../../base/defined.ts";
import { fieldsOf, finite, jsonFlag, type JsonKinds, optional, readFields } from "../../base/read_json.ts";
import { shownValue } from "../../base/shown_value.ts";
import { ModelError } from "../error.ts";
import { integerBetween, positiveNumber } from "./json_kinds.ts";
import { tokensJson } from "./raw_config.ts";

/** The defaults of generation. What a folder doesn't say is left out. */
export interface GenerationDefaults {
  /** What logits are divided by; 0 takes the most likely token. */
  readonly temperature?: number;
  /** The least share of probability that the most likely tokens have to reach together; others are left out. */
  readonly topP?: number;
  /** The number of tokens to choose from. */
  readonly topK?: number;
  /** The least probability of a token, relative to the most likely one. */
  readonly minP?: number;
  /** What logits of tokens that were there are divided by, or multiplied by where they are negative. */
  readonly repetitionPenalty?: number;
  /** What is subtracted from logits of tokens that were there. */
  readonly presencePenalty?: number;
  /** What is subtracted from logits, times the number of occurrences of the token. */
  readonly frequencyPenalty?: number;
  /** The token that begins a text. */
  readonly bosToken?: number;
  /** Tokens that end a text. */
  readonly eosTokens?: readonly number[];
}

interface RawGeneration {
  readonly do_sample?: boolean | undefined;
  readonly temperature?: number | undefined;
  readonly top_p?: number | undefined;
  readonly top_k?: number | undefined;
  readonly min_p?: number | undefined;
  readonly repetition_penalty?: number | undefined;
  readonly presence_penalty?: number | undefined;
  readonly frequency_penalty?: number | undefined;
  readonly bos_token_id?: number | readonly number[] | undefined;
  readonly eos_token_id?: number | readonly number[] | undefined;
}
const RAW: JsonKinds<RawGeneration> = {
  do_sample: optional(jsonFlag),
  temperature: optional(finite),
  top_p: optional(finite),
  top_k: optional(integerBetween(-1, 2 ** 24)),
  min_p: optional(finite),
  repetition_penalty: optional(positiveNumber),
  presence_penalty: optional(finite),
  frequency_penalty: optional(finite),
  bos_token_id: optional(tokensJson),
  eos_token_id: optional(tokensJson),
};

/**
 * Reads the defaults of generation from generation_config.json or mlc-chat-config.json, parsed.
 *
 * @param file the file that errors name
 * @throws {ModelError} for a field that isn't what it should be
 */
export function readGeneration(json: unknown, file = "generation_config.json"): GenerationDefaults {
  const given = fieldsOf(json);
  if (!given) throw new ModelError(`expected an object, got ${shownValue(json)}, in ${file}`);
  const present = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== null));
  const raw = readFields<RawGeneration>(present, RAW, (field, takes) => {
    throw new ModelError(`expected ${field} to be ${takes}, got ${shownValue(given[field])}, in ${file}`);
  }) ?? {};
  const [bosToken] = [raw.bos_token_id ?? []].flat();
  const between = (name: string, value: number | undefined, least: number, most: number) => {
    if (value === undefined || (value >= least && value <= most)) return value;
    throw new ModelError(`expected ${name} from ${least} to ${most}, got ${value}, in ${file}`);
  };
  const all = {
    temperature: raw.do_sample === false ? 0 : between("temperature", raw.temperature, 0, 100),
    topP: between("top_p", raw.top_p, 0, 1),
    // 0 and -1 stand for all tokens.
    topK: raw.top_k !== undefined && raw.top_k > 0 ? raw.top_k : undefined,
    minP: between("min_p", raw.min_p, 0, 1),
    repetitionPenalty: raw.repetition_penalty,
    presencePenalty: raw.presence_penalty,
    frequencyPenalty: raw.frequency_penalty,
    bosToken,
    eosTokens: raw.eos_token_id === undefined ? undefined : [raw.eos_token_id].flat(),
  };
  return defined<GenerationDefaults>(all);
}
