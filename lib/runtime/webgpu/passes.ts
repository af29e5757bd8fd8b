/** Compute passes of one submission: one, unless copies lie between launches. */
export class Passes {
  #open: GPUComputePassEncoder | undefined;
  #begun = false;

  /** Encodes to `encoder`. `queries` take the moments of the begin, at 0, and of the end, at 1. */
  constructor(
    readonly encoder: GPUCommandEncoder,
    /** Whether there may be several. */
    readonly several: boolean,
    readonly queries?: GPUQuerySet,
  ) {}

  /** The pass that launches go to. */
  get pass(): GPUComputePassEncoder {
    if (this.#open) return this.#open;
    const end = this.several ? {} : { endOfPassWriteIndex: 1 };
    this.#open = this.#begin(this.#begun ? undefined : { beginningOfPassWriteIndex: 0, ...end });
    this.#begun = true;
    return this.#open;
  }

  /** Ends the pass, and gives what takes copies. */
  between(): GPUCommandEncoder {
    // The first moment is before the first copy.
    if (!this.#begun && this.queries) void this.pass;
    this.#open?.end();
    this.#open = undefined;
    return this.encoder;
  }

  /** Ends the last pass. */
  end(): void {
    this.between();
    if (this.several && this.queries) this.#begin({ endOfPassWriteIndex: 1 }).end();
  }

  #begin(at?: Omit<GPUComputePassTimestampWrites, "querySet">): GPUComputePassEncoder {
    const querySet = this.queries;
    return this.encoder.beginComputePass(querySet && at ? { timestampWrites: { querySet, ...at } } : {});
  }
}
