/** The memory of a CPU device: one WebAssembly memory, in which each tensor has a block. */
import type { StorageType } from "../../ir/dtype.ts";
import { ARRAYS, type TypedArray } from "../arrays.ts";
import { RuntimeError } from "../error.ts";

/** Bytes of a page of WebAssembly, and the pages that a pointer of 32 bits reaches. */
const PAGE = 65536, MOST_PAGES = 65536;
/** Blocks begin at multiples of this: of a cache's line. */
const ALIGNED = 64;
/** The memory grows by at least this part of its size. */
const GROWTH = 1 / 4;

/** A part of the memory. */
export interface Block extends Disposable {
  /** The address of its first byte. */
  readonly pointer: number;
  /** Its bytes, rounded up to whole lines: a vector that begins in it ends in it. */
  readonly bytes: number;
}

/** Hands out blocks. Blocks never move; views of them are made again where the memory has grown. */
export class Arena {
  readonly #shared: boolean;
  #memory: WebAssembly.Memory | undefined;
  /** Free parts by address, none beside another. */
  readonly #free: { pointer: number; bytes: number }[] = [];
  #end = ALIGNED;

  /** Takes no memory until the first block. `shared`: threads see it too. */
  constructor(shared: boolean) {
    this.#shared = shared;
  }

  /** The most pages that it may have, as modules that import a shared memory state it. */
  static readonly mostPages = MOST_PAGES;

  /** The memory itself. */
  get memory(): WebAssembly.Memory {
    this.#memory ??= new WebAssembly.Memory(
      this.#shared ? { initial: 1, maximum: MOST_PAGES, shared: true } : { initial: 1 },
    );
    return this.#memory;
  }

  /**
   * Takes a block of at least `bytes`, which may hold anything.
   *
   * @throws {RuntimeError} where the memory can't grow
   */
  take(bytes: number): Block {
    const size = Math.max(ALIGNED, Math.ceil(bytes / ALIGNED) * ALIGNED);
    const pointer = this.#fromFree(size) ?? this.#fromEnd(size);
    let taken = true;
    return {
      pointer,
      bytes: size,
      [Symbol.dispose]: () => {
        if (taken) this.#give(pointer, size);
        taken = false;
      },
    };
  }

  /** The elements of a block from `offset` bytes on. The array is valid until another block is taken. */
  view(block: Block, dtype: StorageType, length: number, offset = 0): TypedArray {
    // A shared memory's arrays work alike, but for their type.
    return new ARRAYS[dtype](this.memory.buffer as ArrayBuffer, block.pointer + offset, length);
  }

  #fromFree(size: number): number | undefined {
    // The smallest that is large enough: large parts stay whole.
    const part = this.#free.reduce<{ pointer: number; bytes: number } | undefined>(
      (best, x) => x.bytes >= size && x.bytes < (best?.bytes ?? Infinity) ? x : best,
      undefined,
    );
    if (!part) return undefined;
    const { pointer } = part;
    if (part.bytes === size) this.#free.splice(this.#free.indexOf(part), 1);
    else {
      part.pointer += size;
      part.bytes -= size;
    }
    return pointer;
  }

  #fromEnd(size: number): number {
    const pointer = this.#end, end = pointer + size, has = this.memory.buffer.byteLength;
    if (end > has) {
      const wanted = Math.ceil((end - has) / PAGE), most = MOST_PAGES - has / PAGE;
      const pages = Math.min(most, Math.max(wanted, Math.ceil(has / PAGE * GROWTH)));
      if (wanted > most || !this.#grow(pages, wanted)) {
        throw new RuntimeError(
          `expected at most ${
            MOST_PAGES * PAGE
          } bytes on the CPU, as WebAssembly's pointers have 32 bits, and memory for ` +
            `them, got ${pointer} and ${size} more; dispose programs or tensors, or use ` +
            `Device.open({ backend: "webgpu" })`,
        );
      }
    }
    this.#end = end;
    return pointer;
  }

  #grow(pages: number, wanted: number): boolean {
    try {
      this.memory.grow(pages);
      return true;
    } catch (e) {
      if (!(e instanceof RangeError)) throw e;
      return pages > wanted && this.#grow(wanted, wanted);
    }
  }

  /** Takes a part back, and joins it to free ones beside it. */
  #give(pointer: number, bytes: number): void {
    const at = this.#free.findIndex((x) => x.pointer > pointer);
    const k = at < 0 ? this.#free.length : at;
    this.#free.splice(k, 0, { pointer, bytes });
    for (const i of [k, k - 1]) {
      const a = this.#free[i], b = this.#free[i + 1];
      if (!a || !b || a.pointer + a.bytes !== b.pointer) continue;
      a.bytes += b.bytes;
      this.#free.splice(i + 1, 1);
    }
    const last = this.#free.at(-1);
    if (last && last.pointer + last.bytes === this.#end) {
      this.#end = last.pointer;
      this.#free.pop();
    }
  }
}
