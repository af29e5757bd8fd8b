import { unlessAborted } from "../base/cancellation.ts";
import { Measurer } from "../measure/measurer.ts";
import type { Measuring, MeasuringOptions, OpenMeasuring } from "../measure/measuring.ts";

/** Opens the measuring process of this machine; it ends itself if the signal is aborted before it is ready. */
export const openMeasurer: OpenMeasuring = async (options, signal) => {
  if (signal?.aborted) return undefined;
  const opening = Measurer.open(options, { signal });
  try {
    const measurer = await unlessAborted(opening, signal);
    if (!measurer) opening.then((late) => late[Symbol.asyncDispose](), () => {});
    return measurer;
  } catch (e) {
    // The signal ends the process that is starting, so a failure to start is expected then.
    if (signal?.aborted) return undefined;
    throw e;
  }
};

/** Holds one `Measuring`: opened at first use, and closed between uses if many share a machine's memory. */
export class MeasuringSlot implements AsyncDisposable {
  #measuring: Measuring | undefined;
  /** Busy milliseconds of those that are closed. */
  #busyMs = 0;
  #inFlight = 1;

  constructor(
    readonly options: MeasuringOptions,
    readonly open: OpenMeasuring = openMeasurer,
    /** The slot that this one borrows from; it is not closed here. */
    readonly lender?: MeasuringSlot,
  ) {}

  /** Makes a slot for one of several searches that use the same process one after the other. */
  shared(): MeasuringSlot {
    return new MeasuringSlot(this.options, this.open, this);
  }

  /** Milliseconds spent on candidates so far. */
  get busyMs(): number {
    return this.#busyMs + (this.#measuring?.busyMs ?? 0);
  }

  /** Requests that the one that was open last takes at one time. */
  get inFlight(): number {
    return this.lender?.inFlight ?? this.#inFlight;
  }

  /** The open one, or undefined if the signal is aborted before it is ready. */
  async take(signal?: AbortSignal): Promise<Measuring | undefined> {
    if (this.lender) return this.#measuring = await this.lender.take(signal);
    this.#measuring ??= await this.open(this.options, signal);
    this.#inFlight = this.#measuring?.inFlight ?? 1;
    return this.#measuring;
  }

  /** Ends the open one, the lender's too: the next use starts a fresh process. */
  async renew(): Promise<void> {
    await this.close();
    await this.lender?.renew();
  }

  /** Closes it; the next use opens another. */
  async close(): Promise<void> {
    const measuring = this.#measuring;
    this.#measuring = undefined;
    this.#busyMs += measuring?.busyMs ?? 0;
    if (!this.lender) await measuring?.[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
