/** Tokens that come one by one, as text. */
export class TextStream {
  readonly #decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  readonly #bytesOf: (id: number) => Uint8Array;
  #dropSpace: boolean;

  /**
   * Makes a stream; `Tokenizer.stream` gives the one of a tokenizer.
   *
   * @param bytesOf gives the bytes of a token; none for one that isn't shown
   * @param dropsFirstSpace leaves out a space at the beginning
   */
  constructor(bytesOf: (id: number) => Uint8Array, dropsFirstSpace: boolean) {
    this.#bytesOf = bytesOf;
    this.#dropSpace = dropsFirstSpace;
  }

  /** Gives the text that a token adds: empty until its code points are complete. */
  push(id: number): string {
    let bytes = this.#bytesOf(id);
    if (this.#dropSpace && bytes.length > 0) {
      this.#dropSpace = false;
      if (bytes[0] === 32) bytes = bytes.subarray(1);
    }
    return this.#decoder.decode(bytes, { stream: true });
  }

  /** Ends the text: gives U+FFFD for a code point that isn't complete, else an empty text. */
  end(): string {
    return this.#decoder.decode();
  }
}
