/** While one candidate is measured, the next ones are planned, scheduled and handed to the driver's compiler. */
import type { Failed } from "../measure/measurement.ts";
import type { Candidate, Measuring } from "../measure/measuring.ts";

/** Points left to measure below which the next ones are asked for, so that planning overlaps measuring. */
const AHEAD = 3;

/** A point of the space, scheduled. */
export interface Ready {
  readonly index: number;
  /** The candidate, or the reason why there is none. */
  readonly candidate: Candidate | Failed;
}

/** Queues of points: asked but not scheduled, and scheduled but not measured. */
export class PreparedAhead {
  readonly #planned: number[] = [];
  readonly #ready: Ready[] = [];
  readonly #warmed = new WeakSet<Ready>();

  constructor(
    readonly from: {
      /** Asks for the next points; the argument is the number of points that are still unmeasured. */
      readonly ask: (pending: number) => readonly number[];
      readonly make: (index: number) => Ready["candidate"];
      /** Ends preparing. */
      readonly signal: AbortSignal | undefined;
    },
  ) {}

  /** The next candidate, while `running` are being measured; undefined without further points. */
  next(running: number): Ready | undefined {
    if (this.#ready.length + this.#planned.length === 0) this.#plan(running);
    return this.#ready.shift() ?? this.#makeNext();
  }

  /** Puts a candidate that was not measured back to the front. */
  putBack(ready: Ready): void {
    this.#ready.unshift(ready);
  }

  /**
   * Makes the next candidates ready until `measured` is settled or there are enough of them, while `running` are being
   * measured.
   */
  async prepareWhile(measured: Promise<unknown>, measuring: Measuring, running: number): Promise<void> {
    let done = false;
    const settle = () => void (done = true);
    measured.then(settle, settle);
    // The request leaves at the next event; without a pause it would leave after the next schedule.
    await nextEvent();
    this.#plan(running);
    while (!done && !this.from.signal?.aborted && this.#ready.length < AHEAD) {
      const next = this.#makeNext();
      if (!next) break;
      this.#ready.push(next);
      this.#warm(measuring);
      await nextEvent();
    }
    if (!done) this.#warm(measuring);
  }

  /** Asks for points where few are left, while `running` are being measured. */
  #plan(running: number): void {
    const waiting = this.#planned.length + this.#ready.length;
    if (waiting < AHEAD) this.#planned.push(...this.from.ask(waiting + running));
  }

  #makeNext(): Ready | undefined {
    const index = this.#planned.shift();
    return index === undefined ? undefined : { index, candidate: this.from.make(index) };
  }

  /** Hands the driver's compiler the candidate that is due last, so that it is compiled before it is due. */
  #warm(measuring: Measuring): void {
    if (!measuring.canWarm) return;
    const next = this.#ready.findLast((r) => !this.#warmed.has(r) && !("status" in r.candidate));
    if (!next || "status" in next.candidate) return;
    this.#warmed.add(next);
    measuring.warm(next.candidate).then(() => this.#warm(measuring));
  }
}

function nextEvent(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
