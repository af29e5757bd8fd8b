import { Measurer, type MeasurerOptions } from "../measure/measurer.ts";
import { unlessAborted } from "../report/interrupt.ts";

/** A measurer, or undefined where the signal is aborted before it is ready; it ends itself then. */
export async function openMeasurer(
  options: MeasurerOptions,
  signal: AbortSignal | undefined,
): Promise<Measurer | undefined> {
  if (signal?.aborted) return undefined;
  const opening = Measurer.open(options);
  const measurer = await unlessAborted(opening, signal);
  if (!measurer) opening.then((late) => late[Symbol.asyncDispose](), () => {});
  return measurer;
}
