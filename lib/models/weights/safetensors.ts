/** Hugging Face's safetensors: a header in JSON, and the bytes of the tensors after it. */
import { fields, integerFrom, jsonText, listOf } from "../../base/read_json.ts";
import { shownValue } from "../../base/shown_value.ts";
import { ModelError } from "../error.ts";
import { parsedJson } from "../files/read_json_file.ts";
import { readRange, sizeOf } from "../files/read_range.ts";
import type { Place } from "./source_of_places.ts";
import { type StoredType, tensorInfo } from "./weight_source.ts";

/** The most bytes of a header, and the most tensors of a file. */
const LARGEST_HEADER = 2 ** 25, MOST_TENSORS = 2 ** 17;
const MOST_AXES = 8;

const TYPES: Readonly<Record<string, StoredType>> = { F32: "f32", F16: "f16", BF16: "bf16", U32: "u32" };

interface Entry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data_offsets: readonly number[];
}
const ENTRY = fields<Entry>({
  dtype: jsonText,
  shape: listOf(integerFrom(0), MOST_AXES),
  data_offsets: listOf(integerFrom(0), 2),
});

/** The tensors of a safetensors file. */
export interface SafetensorsHeader {
  /** Tensors that can be read. */
  readonly places: ReadonlyMap<string, Place>;
  /** The other ones, with the type of their elements. */
  readonly unreadable: ReadonlyMap<string, string>;
}

/**
 * Reads the header of a safetensors file.
 *
 * @throws {ModelError} for a file that can't be read, a header that isn't one, and tensors outside of the file
 */
export async function readSafetensorsHeader(path: string): Promise<SafetensorsHeader> {
  const size = await sizeOf(path);
  if (size < 8) throw new ModelError(`expected a safetensors header, got ${size} bytes: ${path}`);
  const length = new DataView((await readRange(path, 0, 8, "the header's length")).buffer);
  const header = Number(length.getBigUint64(0, true));
  if (header > Math.min(LARGEST_HEADER, size - 8)) {
    throw new ModelError(
      `expected a header of up to ${Math.min(LARGEST_HEADER, size - 8)} bytes, got ${header}: ${path}`,
    );
  }
  const json = parsedJson(await readRange(path, 8, header, "the header"), `the header of ${path}`);
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    throw new ModelError(`expected an object of tensors as the header, got ${shownValue(json)}: ${path}`);
  }
  return placesOf(new Map<string, unknown>(Object.entries(json)), path, 8 + header, size);
}

function placesOf(
  entries: Map<string, unknown>,
  path: string,
  start: number,
  size: number,
): SafetensorsHeader {
  entries.delete("__metadata__");
  if (entries.size > MOST_TENSORS) {
    throw new ModelError(`expected up to ${MOST_TENSORS} tensors, got ${entries.size}: ${path}`);
  }
  const places = new Map<string, Place>(), unreadable = new Map<string, string>();
  for (const [name, value] of entries) {
    const entry = ENTRY.read(value), [begin = 0, end = -1] = entry?.data_offsets ?? [];
    if (!entry || begin > end || end > size - start) {
      throw new ModelError(
        `expected tensor ${name} with a dtype, a shape and offsets within ${size - start} bytes, got ` +
          `${entry ? `offsets ${begin} to ${end}` : shownValue(value)}: ${path}`,
      );
    }
    const stored = Object.hasOwn(TYPES, entry.dtype) ? TYPES[entry.dtype] : undefined;
    if (stored === undefined) {
      unreadable.set(name, entry.dtype);
      continue;
    }
    const info = tensorInfo(entry.shape, stored);
    if (info?.bytes !== end - begin) {
      throw new ModelError(
        `expected ${info?.bytes} bytes of tensor ${name} ${entry.dtype}[${entry.shape.join(", ")}], got ` +
          `${end - begin}: ${path}`,
      );
    }
    places.set(name, { path, offset: start + begin, info });
  }
  return { places, unreadable };
}
