/** Writes tensors to files of up to 32 MB, and the list of them, as MLC does. */
import { createHash } from "node:crypto";
import type { LoadedArray } from "../parameters/load_parameters.ts";

/** The most bytes of a file. A tensor of more than half of it has a file of its own, however large it is. */
const LARGEST = 32 * 2 ** 20;

const DTYPES = { f32: "float32", f16: "float16", u32: "uint32" } as const;

/** A tensor in the list. */
interface CacheRecord {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly format: "raw";
  readonly nbytes: number;
  readonly byteOffset: number;
}

/** A file in the list. */
interface CacheShard {
  readonly dataPath: string;
  readonly format: "raw-shard";
  readonly nbytes: number;
  readonly records: readonly CacheRecord[];
  readonly md5sum: string;
}

/** Collects tensors, and writes a file whenever enough of them are there. */
export class ShardWriter {
  readonly #shards: CacheShard[] = [];
  #pending: Uint8Array[] = [];
  #records: CacheRecord[] = [];
  #bytes = 0;

  /**
   * Makes a writer.
   *
   * @param folder where the files are written
   * @param largest the most bytes of a file. Default 32 MB
   */
  constructor(private readonly folder: string, private readonly largest = LARGEST) {}

  /** Adds a tensor. */
  async add({ name, dtype, shape, data }: LoadedArray): Promise<void> {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    const record = (byteOffset: number): CacheRecord => ({
      name,
      shape,
      dtype: DTYPES[dtype],
      format: "raw",
      nbytes: bytes.length,
      byteOffset,
    });
    if (this.#bytes + bytes.length > this.largest) {
      if (bytes.length * 2 > this.largest) return await this.#write([bytes], [record(0)]);
      await this.#flush();
    }
    this.#records.push(record(this.#bytes));
    this.#pending.push(bytes);
    this.#bytes += bytes.length;
  }

  /**
   * Writes what is left, and the list.
   *
   * @param elements the number of weights, before they were quantized
   */
  async finish(elements: number): Promise<readonly string[]> {
    await this.#flush();
    const all = this.#shards.reduce((n, s) => n + s.nbytes, 0);
    const metadata = {
      ParamSize: this.#shards.reduce((n, s) => n + s.records.length, 0),
      ParamBytes: all,
      BitsPerParam: all * 8 / Math.max(1, elements),
    };
    const list = JSON.stringify({ metadata, records: this.#shards }, undefined, 1);
    await Deno.writeTextFile(`${this.folder}/tensor-cache.json`, list, { createNew: true });
    return [...this.#shards.map((s) => s.dataPath), "tensor-cache.json"];
  }

  async #flush(): Promise<void> {
    if (this.#records.length > 0) await this.#write(this.#pending, this.#records);
    [this.#pending, this.#records, this.#bytes] = [[], [], 0];
  }

  async #write(parts: readonly Uint8Array[], records: readonly CacheRecord[]): Promise<void> {
    const dataPath = `params_shard_${this.#shards.length}.bin`, hash = createHash("md5");
    using file = await Deno.open(`${this.folder}/${dataPath}`, { write: true, createNew: true });
    for (const part of parts) {
      hash.update(part);
      for (let at = 0; at < part.length;) at += await file.write(part.subarray(at));
    }
    const nbytes = parts.reduce((n, p) => n + p.length, 0);
    this.#shards.push({ dataPath, format: "raw-shard", nbytes, records, md5sum: hash.digest("hex") });
  }
}
