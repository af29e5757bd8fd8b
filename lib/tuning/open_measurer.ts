import { Measurer, type MeasurerOptions } from "../measure/measurer.ts";
import { unlessAborted } from "../base/cancellation.ts";
import type { Target } from "../target/target.ts";

/** What a measuring process is to be told, so that its device is like the target's. */
export function likeTarget(target: Target): Pick<MeasurerOptions, "prefer" | "subgroups"> {
  return { prefer: target.kind, subgroups: target.subgroups !== undefined };
}

/**
 * A measurer on a device like `target`'s, or undefined where the signal is aborted before it is ready; it ends itself
 * then.
 */
export async function openMeasurer(
  target: Target,
  options: Omit<MeasurerOptions, "prefer" | "subgroups">,
  signal?: AbortSignal,
): Promise<Measurer | undefined> {
  if (signal?.aborted) return undefined;
  const opening = Measurer.open({ ...options, ...likeTarget(target) });
  const measurer = await unlessAborted(opening, signal);
  if (!measurer) opening.then((late) => late[Symbol.asyncDispose](), () => {});
  return measurer;
}
