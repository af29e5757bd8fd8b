/** The present workers: their offers, checked, and forgotten where they are no longer repeated. */
import { deviceKey } from "./device_key.ts";
import { FleetError } from "./error.ts";
import { type Offer, offerFromText } from "./messages.ts";
import { GONE_MS, type Transport } from "./transport.ts";

interface Seen {
  readonly offer: Offer;
  readonly at: number;
}

/** The workers of a fleet. */
export class Presence implements AsyncDisposable {
  readonly #seen = new Map<string, Seen>();
  /** When a worker of a class was seen last. */
  readonly #lastOf = new Map<string, number>();
  readonly #changed = new Set<() => void>();
  #watching: AsyncDisposable | undefined;
  #checking: Promise<unknown> = Promise.resolve();

  private constructor(readonly refuse: (why: string) => void) {}

  /** Watches. The present workers are known when it resolves. */
  static async watch(transport: Transport, refuse: (why: string) => void): Promise<Presence> {
    const self = new Presence(refuse);
    self.#watching = await transport.offers((worker, text) => {
      self.#checking = self.#checking.then(() => self.#read(worker, text));
    });
    await self.#checking;
    return self;
  }

  /** The offers that were repeated lately, the oldest worker first. */
  get offers(): readonly Offer[] {
    const now = performance.now();
    return [...this.#seen.values()].filter(({ at }) => now - at < GONE_MS).map(({ offer }) => offer)
      .toSorted((a, b) => a.since - b.since || (a.worker < b.worker ? -1 : 1));
  }

  /** Milliseconds since a worker of a class was seen; Infinity if none was. */
  silentMs(key: string): number {
    return performance.now() - (this.#lastOf.get(key) ?? -Infinity);
  }

  /** Waits for the next change, or `mostMs`. */
  changed(mostMs: number): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer);
        this.#changed.delete(end);
        resolve();
      };
      const timer = setTimeout(end, mostMs);
      this.#changed.add(end);
    });
  }

  async #read(worker: string, text: string | undefined): Promise<void> {
    if (text === undefined) this.#seen.delete(worker);
    else {
      try {
        const offer = offerFromText(text);
        if (offer.worker !== worker) {
          throw new FleetError(`expected an offer of worker ${worker}, got one of ${offer.worker}`);
        }
        const key = await deviceKey(offer.target);
        if (key !== offer.key) {
          throw new FleetError(`expected the key ${key} of its device, got ${offer.key}`);
        }
        this.#seen.set(worker, { offer, at: performance.now() });
        this.#lastOf.set(key, performance.now());
      } catch (e) {
        if (!(e instanceof FleetError)) throw e;
        this.refuse(e.message);
      }
    }
    for (const changed of [...this.#changed]) changed();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#watching?.[Symbol.asyncDispose]();
  }
}
