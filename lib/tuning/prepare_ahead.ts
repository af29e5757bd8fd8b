/**
 * Candidates made ready while another one is being measured: their points are planned, they are compiled, and handed to
 * the driver's compiler.
 */
import type { Measurer } from "../measure/measurer.ts";
import type { Candidate } from "./candidate.ts";

/** With so few points left to measure the next ones are asked for, so that planning goes on beside measuring. */
const AHEAD = 3;

/** A point of the space, made ready. */
export interface Ready {
  readonly index: number;
  readonly candidate: Candidate;
}

export class PreparedAhead {
  /** Asked for and not compiled yet, and compiled and not measured yet. */
  readonly #planned: number[] = [];
  readonly #ready: Ready[] = [];
  readonly #warmed = new WeakSet<Ready>();

  constructor(
    readonly from: {
      /** The next points, with so many that are asked for and not measured. */
      readonly ask: (pending: number) => readonly number[];
      readonly make: (index: number) => Candidate;
      /** Ends preparing. */
      readonly signal: AbortSignal | undefined;
    },
  ) {}

  /** The next candidate; undefined where there are no more points. */
  next(): Ready | undefined {
    if (this.#ready.length + this.#planned.length === 0) this.#plan(0);
    return this.#ready.shift() ?? this.#compileNext();
  }

  /** Makes one that was not measured after all the next one again. */
  putBack(ready: Ready): void {
    this.#ready.unshift(ready);
  }

  /** Makes the next candidates ready until `measured` is settled or there are enough of them. */
  async prepareWhile(measured: Promise<unknown>, measurer: Measurer): Promise<void> {
    let done = false;
    const settle = () => void (done = true);
    measured.then(settle, settle);
    // Without a turn of the event loop the request would leave only after the next compilation.
    await turn();
    this.#plan(1);
    while (!done && !this.from.signal?.aborted && this.#ready.length < AHEAD) {
      const next = this.#compileNext();
      if (!next) break;
      this.#ready.push(next);
      this.#warm(measurer);
      await turn();
    }
    if (!done) this.#warm(measurer);
  }

  /** Asks for points where few are left, while so many are being measured. */
  #plan(running: number): void {
    const waiting = this.#planned.length + this.#ready.length;
    if (waiting < AHEAD) this.#planned.push(...this.from.ask(waiting + running));
  }

  #compileNext(): Ready | undefined {
    const index = this.#planned.shift();
    return index === undefined ? undefined : { index, candidate: this.from.make(index) };
  }

  /** Hands the driver's compiler the candidate that will be due last, so that it is done before it is due. */
  #warm(measurer: Measurer): void {
    if (!measurer.canWarm) return;
    const next = this.#ready.findLast((r) => !this.#warmed.has(r) && !("status" in r.candidate.outcome));
    if (!next || "status" in next.candidate.outcome) return;
    this.#warmed.add(next);
    measurer.warm(next.candidate.outcome).then(() => this.#warm(measurer));
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
