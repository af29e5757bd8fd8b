import { fields, mapOf, textUpTo } from "../../base/read_json.ts";
import { ModelError } from "../error.ts";
import { fileInFolder, findInFolder } from "../files/file_in_folder.ts";
import { readJsonFile } from "../files/read_json_file.ts";
import { readSafetensorsHeader, type SafetensorsHeader } from "./safetensors.ts";
import { type Place, sourceOfPlaces } from "./source_of_places.ts";
import type { WeightSource } from "./weight_source.ts";

/** The file of a folder with one file of weights, and the index of a folder with several. */
const SINGLE = "model.safetensors", INDEX = "model.safetensors.index.json";
/** The most bytes of an index, tensors in it, and files that it names. */
const LARGEST_INDEX = 2 ** 26, MOST_TENSORS = 2 ** 20, MOST_SHARDS = 4096;

const WEIGHT_MAP = fields({ weight_map: mapOf(textUpTo(255), MOST_TENSORS) });

/**
 * Opens the weights of a folder in Hugging Face's form: model.safetensors, or the files that
 * model.safetensors.index.json names.
 *
 * @returns undefined where the folder has neither
 * @throws {ModelError} for files outside of the folder, and files that aren't what they should be
 */
export async function openSafetensors(folder: string): Promise<WeightSource | undefined> {
  const single = await findInFolder(folder, SINGLE);
  if (single !== undefined) {
    return sourceOfPlaces({ format: "safetensors", where: folder, ...await readSafetensorsHeader(single) });
  }
  const index = await findInFolder(folder, INDEX);
  return index === undefined ? undefined : await openSharded(folder, index);
}

async function openSharded(folder: string, index: string): Promise<WeightSource> {
  const map = WEIGHT_MAP.read(await readJsonFile(index, LARGEST_INDEX))?.weight_map;
  if (!map) throw new ModelError(`expected weight_map to name a file for each tensor: ${index}`);
  const shards = Map.groupBy(Object.entries(map), ([, file]) => file);
  if (shards.size > MOST_SHARDS) {
    throw new ModelError(`expected up to ${MOST_SHARDS} files of weights, got ${shards.size}: ${index}`);
  }
  const places = new Map<string, Place>(), unreadable = new Map<string, string>();
  for (const [file, entries] of shards) {
    const shard: SafetensorsHeader = await readSafetensorsHeader(await fileInFolder(folder, file));
    for (const [name] of entries) {
      const place = shard.places.get(name), type = shard.unreadable.get(name);
      if (place) places.set(name, place);
      else if (type !== undefined) unreadable.set(name, type);
      else throw new ModelError(`expected tensor ${name} in ${file}, as ${index} says, got none`);
    }
  }
  return sourceOfPlaces({ format: "safetensors", where: folder, places, unreadable });
}
