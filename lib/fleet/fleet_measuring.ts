/** `Measuring` on the workers of a device class: each request is a job, and its answer comes from any of them. */
import { messageOf } from "../base/error.ts";
import type { Failed, Measurement } from "../measure/measurement.ts";
import type {
  Candidate,
  Measured,
  MeasureRequest,
  Measuring,
  MeasuringOptions,
  SampleOptions,
} from "../measure/measuring.ts";
import { contentName } from "./content.ts";
import { FleetError } from "./error.ts";
import {
  type Answer,
  answerFromText,
  jobToText,
  largeJobToText,
  type Outcome,
  type Work,
} from "./messages.ts";
import { sessionToBytes } from "./session.ts";
import { MOST_MESSAGE_BYTES, type Transport } from "./transport.ts";

/** Milliseconds between two attempts to publish: the first, and the longest. */
const RETRY_MS = 100;
const MOST_RETRY_MS = 2000;

/** What of a tuner's connection a search needs. */
export interface MeasuringFleet {
  readonly transport: Transport;
  /** The name of the tuner; its answers go to boxes of this name. */
  readonly tuner: string;
  /** Throws if there has been no worker of the class for a while. */
  readonly checkPresent: (key: string) => void;
  /** Counts what came to a box and was not used. */
  readonly count: (what: "ignored" | "malformed") => void;
}

interface Waiting {
  /** Undefined: it is given up. */
  readonly resolve: (answer: Given | undefined) => void;
  readonly reject: (e: Error) => void;
}
type Given = Answer & { readonly worker: string };

const GIVEN_UP: Failed = { status: "deviceLost", message: "it was given up", compileMs: NaN };

/** The workers of one device class, for one program. */
export class FleetMeasuring implements Measuring {
  readonly canWarm = false;
  readonly #waiting = new Map<string, Waiting>();
  #busyMs = 0;
  #closed = false;
  #arriving: AsyncDisposable | undefined;
  #watch: ReturnType<typeof setInterval> | undefined;

  private constructor(
    readonly fleet: MeasuringFleet,
    readonly key: string,
    readonly options: MeasuringOptions,
    readonly session: string,
    readonly box: string,
    /** Requests that keep all workers busy. */
    readonly inFlight: number,
  ) {}

  /**
   * Stores the session, and listens for answers.
   *
   * @throws {FleetError} if the network refuses either
   */
  static async open(
    fleet: MeasuringFleet,
    key: string,
    options: MeasuringOptions,
    inFlight: number,
  ): Promise<FleetMeasuring> {
    const { transport, tuner } = fleet;
    const session = await store(transport, sessionToBytes(options));
    const box = `${tuner}.${crypto.randomUUID()}`;
    const self = new FleetMeasuring(fleet, key, options, session, box, inFlight);
    self.#arriving = await transport.answers(box, (worker, text) => self.#arrived(worker, text));
    return self;
  }

  get busyMs(): number {
    return this.#busyMs;
  }

  /**
   * Measures a candidate on the next free worker.
   *
   * @throws {FleetError} for the user's own source, for a job that workers refuse, and where there is no worker
   */
  async measure(request: MeasureRequest): Promise<Measured> {
    const answer = await this.#ask({ kind: "measure", request });
    if (!answer) return { measurement: GIVEN_UP, promoted: false };
    const { outcome, worker } = answer;
    if (outcome.kind !== "measured") throw unexpected(outcome, worker);
    return { measurement: outcome.measurement, promoted: outcome.promoted, worker };
  }

  /** Nothing is compiled ahead. */
  async warm(): Promise<void> {}

  /**
   * Races candidates on one worker.
   *
   * @throws {FleetError} as `measure` does
   */
  async race(
    candidates: readonly Candidate[],
    rounds: number,
    options: Pick<SampleOptions, "minSampleMs"> = {},
  ): Promise<readonly Measurement[]> {
    if (candidates.length === 0) return [];
    const answer = await this.#ask({ kind: "race", candidates, rounds, options });
    if (!answer) return candidates.map(() => GIVEN_UP);
    const { outcome, worker } = answer;
    if (outcome.kind !== "raced") throw unexpected(outcome, worker);
    if (outcome.measurements.length === candidates.length) return outcome.measurements;
    throw new FleetError(
      `expected ${candidates.length} measurements of worker ${worker}, got ${outcome.measurements.length}`,
    );
  }

  /** Gives up all jobs: those that wait leave the queue, and results of others are ignored. */
  async abandon(): Promise<void> {
    const ids = [...this.#waiting.keys()];
    this.#endAll(undefined);
    await Promise.all(ids.map((id) => this.fleet.transport.withdrawJob(this.key, id).catch(() => {})));
  }

  /** Requests are refused from now on. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    await this.abandon();
    await this.#arriving?.[Symbol.asyncDispose]();
    this.#arriving = undefined;
  }

  /** Asks for work; undefined if it is given up. */
  async #ask(work: Work): Promise<Given | undefined> {
    if (this.#closed) {
      throw new FleetError("expected an open measuring, got one that is closed; open another");
    }
    const { transport } = this.fleet, { box, session, key } = this;
    // Only the tuner and the worker that takes the job know its id, so no other worker can answer.
    const id = crypto.randomUUID();
    const text = jobToText({ id, box, session, work });
    let ended = false;
    const answered = new Promise<Given | undefined>((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
    }).finally(() => ended = true);
    answered.catch(() => {});
    this.#watchPresence();
    await this.#publish(key, id, await this.#message(transport, id, text), () => ended);
    const answer = await answered;
    this.#busyMs += answer?.busyMs ?? 0;
    return answer;
  }

  async #message(transport: Transport, id: string, text: string): Promise<string> {
    if (text.length < MOST_MESSAGE_BYTES) return text;
    return largeJobToText(id, this.box, await store(transport, new TextEncoder().encode(text)));
  }

  /** Publishes until the network has it. An id is queued once, so that a second attempt does no harm. */
  async #publish(key: string, id: string, text: string, isEnded: () => boolean): Promise<void> {
    for (let wait = RETRY_MS; !isEnded(); wait = Math.min(2 * wait, MOST_RETRY_MS)) {
      try {
        return await this.fleet.transport.publish(key, id, text);
      } catch (e) {
        if (!(e instanceof FleetError)) throw e;
        await new Promise((resolve) => setTimeout(resolve, wait));
      }
    }
  }

  #arrived(worker: string, text: string): void {
    let answer: Answer;
    try {
      answer = answerFromText(text);
    } catch (e) {
      if (!(e instanceof FleetError)) throw e;
      this.#malformed(worker, text, e);
      return;
    }
    const waiting = this.#waiting.get(answer.id);
    // A replayed answer, a second one, or one for a job that was given up.
    if (!waiting) return this.fleet.count("ignored");
    this.#waiting.delete(answer.id);
    waiting.resolve({ ...answer, worker });
  }

  /** A bad answer to a known job ends it: its worker has acknowledged the job, so no other answer comes. */
  #malformed(worker: string, text: string, e: FleetError): void {
    this.fleet.count("malformed");
    for (const [id, { reject }] of this.#waiting) {
      if (!text.includes(id)) continue;
      this.#waiting.delete(id);
      reject(
        new FleetError(
          `expected a measurement of worker ${worker}, got one that can't be read: ${e.message}`,
        ),
      );
    }
  }

  /** While jobs wait, there must be a worker. */
  #watchPresence(): void {
    this.#watch ??= setInterval(() => {
      if (this.#waiting.size === 0) {
        clearInterval(this.#watch);
        this.#watch = undefined;
        return;
      }
      try {
        this.fleet.checkPresent(this.key);
      } catch (e) {
        this.#endAll(e instanceof Error ? e : new FleetError(messageOf(e)));
      }
    }, 1000);
  }

  #endAll(error: Error | undefined): void {
    clearInterval(this.#watch);
    this.#watch = undefined;
    for (const { resolve, reject } of this.#waiting.values()) {
      if (error) reject(error);
      else resolve(undefined);
    }
    this.#waiting.clear();
  }
}

/** Stores bytes under the name of their content. */
async function store(transport: Transport, bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const name = await contentName(bytes);
  await transport.put(name, bytes);
  return name;
}

function unexpected(outcome: Outcome, worker: string): FleetError {
  const why = outcome.kind === "refused" ? outcome.message : `it answered ${outcome.kind}`;
  return new FleetError(`worker ${worker} refused a job: ${why}`);
}
