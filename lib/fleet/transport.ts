/** What a fleet asks of the network: queues of jobs, boxes of answers, presence, and objects by name. */

/** A job that a worker has taken. It is delivered again if the worker falls silent for `ACK_WAIT_MS`. */
export interface Taken {
  /** The message, as it was published. */
  readonly text: string;
  /** How often this job was delivered, from 1. */
  readonly delivery: number;
  /** Says that the worker still has it. */
  working(): void;
  /** Removes it from its queue. */
  done(): Promise<void>;
  /** Puts it back: another worker, or this one, gets it. */
  putBack(): void;
}

/** A connection of one tuner or worker. */
export interface Transport extends AsyncDisposable {
  /**
   * Puts a job into the queue of a device class. A second job with the same id within two minutes is dropped.
   *
   * @throws {QueueFullError} if the queue is full
   */
  publish(key: string, id: string, text: string): Promise<void>;
  /** Withdraws a job that still waits. A job that a worker has taken is not stopped. */
  withdrawJob(key: string, id: string): Promise<void>;
  /** Takes the next job of a class; undefined if none came within about `waitMs`, or the signal was aborted before. */
  take(key: string, waitMs: number, signal?: AbortSignal): Promise<Taken | undefined>;
  /**
   * Puts a worker's answer into a tuner's box. Resolves when it is stored. A second answer with the same id within two
   * minutes is dropped.
   */
  answer(box: string, worker: string, id: string, text: string): Promise<void>;
  /** Calls `arrived` with each answer in a box, in order, until it is disposed. */
  answers(box: string, arrived: (worker: string, text: string) => void): Promise<AsyncDisposable>;
  /** Says that a worker is there. Watchers see it while it is repeated. */
  offer(worker: string, text: string): Promise<void>;
  /** Says that it leaves. */
  withdraw(worker: string): Promise<void>;
  /**
   * Calls `seen` with each offer, with undefined for a worker that leaves. It resolves after the present ones were seen.
   */
  offers(seen: (worker: string, text: string | undefined) => void): Promise<AsyncDisposable>;
  /** Stores an object under a name, for a day. */
  put(name: string, bytes: Uint8Array<ArrayBuffer>): Promise<void>;
  /** Reads an object of up to `MOST_OBJECT_BYTES`; undefined where there is none. */
  get(name: string): Promise<Uint8Array<ArrayBuffer> | undefined>;
}

/** Milliseconds after which the job of a silent worker is delivered again. */
export const ACK_WAIT_MS = 5000;
/** Milliseconds between two offers of a worker, and after which a silent one counts as gone. */
export const OFFER_MS = 1000;
export const GONE_MS = 4000;
/** Jobs that wait for one device class. */
export const QUEUE_LENGTH = 256;
/** The largest object, and the largest message that is sent as it is, bytes. A larger job is sent as an object. */
export const MOST_OBJECT_BYTES = 1 << 28;
export const MOST_MESSAGE_BYTES = 500_000;
