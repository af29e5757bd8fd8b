import { checkArgument } from "../../base/check_options.ts";
import { name } from "../../base/option_kinds.ts";
import { ModelError } from "../error.ts";
import { openSafetensors } from "./open_safetensors.ts";
import type { WeightSource } from "./weight_source.ts";

/**
 * Opens the weights of a language model, without reading them: model.safetensors, or the files that
 * model.safetensors.index.json names.
 *
 * @param path the model's folder
 * @throws {OptionError} if `path` is no text
 * @throws {ModelError} for a folder without weights, files outside of it, and files that aren't what they should be
 */
export async function openWeights(path: string): Promise<WeightSource> {
  checkArgument("openWeights", "path", path, name);
  const source = await openSafetensors(path);
  if (source) return source;
  throw new ModelError(`expected model.safetensors or model.safetensors.index.json, got neither, in ${path}`);
}
