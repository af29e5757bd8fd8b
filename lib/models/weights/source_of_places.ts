import { nearest } from "../../base/nearest.ts";
import { ModelError } from "../error.ts";
import { readRange } from "../files/read_range.ts";
import { decodeElements } from "./decode_elements.ts";
import type { ReadOptions, TensorInfo, WeightArray, WeightSource } from "./weight_source.ts";

/** Where a tensor's bytes are. */
export interface Place {
  /** The file, with all links followed. */
  readonly path: string;
  /** Its first byte in the file. */
  readonly offset: number;
  /** The tensor. */
  readonly info: TensorInfo;
  /**
   * Rows of each head, where a head's rows are stored for interleaved rotary embeddings: row 2k of a head is then read
   * as row k, and row 2k + 1 as row k + half.
   */
  readonly interleaved?: number;
}

/** Makes the source of tensors whose places in files are known. */
export function sourceOfPlaces(
  { format, where, places, unreadable }: {
    readonly format: WeightSource["format"];
    readonly where: string;
    readonly places: ReadonlyMap<string, Place>;
    readonly unreadable: ReadonlyMap<string, string>;
  },
): WeightSource {
  const tensors = new Map([...places].map(([name, { info }]) => [name, info]));
  const read = async (name: string, options: ReadOptions = {}): Promise<WeightArray> => {
    const place = places.get(name);
    if (place) return await readPlace(name, place, options);
    const type = unreadable.get(name), near = nearest(name, [...places.keys()].slice(0, 2000));
    throw new ModelError(
      type === undefined
        ? `expected tensor ${name}, got none, in ${where}${
          near === undefined ? "" : `; the nearest is ${near}`
        }`
        : `expected tensor ${name} in f32, f16 or bf16, got ${type}, in ${where}`,
    );
  };
  const bytes = [...tensors.values()].reduce((sum, t) => sum + t.bytes, 0);
  return { format, where, tensors, unreadable, bytes, read };
}

async function readPlace(name: string, place: Place, { rows, signal }: ReadOptions): Promise<WeightArray> {
  const { path, offset, info, interleaved } = place, all = info.shape[0] ?? 1;
  const [begin, end] = rows ?? [0, all];
  if (!(Number.isInteger(begin) && Number.isInteger(end) && 0 <= begin && begin <= end && end <= all)) {
    throw new ModelError(`expected rows within 0 to ${all} of tensor ${name}, got ${begin} to ${end}`);
  }
  const readRows = async (first: number, last: number) => {
    const rowBytes = all === 0 ? 0 : info.bytes / all;
    const bytes = await readRange(
      path,
      offset + first * rowBytes,
      (last - first) * rowBytes,
      `tensor ${name}`,
      signal,
    );
    return decodeElements(bytes, info.stored);
  };
  if (interleaved === undefined) return await readRows(begin, end);
  // A head's rows are mixed, so whole heads are read.
  const first = Math.floor(begin / interleaved) * interleaved,
    last = Math.ceil(end / interleaved) * interleaved;
  const mixed = await readRows(first, last), columns = mixed.length / Math.max(1, last - first);
  const out = mixed.slice(0, (end - begin) * columns);
  for (let row = begin; row < end; row++) {
    const head = Math.floor(row / interleaved) * interleaved, k = row - head, half = interleaved / 2;
    const from = head - first + (k < half ? 2 * k : 2 * (k - half) + 1);
    out.set(mixed.subarray(from * columns, (from + 1) * columns), (row - begin) * columns);
  }
  return out;
}
