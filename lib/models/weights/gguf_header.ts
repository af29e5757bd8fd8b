/** The header of a GGUF file: its metadata and where its tensors are. */
import { messageOf } from "../../base/error.ts";
import { ModelError } from "../error.ts";
import { readRange, sizeOf } from "../files/read_range.ts";
import type { Place } from "./source_of_places.ts";
import { type StoredType, tensorInfo } from "./weight_source.ts";

/** The most fields of metadata, and tensors. */
const MOST_FIELDS = 4096, MOST_TENSORS = 2 ** 16;

/** The types that can be read, by their numbers in files. */
const TYPES: Readonly<Record<number, StoredType>> = {
  0: "f32",
  1: "f16",
  2: "q4_0",
  3: "q4_1",
  8: "q8_0",
  14: "q6_k",
  30: "bf16",
};

/** A value of GGUF's metadata. */
export type GgufValue = string | number | bigint | boolean | readonly GgufValue[];

/** What the header of a GGUF file says. */
export interface GgufHeader {
  /** The metadata: the model's configuration and its tokens. */
  readonly metadata: ReadonlyMap<string, GgufValue>;
  /** Tensors that can be read; rows come first in their shapes, as in other formats. */
  readonly places: ReadonlyMap<string, Place>;
  /** The other ones, with the number of their type. */
  readonly unreadable: ReadonlyMap<string, string>;
}

/**
 * Reads the header of a GGUF file, of version 2 or 3.
 *
 * @throws {ModelError} for a file that can't be read or is no GGUF, and tensors outside of it
 */
export async function readGgufHeader(path: string): Promise<GgufHeader> {
  const size = await sizeOf(path);
  await checkCounts(path, size);
  const { gguf } = await import("npm:@huggingface/gguf@0.4.6");
  try {
    // The address is never fetched: ranges of it are read from the file.
    const header = await gguf("https://file.invalid/", { fetch: rangesOf(path, size) });
    const { places, unreadable } = placesOf(header, path, size);
    return { metadata: new Map(Object.entries(header.metadata)), places, unreadable };
  } catch (e) {
    if (e instanceof ModelError) throw e;
    throw new ModelError(`expected the header of a GGUF file, got an error (${messageOf(e)}): ${path}`);
  }
}

async function checkCounts(path: string, size: number): Promise<void> {
  const head = await readRange(path, 0, Math.min(24, size), "the header");
  const view = new DataView(head.buffer);
  if (size < 24 || view.getUint32(0, false) !== 0x47475546) {
    throw new ModelError(`expected a GGUF file, got another kind: ${path}`);
  }
  const version = view.getUint32(4, true);
  if (version !== 2 && version !== 3) {
    throw new ModelError(`expected GGUF of version 2 or 3, got ${version}: ${path}`);
  }
  const tensors = view.getBigUint64(8, true), fields = view.getBigUint64(16, true);
  if (tensors > MOST_TENSORS || fields > MOST_FIELDS) {
    throw new ModelError(
      `expected up to ${MOST_TENSORS} tensors and ${MOST_FIELDS} fields, got ${tensors} and ${fields}: ${path}`,
    );
  }
}

/** Answers requests for ranges of bytes from a file. */
function rangesOf(path: string, size: number): typeof fetch {
  return async (_, init) => {
    const [, begin = "", end = ""] =
      /^bytes=(\d+)-(\d+)$/.exec(new Headers(init?.headers).get("range") ?? "") ?? [];
    const first = Number(begin), last = Math.min(Number(end), size - 1);
    if (first >= size) throw new ModelError(`expected the whole header, got ${size} bytes: ${path}`);
    const bytes = await readRange(path, first, last - first + 1, "the header");
    return new Response(bytes, { headers: { "content-range": `bytes ${first}-${last}/${size}` } });
  };
}

interface Header {
  readonly tensorInfos: readonly {
    readonly name: string;
    readonly shape: readonly bigint[];
    readonly dtype: number;
    readonly offset: bigint;
  }[];
  readonly tensorDataOffset: bigint;
}

function placesOf(
  { tensorInfos, tensorDataOffset }: Header,
  path: string,
  size: number,
): Pick<GgufHeader, "places" | "unreadable"> {
  const places = new Map<string, Place>(), unreadable = new Map<string, string>();
  for (const { name, shape, dtype, offset } of tensorInfos) {
    if (places.has(name)) throw new ModelError(`expected tensor ${name} once: ${path}`);
    const stored = TYPES[dtype], rows = shape.map(Number).toReversed();
    if (stored === undefined) {
      unreadable.set(name, `GGML's type ${dtype}`);
      continue;
    }
    const info = tensorInfo(rows, stored), start = Number(tensorDataOffset + offset);
    if (!info || !(start >= 0) || start + info.bytes > size) {
      throw new ModelError(
        `expected tensor ${name} ${stored}[${rows.join(", ")}] within ${size} bytes, got ` +
          `${info ? `${info.bytes} from ${start} on` : "rows that blocks don't fill"}: ${path}`,
      );
    }
    places.set(name, { path, offset: start, info });
  }
  return { places, unreadable };
}
