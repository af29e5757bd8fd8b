/** The in-memory twin of the network: the same queues, boxes and redelivery, within one process. */
import { QueueFullError } from "../../lib/fleet/error.ts";
import {
  ACK_WAIT_MS,
  MOST_OBJECT_BYTES,
  QUEUE_LENGTH,
  type Taken,
  type Transport,
} from "../../lib/fleet/transport.ts";

interface Waiting {
  readonly id: string;
  readonly text: string;
  deliveries: number;
  /** The time before which nobody else gets it; 0: it waits. */
  heldUntil: number;
}

/** How the twin behaves, so that tests needn't wait. */
export interface MemoryOptions {
  /** Default `ACK_WAIT_MS`. */
  readonly ackWaitMs?: number;
  /** Default `QUEUE_LENGTH`. */
  readonly queueLength?: number;
}

type Arrived = (worker: string, text: string) => void;

/** A network in memory. All tuners and workers of a test share one. */
export class MemoryTransport implements Transport {
  readonly #queues = new Map<string, Waiting[]>();
  readonly #known = new Set<string>();
  readonly #boxes = new Map<string, Set<Arrived>>();
  readonly #offers = new Map<string, string>();
  readonly #watching = new Set<(worker: string, text: string | undefined) => void>();
  readonly #objects = new Map<string, Uint8Array<ArrayBuffer>>();
  readonly #wakes = new Set<() => void>();
  readonly #ackWaitMs: number;
  readonly #length: number;

  /** Makes an empty one. */
  constructor({ ackWaitMs = ACK_WAIT_MS, queueLength = QUEUE_LENGTH }: MemoryOptions = {}) {
    this.#ackWaitMs = ackWaitMs;
    this.#length = queueLength;
  }

  publish(key: string, id: string, text: string): Promise<void> {
    const queue = this.#queueOf(key);
    if (this.#known.has(id)) return Promise.resolve();
    if (queue.length >= this.#length) {
      return Promise.reject(
        new QueueFullError(`expected fewer than ${this.#length} waiting jobs, got ${queue.length}`),
      );
    }
    this.#known.add(id);
    queue.push({ id, text, deliveries: 0, heldUntil: 0 });
    this.#wake();
    return Promise.resolve();
  }

  withdrawJob(key: string, id: string): Promise<void> {
    this.#remove(key, id);
    return Promise.resolve();
  }

  async take(key: string, waitMs: number, signal?: AbortSignal): Promise<Taken | undefined> {
    const end = performance.now() + waitMs;
    const stop = () => this.#wake();
    signal?.addEventListener("abort", stop, { once: true });
    using _stopping = { [Symbol.dispose]: () => signal?.removeEventListener("abort", stop) };
    while (true) {
      const now = performance.now(), queue = this.#queueOf(key);
      const free = queue.find((w) => w.heldUntil <= now);
      if (free) return this.#taken(key, free);
      if (now >= end || signal?.aborted) return undefined;
      const next = Math.min(end, ...queue.map((w) => w.heldUntil));
      await this.#woken(Math.max(0, next - now));
    }
  }

  answer(box: string, worker: string, id: string, text: string): Promise<void> {
    const known = `answer ${id}`;
    if (this.#known.has(known)) return Promise.resolve();
    this.#known.add(known);
    for (const arrived of this.#boxes.get(box) ?? []) arrived(worker, text);
    return Promise.resolve();
  }

  answers(box: string, arrived: Arrived): Promise<AsyncDisposable> {
    const all = this.#boxes.get(box) ?? new Set();
    this.#boxes.set(box, all.add(arrived));
    return Promise.resolve(disposable(() => all.delete(arrived)));
  }

  offer(worker: string, text: string): Promise<void> {
    this.#offers.set(worker, text);
    for (const seen of this.#watching) seen(worker, text);
    return Promise.resolve();
  }

  withdraw(worker: string): Promise<void> {
    this.#offers.delete(worker);
    for (const seen of this.#watching) seen(worker, undefined);
    return Promise.resolve();
  }

  offers(seen: (worker: string, text: string | undefined) => void): Promise<AsyncDisposable> {
    this.#watching.add(seen);
    for (const [worker, text] of this.#offers) seen(worker, text);
    return Promise.resolve(disposable(() => this.#watching.delete(seen)));
  }

  put(name: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    this.#objects.set(name, bytes);
    return Promise.resolve();
  }

  get(name: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const bytes = this.#objects.get(name);
    return Promise.resolve(bytes && bytes.length <= MOST_OBJECT_BYTES ? bytes : undefined);
  }

  /** Nothing is held. */
  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }

  /** Jobs of a class that wait or are held. */
  waiting(key: string): number {
    return this.#queueOf(key).length;
  }

  #taken(key: string, job: Waiting): Taken {
    const delivery = ++job.deliveries;
    const hold = () => void (job.heldUntil = performance.now() + this.#ackWaitMs);
    hold();
    const isMine = () => job.deliveries === delivery;
    return {
      text: job.text,
      delivery,
      working: () => isMine() && hold(),
      done: () => {
        this.#remove(key, job.id);
        return Promise.resolve();
      },
      putBack: () => {
        if (!isMine()) return;
        job.heldUntil = 0;
        this.#wake();
      },
    };
  }

  #remove(key: string, id: string): void {
    const queue = this.#queueOf(key), at = queue.findIndex((w) => w.id === id);
    if (at >= 0) queue.splice(at, 1);
  }

  #queueOf(key: string): Waiting[] {
    const queue = this.#queues.get(key) ?? [];
    this.#queues.set(key, queue);
    return queue;
  }

  #wake(): void {
    for (const wake of [...this.#wakes]) wake();
  }

  #woken(mostMs: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        this.#wakes.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, mostMs);
      this.#wakes.add(wake);
    });
  }
}

function disposable(end: () => void): AsyncDisposable {
  return {
    [Symbol.asyncDispose]: () => {
      end();
      return Promise.resolve();
    },
  };
}
