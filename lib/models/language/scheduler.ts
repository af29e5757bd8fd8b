/** Shares a device among texts: those that wait are admitted before each round, and all that run are decoded together. */
import { Decoding } from "./decoding.ts";
import { type Engine, MOST_ROWS } from "./engine.ts";
import type { Lane } from "./lane.ts";

/** The most tokens that follow each other before they are read. */
const MOST_STEPS = 8;

/** A lane that has its place in the cache. */
type Running = Lane & { sequence: NonNullable<Lane["sequence"]> };

/** Generates texts on an engine. */
export class Scheduler {
  readonly #waiting: Lane[] = [];
  readonly #running: Running[] = [];
  #decoding: Decoding | undefined;
  #loop: Promise<void> | undefined;

  constructor(readonly engine: Engine) {}

  /** Generates a lane's text. A signal that is aborted ends it, whether or not its pieces are read. */
  add(lane: Lane): void {
    const { signal } = lane.given.options;
    if (signal?.aborted) return lane.fail(signal.reason);
    signal?.addEventListener("abort", () => lane.fail(signal.reason), { once: true });
    this.#waiting.push(lane);
    this.#loop ??= this.#run().finally(() => this.#loop = undefined);
  }

  /** Ends all texts, and calls `then` when nothing runs any more: at once where nothing does. */
  stop(reason: unknown, then: () => void): void {
    for (const lane of [...this.#waiting, ...this.#running]) lane.fail(reason);
    if (this.#loop) void this.#loop.finally(then);
    else then();
  }

  async #run(): Promise<void> {
    try {
      // Texts that are added at the same time share the first round.
      await Promise.resolve();
      while (this.#waiting.length > 0 || this.#running.length > 0) {
        await this.#admit();
        this.#drop();
        if (this.#running.length > 0) await this.#round();
        this.#drop();
      }
    } catch (e) {
      for (const lane of [...this.#waiting.splice(0), ...this.#running]) lane.fail(e);
      this.#drop();
    } finally {
      this.#forget();
    }
  }

  /** Computes the prompts of lanes that wait, where the cache has room for them. */
  async #admit(): Promise<void> {
    const { table } = this.engine;
    while (this.#waiting.length > 0 && this.#running.length < MOST_ROWS) {
      const lane = this.#waiting[0] as Lane;
      if (lane.ended) {
        this.#waiting.shift();
        continue;
      }
      const pages = Math.ceil((lane.ids.length + 1) / table.options.pageSize);
      if (pages > table.free && this.#running.length > 0) return;
      this.#waiting.shift();
      const sequence = table.add(), begun = performance.now();
      const running = Object.assign(lane, { sequence });
      try {
        await this.engine.prefill(sequence, lane.ids.slice(0, -1), lane.given.options.signal);
        lane.prefilled(performance.now() - begun);
        this.#running.push(running);
        this.#forget();
      } catch (e) {
        lane.fail(e);
        table.remove(sequence);
      }
    }
  }

  /** Decodes some tokens of all lanes that run. */
  async #round(): Promise<void> {
    const { table } = this.engine, lanes = [...this.#running];
    const withLogits = lanes.some((l) => l.wantsLogits);
    // A mask follows from the token before.
    const single = withLogits || lanes.some((l) => l.constraint);
    const wanted = Math.min(single ? 1 : MOST_STEPS, ...lanes.map((l) => Math.max(1, l.left)));
    const full = lanes.find((l) => table.roomOf(l.sequence) === 0);
    if (full) return full.full();
    const steps = Math.min(wanted, ...lanes.map((l) => table.roomOf(l.sequence)));
    const reserved: Running[] = [];
    try {
      for (const lane of lanes) {
        await this.engine.reserve(lane.sequence, steps);
        reserved.push(lane);
      }
    } catch {
      // The last one that runs gives way: its text is as long as the cache allows.
      for (const lane of reserved) table.pop(lane.sequence, steps);
      return (lanes.at(-1) as Running).full();
    }
    this.#decoding ??= new Decoding(this.engine, lanes);
    const { tokens, logits } = await this.#decoding.run(steps, withLogits);
    const width = (logits?.length ?? 0) / lanes.length;
    lanes.forEach((lane, k) => {
      const own = tokens[k] as readonly number[], row = logits?.subarray(k * width, (k + 1) * width);
      let accepted = 0;
      for (const id of own) {
        if (lane.ended) break;
        accepted++;
        lane.accept(id, row);
      }
      table.pop(lane.sequence, steps - accepted);
      table.slide(lane.sequence);
    });
  }

  /** Takes lanes that have ended out of the batch, and their sequences out of the cache. */
  #drop(): void {
    const ended = this.#running.filter((l) => l.ended);
    if (ended.length === 0) return;
    for (const lane of ended) {
      this.#running.splice(this.#running.indexOf(lane), 1);
      this.engine.table.remove(lane.sequence);
    }
    this.#forget();
  }

  /** Lets go of the state of a batch whose rows have changed. */
  #forget(): void {
    this.#decoding?.[Symbol.dispose]();
    this.#decoding = undefined;
  }
}
