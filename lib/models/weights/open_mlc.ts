import {
  fields,
  integerFrom,
  type JsonKind,
  jsonText,
  listOf,
  optional,
  textUpTo,
} from "../../base/read_json.ts";
import { ModelError } from "../error.ts";
import { fileInFolder, findInFolder } from "../files/file_in_folder.ts";
import { readJsonFile } from "../files/read_json_file.ts";
import { sizeOf } from "../files/read_range.ts";
import { type Place, sourceOfPlaces } from "./source_of_places.ts";
import { type StoredType, tensorInfo, type WeightSource } from "./weight_source.ts";

/** The list of a converted folder's tensors, and its name in older versions. */
export const MLC_CACHES = ["tensor-cache.json", "ndarray-cache.json"] as const;
/** The most bytes of the list, files in it, and tensors of a file. */
const LARGEST_CACHE = 2 ** 26, MOST_SHARDS = 2 ** 16, MOST_RECORDS = 2 ** 16;

/** MLC's names of types. Floats of 32 bits may be stored as bf16, which `f32-to-bf16` says. */
const TYPES: Readonly<Record<string, StoredType>> = {
  float32: "f32",
  float16: "f16",
  bfloat16: "bf16",
  uint32: "u32",
};

interface CacheRecord {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly format?: string | undefined;
  readonly byteOffset: number;
  readonly nbytes: number;
}
interface CacheShard {
  readonly dataPath: string;
  readonly nbytes: number;
  readonly records: readonly CacheRecord[];
}

const RECORD = fields<CacheRecord>({
  name: textUpTo(1000),
  shape: listOf(integerFrom(0), 8),
  dtype: jsonText,
  format: optional(jsonText),
  byteOffset: integerFrom(0),
  nbytes: integerFrom(0),
});
const SHARD = fields<CacheShard>({
  dataPath: textUpTo(255),
  nbytes: integerFrom(0),
  records: listOf(RECORD, MOST_RECORDS),
});
const CACHE: JsonKind<{ readonly records: readonly CacheShard[] }> = fields({
  records: listOf(SHARD, MOST_SHARDS),
});

/**
 * Opens the weights of a folder that MLC has converted: the tensors that tensor-cache.json, or the older
 * ndarray-cache.json, lists.
 *
 * @returns undefined where the folder has neither
 * @throws {ModelError} for files outside of the folder or shorter than the list says, and for lists that aren't one
 */
export async function openMlc(folder: string): Promise<WeightSource | undefined> {
  for (const name of MLC_CACHES) {
    const cache = await findInFolder(folder, name);
    if (cache !== undefined) return await openCache(folder, cache);
  }
  return undefined;
}

async function openCache(folder: string, cache: string): Promise<WeightSource> {
  const list = CACHE.read(await readJsonFile(cache, LARGEST_CACHE));
  if (!list) {
    throw new ModelError(
      `expected records of files, each with dataPath, nbytes and records of tensors: ${cache}`,
    );
  }
  const places = new Map<string, Place>(), unreadable = new Map<string, string>();
  for (const { dataPath, nbytes, records } of list.records) {
    const path = await fileInFolder(folder, dataPath), size = await sizeOf(path);
    if (size < nbytes) {
      throw new ModelError(`expected ${nbytes} bytes, as ${cache} says, got ${size}: ${path}`);
    }
    for (const record of records) {
      if (places.has(record.name)) throw new ModelError(`expected tensor ${record.name} once: ${cache}`);
      const place = placeOf(record, path, nbytes, cache);
      if (typeof place === "string") unreadable.set(record.name, place);
      else places.set(record.name, place);
    }
  }
  return sourceOfPlaces({ format: "mlc", where: folder, places, unreadable });
}

/** Gives the place of a tensor, or the name of its type if that can't be read. */
function placeOf(record: CacheRecord, path: string, fileBytes: number, cache: string): Place | string {
  const { name, shape, dtype, format = "raw", byteOffset, nbytes } = record;
  const known = Object.hasOwn(TYPES, dtype) ? TYPES[dtype] : undefined;
  const stored = format === "f32-to-bf16" && known === "f32" ? "bf16" : known;
  if (stored === undefined) return dtype;
  if (format !== "raw" && format !== "f32-to-bf16") {
    throw new ModelError(
      `expected tensor ${name} as raw or f32-to-bf16, got ${JSON.stringify(format)}: ${cache}`,
    );
  }
  const info = tensorInfo(shape, stored);
  if (info?.bytes !== nbytes || byteOffset + nbytes > fileBytes) {
    throw new ModelError(
      `expected ${info?.bytes} bytes of tensor ${name} ${dtype}[${
        shape.join(", ")
      }] within ${fileBytes}, got ` +
        `${nbytes} from ${byteOffset} on: ${cache}`,
    );
  }
  return { path, offset: byteOffset, info };
}
