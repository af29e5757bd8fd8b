/** A worker: takes the jobs of its device class, measures them with a local `Measuring`, and answers. */
import { messageOf, TunebookError } from "../base/error.ts";
import type { Failed } from "../measure/measurement.ts";
import type { Measuring, OpenMeasuring } from "../measure/measuring.ts";
import type { Target } from "../target/target.ts";
import { contentName } from "./content.ts";
import { deviceKey } from "./device_key.ts";
import { FleetError } from "./error.ts";
import {
  answerToText,
  type Job,
  jobFromText,
  type JobHead,
  jobHeadFromText,
  offerToText,
  type Outcome,
  type Work,
} from "./messages.ts";
import { sessionFromBytes } from "./session.ts";
import { ACK_WAIT_MS, OFFER_MS, type Taken, type Transport } from "./transport.ts";

/** Jobs that a worker holds at a time: one is measured while the next ones travel. */
const HELD = 3;
/** Attempts at one job. A job that ended this many workers is `deviceLost`. */
const ATTEMPTS = 3;
/** Attempts at an object of a job, and milliseconds between two attempts at what the network refuses. */
const GETS = 10;
const AGAIN_MS = 500;
/** Milliseconds that a worker waits for a job, so that it notices its end. */
const TAKE_MS = 2000;
/** Milliseconds for one job before its worker counts as hung; a race takes longer. */
const START_MS = 150_000;
const CANDIDATE_MS = 60_000;

/** What happens at a worker. */
export type WorkEvent =
  | { readonly kind: "took"; readonly id: string; readonly delivery: number }
  | {
    readonly kind: "answered";
    readonly id: string;
    readonly work: Work["kind"];
    readonly busyMs: number;
    readonly outcome: Outcome;
  }
  | { readonly kind: "refused"; readonly message: string }
  | { readonly kind: "lost"; readonly message: string }
  /** The server answers again. */
  | { readonly kind: "back" };

/** What a worker takes. */
export interface WorkOptions {
  /** Its name, which no other worker may have: letters, digits, - and _. */
  readonly worker: string;
  /** Its device. */
  readonly target: Target;
  /** Opens the local `Measuring` of a session. */
  readonly open: OpenMeasuring;
  /** Ends it, after the job that is being measured. */
  readonly signal: AbortSignal;
  /** Jobs held at a time. Default 3. */
  readonly held?: number;
  /** Called with what happens. */
  readonly report?: (event: WorkEvent) => void;
  /** Milliseconds between two signs of life for a held job. Default a third of the wait for an acknowledgement. */
  readonly beatMs?: number;
}

/** Works until the signal is aborted. Returns the number of jobs that were answered. */
export async function work(transport: Transport, options: WorkOptions): Promise<number> {
  await using worker = new Worker(transport, options, await deviceKey(options.target));
  return await worker.run();
}

/** A job that was measured, and has no answer yet. */
interface Served {
  readonly head: JobHead;
  readonly work: Work["kind"];
  readonly outcome: Outcome;
  readonly busyMs: number;
}

class Worker implements AsyncDisposable {
  readonly #since = Date.now();
  #jobs = 0;
  #busy = false;
  #away = false;
  /** When the job that is being measured counts as hung, in milliseconds of `performance.now`. */
  #hungAt = Infinity;
  /** Jobs are measured one after the other. */
  #turn: Promise<unknown> = Promise.resolve();
  /** Answers on their way. */
  readonly #answering = new Set<Promise<void>>();
  /** The session of the last job. */
  #session: { readonly name: string; readonly measuring: Measuring } | undefined;

  constructor(readonly transport: Transport, readonly options: WorkOptions, readonly key: string) {}

  async run(): Promise<number> {
    const { signal, held = HELD, worker } = this.options;
    await this.#offer();
    const offering = setInterval(() => this.#offer().catch((e) => this.#lost(e)), OFFER_MS);
    try {
      await Promise.all(Array.from({ length: held }, () => this.#lane(signal)));
      await Promise.all(this.#answering);
    } finally {
      clearInterval(offering);
      await this.transport.withdraw(worker).catch((e) => this.#lost(e));
    }
    return this.#jobs;
  }

  /** Holds one job at a time. */
  async #lane(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      let taken: Taken | undefined;
      try {
        taken = await this.transport.take(this.key, TAKE_MS, signal);
      } catch (e) {
        if (!(e instanceof FleetError)) throw e;
        this.#lost(e);
        await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
      }
      if (taken) await this.#hold(taken, signal);
    }
  }

  /** Measures a job after those before it. Its answer travels while the next one is measured. */
  async #hold(taken: Taken, signal: AbortSignal): Promise<void> {
    const { beatMs = ACK_WAIT_MS / 3 } = this.options;
    // A timer is no proof of life: a worker that hangs says nothing, and its jobs go to another one.
    const beat = setInterval(() => performance.now() < this.#hungAt && taken.working(), beatMs);
    const turn = this.#turn.then(async () => {
      if (!signal.aborted) return await this.#serve(taken);
      taken.putBack();
      return undefined;
    });
    this.#turn = turn.catch(() => {});
    let served: Served | undefined;
    try {
      served = await turn;
    } finally {
      if (!served) clearInterval(beat);
    }
    if (!served) return;
    const answering = this.#answer(taken, served).finally(() => {
      clearInterval(beat);
      this.#answering.delete(answering);
    });
    this.#answering.add(answering);
  }

  /** Gives the answer; undefined for a job that names no box. */
  async #serve(taken: Taken): Promise<Served | undefined> {
    const head = this.#headOf(taken);
    if (!head) {
      await taken.done().catch((e) => this.#lost(e));
      return undefined;
    }
    this.#report({ kind: "took", id: head.id, delivery: taken.delivery });
    const begin = performance.now();
    this.#busy = true;
    let work: Work["kind"] = "measure", outcome: Outcome;
    try {
      const job = jobFromText(head.object === undefined ? taken.text : await this.#large(head.object));
      if (job.id !== head.id || job.box !== head.box) throw new FleetError("expected one job, got two");
      work = job.work.kind;
      outcome = taken.delivery > ATTEMPTS ? lostOutcome(job.work) : await this.#measured(job);
    } catch (e) {
      if (!(e instanceof TunebookError)) throw e;
      outcome = { kind: "refused", message: e.message };
    } finally {
      this.#busy = false;
      this.#hungAt = Infinity;
    }
    return { head, work, outcome, busyMs: performance.now() - begin };
  }

  async #answer(taken: Taken, { head: { id, box }, work, outcome, busyMs }: Served): Promise<void> {
    try {
      await this.transport.answer(box, this.options.worker, id, answerToText({ id, busyMs, outcome }));
      await taken.done();
    } catch (e) {
      // The job is delivered again: its answer may not have arrived.
      return this.#lost(e);
    }
    this.#jobs++;
    if (outcome.kind === "refused") this.#report({ kind: "refused", message: outcome.message });
    else this.#report({ kind: "answered", id, work, busyMs, outcome });
  }

  #headOf(taken: Taken): JobHead | undefined {
    try {
      return jobHeadFromText(taken.text);
    } catch (e) {
      if (!(e instanceof FleetError)) throw e;
      this.#report({ kind: "refused", message: e.message });
      return undefined;
    }
  }

  async #measured({ session, work }: Job): Promise<Outcome> {
    const candidates = work.kind === "race" ? work.candidates.length * 2 : 2;
    this.#hungAt = performance.now() + START_MS + candidates * CANDIDATE_MS;
    const measuring = await this.#open(session);
    switch (work.kind) {
      case "measure": {
        const { measurement, promoted } = await measuring.measure(work.request);
        return { kind: "measured", measurement, promoted };
      }
      case "race":
        return {
          kind: "raced",
          measurements: await measuring.race(work.candidates, work.rounds, work.options),
        };
      default:
        return work satisfies never;
    }
  }

  /** The `Measuring` of a session: one is open at a time, as each has a process of its own. */
  async #open(name: string): Promise<Measuring> {
    if (this.#session?.name === name) return this.#session.measuring;
    const bytes = await this.#object(name);
    await this.#close();
    const measuring = await this.options.open(sessionFromBytes(bytes, this.options.target));
    if (!measuring) throw new FleetError("expected the session to open, got none");
    this.#session = { name, measuring };
    return measuring;
  }

  async #large(name: string): Promise<string> {
    return new TextDecoder().decode(await this.#object(name));
  }

  /** An object, whose content must be what its name says. */
  async #object(name: string): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = await this.#get(name);
    if (!bytes) throw new FleetError(`expected the object ${name}, got none; a tuner stores it for a day`);
    const is = await contentName(bytes);
    if (is !== name) throw new FleetError(`expected the object ${name}, got one with the content ${is}`);
    return bytes;
  }

  /** Asks for an object, and asks again while the network is away: that refuses no job. */
  async #get(name: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    for (let left = GETS;; left--) {
      try {
        return await this.transport.get(name);
      } catch (e) {
        if (!(e instanceof FleetError) || left === 1 || this.options.signal.aborted) throw e;
        this.#lost(e);
        await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
      }
    }
  }

  async #offer(): Promise<void> {
    const { worker, target } = this.options;
    await this.transport.offer(
      worker,
      offerToText({ worker, key: this.key, target, since: this.#since, busy: this.#busy, jobs: this.#jobs }),
    );
    if (this.#away) this.#report({ kind: "back" });
    this.#away = false;
  }

  #report(event: WorkEvent): void {
    this.options.report?.(event);
  }

  #lost(e: unknown): void {
    this.#away = true;
    this.#report({ kind: "lost", message: messageOf(e) });
  }

  async #close(): Promise<void> {
    const session = this.#session;
    this.#session = undefined;
    await session?.measuring[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
  }
}

/** What a job is that ended its workers. */
function lostOutcome(work: Work): Outcome {
  const measurement: Failed = {
    status: "deviceLost",
    message: `it ended its worker ${ATTEMPTS} times`,
    compileMs: NaN,
  };
  return work.kind === "measure"
    ? { kind: "measured", measurement, promoted: false }
    : { kind: "raced", measurements: work.candidates.map(() => measurement) };
}
