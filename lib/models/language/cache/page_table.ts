/** Which pages of a cache hold which sequence: the bookkeeping on the host. */
import { ContextError } from "../../context_error.ts";
import { ModelError } from "../../error.ts";

/** A sequence of tokens in a cache. */
export interface Sequence {
  /** Its number, which no other sequence of the cache ever has. */
  readonly id: number;
}

/** A page whose contents are copied to another one, before a sequence writes there. */
export interface PageCopy {
  readonly from: number;
  readonly to: number;
}

/** The sizes of a {@linkcode PageTable}. */
export interface PageTableOptions {
  /** Pages of the cache. */
  readonly pages: number;
  /** Positions of a page. */
  readonly pageSize: number;
  /** The most positions of a sequence. */
  readonly context: number;
  /** Positions that a token sees, where every layer has a sliding window: pages before it are given back. */
  readonly window?: number;
  /** The first positions, which stay outside of the window too. Default: 0. */
  readonly sinkTokens?: number;
}

/** A page that was given back. Nothing reads it. */
const GONE = -1;

interface Held {
  readonly pages: number[];
  length: number;
}

/** The pages of sequences. Forks share pages until one of them writes. */
export class PageTable {
  readonly #free: number[];
  readonly #users: Uint32Array;
  readonly #sequences = new Map<Sequence, Held>();
  #made = 0;

  /** Makes the table of an empty cache. */
  constructor(readonly options: PageTableOptions) {
    this.#free = Array.from({ length: options.pages }, (_, k) => options.pages - 1 - k);
    this.#users = new Uint32Array(options.pages);
  }

  /** Pages that no sequence has. */
  get free(): number {
    return this.#free.length;
  }

  /** Adds an empty sequence. */
  add(): Sequence {
    return this.#added({ pages: [], length: 0 });
  }

  /** Adds a sequence with the tokens of another. Pages are shared until one of both writes to them. */
  fork(sequence: Sequence): Sequence {
    const { pages, length } = this.#held(sequence);
    for (const p of pages) if (p !== GONE) this.#users[p] = this.#usersOf(p) + 1;
    return this.#added({ pages: [...pages], length });
  }

  /** Removes a sequence. Its pages are free, where no other sequence has them. */
  remove(sequence: Sequence): void {
    this.#held(sequence).pages.forEach((p) => this.#release(p));
    this.#sequences.delete(sequence);
  }

  /** The number of a sequence's tokens. */
  lengthOf(sequence: Sequence): number {
    return this.#held(sequence).length;
  }

  /** The pages of a sequence, in order. Where a page was given back there is page 0, which it doesn't see. */
  pagesOf(sequence: Sequence): readonly number[] {
    return this.#held(sequence).pages.map((p) => p === GONE ? 0 : p);
  }

  /** The most tokens that a sequence can still append. */
  roomOf(sequence: Sequence): number {
    const { pages, length } = this.#held(sequence), { pageSize, context } = this.options;
    const own = pages.length * pageSize - length;
    const copies = own > 0 && this.#usersOf(pages.at(-1) as number) > 1 ? 1 : 0;
    return Math.max(0, Math.min(context - length, own + Math.max(0, this.free - copies) * pageSize));
  }

  /**
   * Makes room for tokens at the end of a sequence.
   *
   * @returns pages to copy before the tokens are written
   * @throws {ContextError} where the cache is full; then nothing has changed
   */
  append(sequence: Sequence, tokens: number): readonly PageCopy[] {
    const held = this.#held(sequence), { pageSize, context } = this.options;
    const length = held.length + tokens;
    if (length > context) {
      throw new ContextError(
        `expected at most ${context} tokens of a text, as the cache was made for, got ${length}; load the model with a ` +
          `larger context, or pop tokens`,
      );
    }
    const last = held.pages.at(-1), writesLast = held.length % pageSize !== 0 && tokens > 0;
    const copied = writesLast && last !== undefined && this.#usersOf(last) > 1;
    const more = Math.ceil(length / pageSize) - held.pages.length;
    if (more + (copied ? 1 : 0) > this.free) {
      throw new ContextError(
        `expected room for ${tokens} tokens, got ${this.free} free pages of ${pageSize} tokens: the cache of ` +
          `${this.options.pages} pages is full. This text may have ${
            held.length + this.roomOf(sequence)
          } tokens; remove ` +
          `a sequence, or load the model with a larger budget`,
      );
    }
    const copies: PageCopy[] = [];
    if (copied) {
      const to = this.#take();
      copies.push({ from: last, to });
      this.#release(last);
      held.pages[held.pages.length - 1] = to;
    }
    for (let k = 0; k < more; k++) held.pages.push(this.#take());
    held.length = length;
    return copies;
  }

  /**
   * Gives back the pages of a sequence that are before its window. Called after tokens were computed: they may see what was
   * in the window of the first of them.
   */
  slide(sequence: Sequence): void {
    const { window, sinkTokens = 0, pageSize } = this.options;
    if (window === undefined) return;
    const held = this.#held(sequence), first = held.length - window;
    for (let k = Math.ceil(sinkTokens / pageSize); (k + 1) * pageSize <= first + 1; k++) {
      this.#release(held.pages[k] as number);
      held.pages[k] = GONE;
    }
  }

  /**
   * Takes tokens from the end of a sequence.
   *
   * @throws {ModelError} for more tokens than there are, and where the window has dropped what the next token would see
   */
  pop(sequence: Sequence, tokens: number): void {
    const held = this.#held(sequence), { pageSize, window, sinkTokens = 0 } = this.options;
    const length = held.length - tokens;
    if (length < 0) throw new ModelError(`expected to pop at most ${held.length} tokens, got ${tokens}`);
    const first = Math.max(0, length + 1 - (window ?? Infinity));
    const seen = held.pages.slice(Math.floor(first / pageSize), Math.ceil(length / pageSize));
    if (seen.includes(GONE) && length > sinkTokens) {
      throw new ModelError(
        `expected to pop fewer than ${tokens} of ${held.length} tokens: the sliding window has dropped what the next token ` +
          `would see`,
      );
    }
    for (const p of held.pages.splice(Math.ceil(length / pageSize))) this.#release(p);
    held.length = length;
  }

  #added(held: Held): Sequence {
    const sequence = { id: this.#made++ };
    this.#sequences.set(sequence, held);
    return sequence;
  }

  #held(sequence: Sequence): Held {
    const held = this.#sequences.get(sequence);
    if (held) return held;
    throw new ModelError(`expected a sequence of this cache, got one that was removed or is of another`);
  }

  #usersOf(page: number): number {
    return this.#users[page] ?? 0;
  }

  #take(): number {
    const page = this.#free.pop() as number;
    this.#users[page] = 1;
    return page;
  }

  #release(page: number): void {
    if (page === GONE) return;
    this.#users[page] = this.#usersOf(page) - 1;
    if (this.#usersOf(page) === 0) this.#free.push(page);
  }
}
