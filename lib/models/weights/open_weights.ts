import { checkArgument } from "../../base/check_options.ts";
import { messageOf } from "../../base/error.ts";
import { name } from "../../base/option_kinds.ts";
import { ModelError } from "../error.ts";
import { openGguf } from "./open_gguf.ts";
import { openMlc } from "./open_mlc.ts";
import { openSafetensors } from "./open_safetensors.ts";
import type { WeightSource } from "./weight_source.ts";

/**
 * Opens the weights of a language model, without reading them: a folder that MLC has converted (tensor-cache.json or
 * ndarray-cache.json), one of Hugging Face's (model.safetensors or model.safetensors.index.json), or a GGUF file.
 *
 * @param path the model's folder, or a file whose name ends with .gguf
 * @throws {OptionError} if `path` is no text
 * @throws {ModelError} for a folder without weights, files outside of it, and files that aren't what they should be
 */
export async function openWeights(path: string): Promise<WeightSource> {
  checkArgument("openWeights", "path", path, name);
  if (path.endsWith(".gguf")) return (await openGguf(path)).weights;
  const source = await openMlc(path) ?? await openSafetensors(path);
  if (source) return source;
  const gguf = await ggufIn(path);
  throw new ModelError(
    `expected tensor-cache.json, ndarray-cache.json, model.safetensors or model.safetensors.index.json, got none, ` +
      `in ${path}${gguf === undefined ? "" : `; the path of ${gguf} there would work`}`,
  );
}

/** The name of a GGUF file in a folder, if there is one. */
async function ggufIn(folder: string): Promise<string | undefined> {
  try {
    for await (const { name } of Deno.readDir(folder)) if (name.endsWith(".gguf")) return name;
    return undefined;
  } catch (e) {
    throw new ModelError(
      `expected a folder, or a file whose name ends with .gguf, got an error (${messageOf(e)}): ${folder}`,
    );
  }
}
