/** What a text must be, as a mask of the tokens that may come next. */
import type { Matcher } from "./load_xgrammar.ts";

/** Follows one text. Dispose it. */
export class Constraint implements Disposable {
  #matcher: Matcher | undefined;

  constructor(matcher: Matcher) {
    this.#matcher = matcher;
  }

  /** A bit for each token, 32 in a word from the lowest on: whether it may come next. After a text's end all may. */
  async mask(): Promise<Uint32Array<ArrayBuffer> | undefined> {
    const bits = await this.#matcher?.getNextTokenBitmask();
    return bits && new Uint32Array(bits.buffer, bits.byteOffset, bits.length);
  }

  /** Takes the token that came; false for one that the mask doesn't have. */
  accept(id: number): boolean {
    return this.#matcher?.acceptToken(id) ?? true;
  }

  /** Whether nothing may follow. */
  get ended(): boolean {
    return this.#matcher?.isTerminated() ?? true;
  }

  /** Lets go of the grammar. A round that still has the text goes on without it. */
  [Symbol.dispose](): void {
    this.#matcher?.dispose();
    this.#matcher = undefined;
  }
}
