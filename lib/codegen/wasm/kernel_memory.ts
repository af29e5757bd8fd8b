/** Where a kernel's buffers lie: in the memory of the module, behind a pointer, or in a local. */
import { fromLinear, linearOf } from "../../arith/linear.ts";
import { elementsOf } from "../../ir/elements.ts";
import type { Buffer, Expr } from "../../ir/expr.ts";
import { storageBytes, storageOf } from "../../ir/stored.ts";
import type { Kernel } from "../../lower/kernel.ts";
import type { AccessBounds } from "./access_bounds.ts";
import type { Body, Push } from "./body.ts";
import { wasmType } from "./types.ts";

/** A local that holds all elements of an array of registers. */
export interface Single {
  /** The local. */
  readonly local: number;
  /** Its elements, 1 or 4. */
  readonly lanes: 1 | 4;
}

/** An array in memory. */
interface Place {
  /** Pushes the address of its first element, less `offset`. */
  readonly base: Push;
  readonly offset: number;
  /** Bytes of an element. Halves of a workgroup or thread are kept as f32. */
  readonly bytes: 1 | 2 | 4;
  /** Pushes the number of its elements, where that is not constant. */
  readonly length: number | Push;
}

/** The parameters of every kernel after its pointers, lengths and uniforms. */
export interface Frame {
  /** The local with the pointer of binding 0; others follow. */
  readonly pointers: number;
  /** The local with the length of binding 0; others follow. */
  readonly lengths: number;
  /** The local with the address of the worker's scratch memory. */
  readonly scratch: number;
  /** The local with the number of the thread in its workgroup, where threads have arrays of their own. */
  readonly thread: number | undefined;
}

/** Finds a kernel's buffers. */
export class KernelMemory {
  readonly #singles = new Map<Buffer, Single>();
  readonly #places = new Map<Buffer, Place>();
  #scratch = 0;

  /** `apart`: arrays of registers that live across a barrier. Each thread has its own. */
  constructor(
    kernel: Kernel,
    readonly body: Body,
    readonly frame: Frame,
    readonly bounds: AccessBounds,
    apart: ReadonlySet<Buffer>,
  ) {
    kernel.bindings.forEach(({ buffer }, k) => {
      this.#places.set(buffer, {
        base: () => body.get(frame.pointers + k),
        offset: 0,
        bytes: storageBytes(storageOf(buffer)) as 1 | 2 | 4,
        length: elementsOf(buffer.shape) ?? (() => body.get(frame.lengths + k)),
      });
    });
    const threads = kernel.workgroupSize.reduce((n, x) => n * x, 1);
    for (const { buffer, size, lanes } of [...kernel.shared, ...kernel.locals]) {
      if (buffer.scope === "local" && size === lanes && !apart.has(buffer)) {
        const local = body.local(buffer.name, lanes === 4 ? "v128" : wasmType(buffer.dtype));
        this.#singles.set(buffer, { local, lanes });
      } else this.#places.set(buffer, this.#scratchFor(size, apart.has(buffer) ? threads : 1));
    }
  }

  #scratchFor(size: number, threads: number): Place {
    const offset = this.reserve(16 * Math.ceil(size / 4), threads);
    const base = () => this.pushScratch(16 * Math.ceil(size / 4), threads);
    return { base, offset, bytes: 4, length: size };
  }

  /** Reserves bytes for each of some threads; gives the offset of the first. */
  reserve(bytes: number, threads: number): number {
    const offset = this.#scratch;
    this.#scratch = Math.ceil((offset + bytes * threads) / 16) * 16;
    return offset;
  }

  /** Pushes the address of scratch memory. Each of some threads has `bytes` of it. */
  pushScratch(bytes: number, threads: number): void {
    const { scratch, thread } = this.frame;
    this.body.get(scratch);
    if (threads > 1 && thread !== undefined) {
      this.body.get(thread).i32(bytes).op("i32.mul").op("i32.add");
    }
  }

  /** The bytes of scratch memory that a worker needs. */
  get scratchBytes(): number {
    return this.#scratch;
  }

  /** The local that a buffer is, if it is one. */
  single(b: Buffer): Single | undefined {
    return this.#singles.get(b);
  }

  /** Tells whether elements are stored as halves. */
  isHalf(b: Buffer): boolean {
    return b.dtype === "f16" && this.#places.get(b)?.bytes === 2;
  }

  /**
   * Pushes the address of `lanes` elements from `index` on, less the offset that is returned. An index that isn't proven to
   * lie in the buffer is clamped to it: every buffer has room for four elements.
   */
  address(b: Buffer, index: Expr, lanes: 1 | 4, expr: (e: Expr) => void): number {
    const place = this.#places.get(b) as Place, { body } = this;
    place.base();
    if (!this.bounds.isInside(b, index, lanes)) {
      this.#clamped(place.length, index, lanes, expr);
      body.i32(Math.log2(place.bytes)).op("i32.shl").op("i32.add");
      return place.offset;
    }
    const l = linearOf(index), rest = fromLinear({ terms: l.terms, constant: 0 });
    // An address must not wrap around before the offset is added.
    const split = l.constant > 0 && this.bounds.isNotNegative(rest);
    const varying = split || l.terms.size === 0 ? rest : index;
    const offset = place.offset + (split || l.terms.size === 0 ? l.constant : 0) * place.bytes;
    if (l.terms.size === 0) return offset;
    expr(varying);
    body.i32(Math.log2(place.bytes)).op("i32.shl").op("i32.add");
    return offset;
  }

  #clamped(length: number | Push, index: Expr, lanes: 1 | 4, expr: (e: Expr) => void): void {
    const { body } = this;
    body.temps("i32", 2, ([at = 0, last = 0]) => {
      expr(index);
      body.set(at);
      if (typeof length === "number") body.i32(Math.max(0, length - lanes)).set(last);
      else {
        length();
        body.i32(lanes).op("i32.sub").tee(last).i32(0).get(last).i32(0).op("i32.ge_s").op("select").set(last);
      }
      body.get(at).get(last).get(at).get(last).op("i32.lt_u").op("select");
    });
  }
}
