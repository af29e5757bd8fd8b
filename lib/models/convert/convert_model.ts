import { checkArgument, checkOptions, type Fields } from "../../base/check_options.ts";
import { messageOf } from "../../base/error.ts";
import { aFunction, instanceOf, name, oneOf } from "../../base/option_kinds.ts";
import { ModelError } from "../error.ts";
import { findInFolder } from "../files/file_in_folder.ts";
import { openModel } from "../open_model.ts";
import {
  type LoadedArray,
  type LoadedParameter,
  loadParameters,
  type LoadProgress,
} from "../parameters/load_parameters.ts";
import { type Quantization, QUANTIZATION_NAMES } from "../parameters/quantization.ts";
import { ChatTemplate } from "../tokenizer/chat_template.ts";
import { ggufTokenizer } from "../tokenizer/gguf_tokenizer.ts";
import { readGgufHeader } from "../weights/gguf_header.ts";
import { mlcConfig } from "./mlc_config.ts";
import { type MlcPart, mlcParts } from "./mlc_names.ts";
import { ShardWriter } from "./shard_writer.ts";

/** Files of tokenizers and templates, which are copied. */
const TOKENIZER_FILES = [
  "tokenizer.json",
  "tokenizer_config.json",
  "tokenizer.model",
  "vocab.json",
  "merges.txt",
  "added_tokens.json",
  "special_tokens_map.json",
  "chat_template.jinja",
  "chat_template.json",
] as const;

/** The options of {@linkcode convertModel}. */
export interface ConvertModelOptions {
  /** How matrices are stored. Default: as the files store them, where that is quantized, else q4f16_1. */
  readonly quantization?: Quantization;
  /** Is called when a parameter has been read. */
  readonly progress?: (progress: LoadProgress) => void;
  /** Ends the conversion with the signal's reason. */
  readonly signal?: AbortSignal;
}
const OPTIONS = {
  quantization: oneOf(...QUANTIZATION_NAMES),
  progress: aFunction<(progress: LoadProgress) => void>(),
  signal: instanceOf(AbortSignal),
} satisfies Fields<ConvertModelOptions>;

/** What a conversion has written. */
export interface ConvertedModel {
  /** How matrices are stored. */
  readonly quantization: Quantization;
  /** The names of all files. */
  readonly files: readonly string[];
}

/**
 * Converts a model to a folder as MLC has it: mlc-chat-config.json, tensor-cache.json, params_shard_0.bin and the
 * following, each of up to 32 MB, and the files of the tokenizer. The list of tensors is written last.
 *
 * @param path the model's folder, or a GGUF file
 * @param out the folder to write: it must not exist, or be empty
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {ModelError} for a model that can't be read, and a folder that has files or can't be written
 */
export async function convertModel(
  path: string,
  out: string,
  options: ConvertModelOptions = {},
): Promise<ConvertedModel> {
  checkArgument("convertModel", "path", path, name);
  checkArgument("convertModel", "out", out, name);
  checkOptions("convertModel", options, OPTIONS);
  const { config, weights, generation, ...model } = await openModel(path);
  const quantization = options.quantization ?? model.quantization ?? "q4f16_1";
  await makeEmpty(out);
  const tokenizerFiles = await (path.endsWith(".gguf") ? extracted(path, out) : copied(path, out));
  const chats = await ChatTemplate.load(path) !== undefined;
  const writer = new ShardWriter(out);
  let elements = 0;
  for await (const loaded of loadParameters(weights, config, { ...options, quantization })) {
    elements += loaded.parameter.shape.reduce((n, d) => n * d, 1);
    for (const tensor of tensorsOf(loaded, mlcParts(config, loaded.parameter))) await writer.add(tensor);
  }
  const json = mlcConfig(config, { quantization, generation, tokenizerFiles, chats });
  await Deno.writeTextFile(`${out}/mlc-chat-config.json`, JSON.stringify(json, undefined, 2), {
    createNew: true,
  });
  const files = await writer.finish(elements);
  return { quantization, files: ["mlc-chat-config.json", ...tokenizerFiles, ...files] };
}

/** The arrays of a parameter under MLC's names. */
function tensorsOf(
  { parameter, arrays }: LoadedParameter,
  parts: readonly MlcPart[],
): readonly LoadedArray[] {
  return parts.flatMap(({ name, rows: [begin, end] }) =>
    arrays.map((array): LoadedArray => {
      const columns = array.data.length / Math.max(1, parameter.shape[0] ?? 1);
      return {
        name: `${name}.${array.name.split(".").at(-1)}`,
        dtype: array.dtype,
        shape: [end - begin, ...array.shape.slice(1)],
        data: array.data.subarray(begin * columns, end * columns),
      };
    })
  );
}

async function makeEmpty(folder: string): Promise<void> {
  try {
    await Deno.mkdir(folder, { recursive: true });
    for await (const { name } of Deno.readDir(folder)) {
      throw new ModelError(`expected a new or empty folder to write to, got one with ${name}: ${folder}`);
    }
  } catch (e) {
    if (e instanceof ModelError) throw e;
    throw new ModelError(`expected a folder that can be written, got an error (${messageOf(e)}): ${folder}`);
  }
}

/** Writes the tokenizer that is in a GGUF file. */
async function extracted(from: string, to: string): Promise<readonly string[]> {
  const { tokenizer, config } = ggufTokenizer((await readGgufHeader(from)).metadata, from);
  const files = { "tokenizer.json": tokenizer, "tokenizer_config.json": config };
  for (const [file, json] of Object.entries(files)) {
    await Deno.writeTextFile(`${to}/${file}`, JSON.stringify(json), { createNew: true });
  }
  return Object.keys(files);
}

async function copied(from: string, to: string): Promise<readonly string[]> {
  const found: string[] = [];
  for (const file of TOKENIZER_FILES) {
    const path = await findInFolder(from, file);
    if (path === undefined) continue;
    await Deno.copyFile(path, `${to}/${file}`);
    found.push(file);
  }
  return found;
}
