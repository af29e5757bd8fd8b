import { checkArgument } from "../base/check_options.ts";
import { name } from "../base/option_kinds.ts";
import { type GenerationDefaults, readGeneration } from "./config/generation.ts";
import type { ModelConfig } from "./config/model_config.ts";
import { readConfig } from "./config/read_config.ts";
import { ModelError } from "./error.ts";
import { jsonInFolder } from "./files/json_in_folder.ts";
import { storedQuantization } from "./parameters/load_parameters.ts";
import { parametersOf } from "./parameters/parameter.ts";
import type { Quantization } from "./parameters/quantization.ts";
import { openGguf } from "./weights/open_gguf.ts";
import { openWeights } from "./weights/open_weights.ts";
import type { WeightSource } from "./weights/weight_source.ts";

/** The files of a language model, opened but not read. */
export interface ModelFiles {
  /** The folder or file. */
  readonly path: string;
  /** What shapes the model. */
  readonly config: ModelConfig;
  /** How the folder says that it should be sampled. */
  readonly generation: GenerationDefaults;
  /** Its tensors. */
  readonly weights: WeightSource;
  /** How its matrices are quantized in the files, if they are. */
  readonly quantization?: Quantization;
}

/**
 * Opens a language model: its configuration is read, its weights are not. A folder is MLC's with mlc-chat-config.json or
 * Hugging Face's with config.json; a file is a GGUF.
 *
 * @param path the folder, or a file whose name ends with .gguf
 * @throws {OptionError} if `path` is no text
 * @throws {ModelError} for missing files, an unknown architecture, and files that aren't what they should be
 */
export async function openModel(path: string): Promise<ModelFiles> {
  checkArgument("openModel", "path", path, name);
  if (path.endsWith(".gguf")) return await openGgufModel(path);
  const weights = await openWeights(path),
    file = weights.format === "mlc" ? "mlc-chat-config.json" : "config.json";
  const json = await jsonInFolder(path, file);
  if (json === undefined) throw new ModelError(`expected ${file} in ${path}, got none`);
  const config = readConfig(json, { file: `${path}/${file}` });
  const sampled = weights.format === "mlc" ? file : "generation_config.json";
  const own = await jsonInFolder(path, sampled);
  const generation = own === undefined ? {} : readGeneration(own, `${path}/${sampled}`);
  const quantization = storedQuantization(weights, parametersOf(config));
  return {
    path,
    config,
    generation: withTokens(generation, config),
    weights,
    ...(quantization ? { quantization } : {}),
  };
}

async function openGgufModel(path: string): Promise<ModelFiles> {
  const { config, weights } = await openGguf(path);
  return { path, config, generation: withTokens({}, config), weights };
}

/** The tokens that begin and end a text, from the configuration where the defaults of generation don't have them. */
function withTokens(
  generation: GenerationDefaults,
  { bosToken, eosTokens }: ModelConfig,
): GenerationDefaults {
  return {
    ...(bosToken === undefined ? {} : { bosToken }),
    ...(eosTokens.length === 0 ? {} : { eosTokens }),
    ...generation,
  };
}
