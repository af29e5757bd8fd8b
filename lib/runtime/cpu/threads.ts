/** Threads that share the workgroups of a launch on the CPU: workers beside this thread, on one memory. */
import { messageOf } from "../../base/error.ts";
import { RunError, RuntimeError } from "../error.ts";
import { PLACES, THREAD_SOURCE } from "./thread_source.ts";

/** The numbers of that block. */
const NUMBERS = 1024;
/** A launch is shared if the rest of it takes this long on one thread: a round trip takes about 0.01 ms. */
const LEAST_MS = 0.2;
/** Chunks of each thread, at least: one that is late leaves its share to others. */
const SHARES = 8;
/** Milliseconds in which a thread must start. */
const START_MS = 10_000;

/** A module as threads find it: its number, and where its bytes lie. */
export interface SharedModule {
  readonly id: number;
  readonly code: number;
  readonly codeBytes: number;
}

/** What threads run. */
export interface Job {
  readonly module: SharedModule;
  /** The numbers before the address of scratch memory. */
  readonly args: readonly number[];
  /** The scratch memory of all threads, and the bytes of one. */
  readonly scratch: number;
  readonly scratchBytes: number;
  /** Runs workgroups on this thread. */
  run(begin: number, end: number): void;
  readonly groups: number;
  /** The most workgroups of one call. */
  readonly chunk: number;
}

/** Some threads. Dispose them. */
export class Threads implements Disposable {
  readonly #numbers: Int32Array<SharedArrayBuffer>;
  readonly #mayWait: boolean;
  #modules = 0;
  /** Launches that were shared so far. */
  shared = 0;

  private constructor(readonly count: number, numbers: Int32Array<SharedArrayBuffer>) {
    this.#numbers = numbers;
    this.#mayWait = mayWait(numbers);
  }

  /**
   * Starts threads, so that there are `count` with this one.
   *
   * @throws {RuntimeError} where one does not start
   */
  static async start(count: number, memory: WebAssembly.Memory, source = THREAD_SOURCE): Promise<Threads> {
    const numbers = new Int32Array(new SharedArrayBuffer(4 * NUMBERS));
    const threads = new Threads(count, numbers);
    const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
    try {
      const started = Array.from({ length: count - 1 }, (_, k) => startThread(url, k + 1, numbers, memory));
      await Promise.all(started);
      return threads;
    } catch (e) {
      threads[Symbol.dispose]();
      throw new RuntimeError(
        `expected ${count - 1} threads beside this one to start, got ${
          messageOf(e)
        }; open the device with threads: 1`,
      );
    } finally {
      URL.revokeObjectURL(url);
    }
  }

  /** Gives a module a number. */
  add(code: number, codeBytes: number): SharedModule {
    return { id: ++this.#modules, code, codeBytes };
  }

  /**
   * Runs all workgroups of a job, and returns when they are done. A small one stays on this thread.
   *
   * @throws {RunError} where another thread fails
   */
  run(job: Job): void {
    const { groups } = job, chunk = Math.min(job.chunk, Math.ceil(groups / (SHARES * this.count)));
    const begun = performance.now();
    job.run(0, Math.min(groups, chunk));
    const rest = groups - chunk;
    if (rest <= 0) return;
    const isSmall = (performance.now() - begun) * rest / chunk < LEAST_MS;
    if (isSmall || PLACES.args + job.args.length > NUMBERS) {
      for (let at = chunk; at < groups; at += job.chunk) job.run(at, Math.min(groups, at + job.chunk));
      return;
    }
    this.shared++;
    this.#share(job, chunk);
  }

  #share({ module, args, scratch, scratchBytes, groups, run }: Job, chunk: number): void {
    const c = this.#numbers, P = PLACES;
    c[P.next] = chunk;
    c[P.groups] = groups;
    c[P.chunk] = chunk;
    c[P.module] = module.id;
    c[P.code] = module.code;
    c[P.codeBytes] = module.codeBytes;
    c[P.scratch] = scratch;
    c[P.scratchBytes] = scratchBytes;
    c[P.count] = args.length;
    c.set(args, P.args);
    Atomics.store(c, P.pending, this.count - 1);
    Atomics.add(c, P.round, 1);
    Atomics.notify(c, P.round);
    try {
      for (;;) {
        const begin = Atomics.add(c, P.next, chunk);
        if (begin >= groups) break;
        run(begin, Math.min(groups, begin + chunk));
      }
    } finally {
      this.#await();
    }
    if (Atomics.exchange(c, P.failed, 0) !== 0) {
      throw new RunError("a thread of the CPU failed; open the device with threads: 1 to see why");
    }
  }

  /** Waits for the other threads. A page's own thread may not sleep: it asks again and again. */
  #await(): void {
    const c = this.#numbers;
    for (;;) {
      const pending = Atomics.load(c, PLACES.pending);
      if (pending === 0) return;
      if (this.#mayWait) Atomics.wait(c, PLACES.pending, pending);
    }
  }

  [Symbol.dispose](): void {
    Atomics.store(this.#numbers, PLACES.stopped, 1);
    Atomics.add(this.#numbers, PLACES.round, 1);
    Atomics.notify(this.#numbers, PLACES.round);
  }
}

function mayWait(numbers: Int32Array<SharedArrayBuffer>): boolean {
  try {
    return Atomics.wait(numbers, PLACES.pending, 1) === "not-equal";
  } catch (e) {
    if (e instanceof TypeError) return false;
    throw e;
  }
}

/** Starts one worker; it is ready when it says so. */
function startThread(
  url: string,
  id: number,
  numbers: Int32Array<SharedArrayBuffer>,
  memory: WebAssembly.Memory,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(url, { type: "module" });
    const late = setTimeout(() => fail(`none after ${START_MS} ms`), START_MS);
    const fail = (why: string) => {
      clearTimeout(late);
      worker.terminate();
      reject(new Error(why));
    };
    worker.onerror = (e) => {
      e.preventDefault();
      fail(e.message);
    };
    worker.onmessage = () => {
      clearTimeout(late);
      resolve();
    };
    worker.postMessage({ id, numbers, memory });
  });
}
