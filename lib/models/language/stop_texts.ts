/** Ends a text before the first of some texts, however they are spread over its parts. */
export class StopTexts {
  #held = "";

  /** Looks for these texts; empty ones never end a text. */
  constructor(readonly stops: readonly string[]) {}

  /** Takes a part, and gives what is sure to be before a stop text. `found` ends the text. */
  push(part: string): { readonly text: string; readonly found: boolean } {
    this.#held += part;
    const places = this.stops.flatMap((s) => s === "" ? [] : [this.#held.indexOf(s)]).filter((at) => at >= 0);
    if (places.length > 0) return this.#give(Math.min(...places), true);
    return this.#give(this.#held.length - this.#begun(), false);
  }

  /** Gives what was held back. */
  end(): string {
    return this.#give(this.#held.length, false).text;
  }

  #give(length: number, found: boolean): { readonly text: string; readonly found: boolean } {
    const text = this.#held.slice(0, length);
    this.#held = this.#held.slice(length);
    return { text, found };
  }

  /** Characters at the end that may begin a stop text. */
  #begun(): number {
    const longest = Math.max(0, ...this.stops.map((s) => s.length - 1));
    for (let n = Math.min(longest, this.#held.length); n > 0; n--) {
      if (this.stops.some((s) => s.startsWith(this.#held.slice(-n)))) return n;
    }
    return 0;
  }
}
