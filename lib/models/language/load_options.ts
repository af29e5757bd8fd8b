/** What loading a language model takes. */
import type { Budget } from "../../autotvm/budget.ts";
import { byteCount, bytesOf } from "../../base/byte_count.ts";
import type { Fields } from "../../base/check_options.ts";
import { aFunction, instanceOf, oneOf, positive } from "../../base/option_kinds.ts";
import type { TuningDatabase } from "../../records/database.ts";
import { GRAPH_BUILD_FIELDS } from "../../tuning/build_graph.ts";
import type { Level } from "../../tuning/built.ts";
import type { ModelConfig } from "../config/model_config.ts";
import { ModelError } from "../error.ts";
import type { LoadProgress } from "../parameters/load_parameters.ts";
import { type Quantization, QUANTIZATION_NAMES } from "../parameters/quantization.ts";
import { Engine } from "./engine.ts";
import { PAGE_SIZE } from "./step_graph.ts";

const { level, database, budget } = GRAPH_BUILD_FIELDS;
const LEVEL = { level, database, budget };
const DEFAULT_CACHE = 2 ** 30;

/** The options of `LanguageModel.load`. */
export interface LoadOptions {
  /** How matrices are stored on the device. Default: as the folder stores them, where that is quantized, else q4f16_1. */
  readonly quantization?: Quantization;
  /** The most tokens of a text, prompt included. Default: the model's, or what `cache` holds if that is less. */
  readonly context?: number;
  /** The most that keys and values may take: bytes, or text as `"512 MiB"`. Default: 1 GiB. */
  readonly cache?: number | string;
  /** Texts of the whole context that the cache holds, if it may. Default: 1. */
  readonly sequences?: number;
  /** The most tokens of a prompt that are computed together. Default: 128. */
  readonly prefillChunk?: number;
  /**
   * How kernels are scheduled. 0: Fallback, unfused. 1: DLight's rules, fused. 2: the best or nearest records of the
   * database. 3: a search within the budget first, as `tune` does; then level 2. Default: 1.
   */
  readonly level?: Level;
  /** Of levels 2 and 3: where records are found; the winners of level 3 are added to it. */
  readonly database?: TuningDatabase;
  /** Of the search at level 3. */
  readonly budget?: Pick<Budget, "seconds" | "trials">;
  /** Is called when a parameter has been loaded. */
  readonly progress?: (progress: LoadProgress) => void;
  /** Ends the loading with the signal's reason. */
  readonly signal?: AbortSignal;
}
/** The kinds of {@linkcode LoadOptions}. */
export const LOAD = {
  quantization: oneOf(...QUANTIZATION_NAMES),
  context: positive,
  cache: byteCount,
  sequences: positive,
  prefillChunk: positive,
  ...LEVEL,
  progress: aFunction<(progress: LoadProgress) => void>(),
  signal: instanceOf(AbortSignal),
} satisfies Fields<LoadOptions>;

/** The most positions of a text, and the pages of the cache. */
export function capacityOf(
  config: ModelConfig,
  dtype: "f32" | "f16",
  { context = config.context, cache = DEFAULT_CACHE, sequences = 1 }: LoadOptions,
): { readonly context: number; readonly pages: number } {
  const page = Engine.pageBytes(config, dtype), budget = bytesOf(cache), most = Math.floor(budget / page);
  if (most < 1) {
    throw new ModelError(
      `expected a cache of at least ${page} bytes, a page of ${PAGE_SIZE} tokens, got ${budget}`,
    );
  }
  const longest = Math.min(context, most * PAGE_SIZE);
  // A page more for each lets a text be forked in the middle of a page.
  return { context: longest, pages: Math.min(most, (Math.ceil(longest / PAGE_SIZE) + 1) * sequences) };
}

/** @throws {ModelError} where a level lacks what it needs */
export function checkLevel({ level, database, budget }: LoadOptions, path: string): void {
  const lacks = (what: string, then: string) =>
    new ModelError(`expected ${what} to load ${path} at level ${level}, got none${then}`);
  if (level === 2 && !database) throw lacks("a database", "; level 1 takes the rules");
  if (level === 3 && !budget) {
    throw lacks("a budget", ": { seconds } or { trials }; level 2 takes what is known");
  }
}
