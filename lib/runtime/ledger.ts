import { RuntimeError } from "./error.ts";

/** What bytes on a device are for. */
export type MemoryKind = "tensors" | "weights" | "constants" | "activations" | "bound" | "idle";

const MEMORY_KINDS: readonly MemoryKind[] = [
  "tensors",
  "weights",
  "constants",
  "activations",
  "bound",
  "idle",
];

/** Bytes on a device, by what they are for. */
export interface MemoryUse extends Readonly<Record<MemoryKind, number>> {
  /** All of them together. */
  readonly total: number;
  /** The most that there may be; undefined without a limit. */
  readonly limit: number | undefined;
}

/** Counts the bytes that are taken on a device. */
export class Ledger {
  readonly #bytes = new Map<MemoryKind, number>();

  /** Starts at nothing. `makeRoom` frees what is idle; it is called before a limit refuses something. */
  constructor(
    /** The most bytes; undefined without a limit. */
    readonly limit: number | undefined,
    readonly makeRoom: () => void,
  ) {}

  /**
   * Counts bytes, until what it returns is called.
   *
   * @throws {RuntimeError} if there would be more than the limit
   */
  take(kind: MemoryKind, bytes: number): () => void {
    const { limit = Infinity } = this;
    if (this.use.total + bytes > limit) this.makeRoom();
    const { total } = this.use;
    if (total + bytes > limit) {
      throw new RuntimeError(
        `expected at most ${limit} bytes on the device, as its memoryLimit says, got ${total} and ${bytes} more for ` +
          `${kind}; dispose programs or tensors, or open it with more`,
      );
    }
    this.#add(kind, bytes);
    let taken = true;
    return () => {
      if (taken) this.#add(kind, -bytes);
      taken = false;
    };
  }

  #add(kind: MemoryKind, bytes: number): void {
    this.#bytes.set(kind, (this.#bytes.get(kind) ?? 0) + bytes);
  }

  /** The bytes that are taken now. */
  get use(): MemoryUse {
    const of = (kind: MemoryKind) => this.#bytes.get(kind) ?? 0;
    const kinds = Object.fromEntries(MEMORY_KINDS.map((kind) => [kind, of(kind)])) as Record<
      MemoryKind,
      number
    >;
    return { ...kinds, total: MEMORY_KINDS.reduce((n, kind) => n + of(kind), 0), limit: this.limit };
  }
}
