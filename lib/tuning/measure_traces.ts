/** Measures schedules of one program that come as text. */
import { attempt } from "../measure/executable_of.ts";
import type { Failed, Measurement } from "../measure/measurement.ts";
import type { Candidate, Measuring } from "../measure/measuring.ts";
import { Trace } from "../schedule/trace.ts";
import { MIN_SAMPLE_MS } from "./rounds.ts";

const STOPPED: Failed = { status: "run", message: "stopped before it was measured", compileMs: NaN };

/**
 * Measures each schedule alone first, because one that hangs would end an interleaved measurement. Then it measures the
 * right ones, interleaved.
 *
 * @param measuring undefined if it was stopped before it was open
 * @param traces as JSON; an empty one is left out
 * @param did called after each schedule that was measured alone
 */
export async function measureTraces(
  measuring: Measuring | undefined,
  traces: readonly string[],
  rounds: number,
  signal?: AbortSignal,
  did: (trace: string) => void = () => {},
): Promise<ReadonlyMap<string, Measurement>> {
  const measured = new Map<string, Measurement>();
  const right: (readonly [string, Candidate])[] = [];
  const stop = () => void measuring?.abandon();
  signal?.addEventListener("abort", stop, { once: true });
  using _ = { [Symbol.dispose]: () => signal?.removeEventListener("abort", stop) };
  for (const trace of traces) {
    if (trace === "") continue;
    if (signal?.aborted) {
      measured.set(trace, STOPPED);
      continue;
    }
    const candidate = attempt(() => ({ trace: Trace.fromJSON(trace).toJSON() }));
    if ("status" in candidate) {
      measured.set(trace, candidate);
      continue;
    }
    const m = (await measuring?.measure({ candidate, repeats: 1 }))?.measurement ?? STOPPED;
    measured.set(trace, m);
    if (m.status === "ok") right.push([trace, candidate]);
    did(trace);
  }
  const raced = signal?.aborted
    ? undefined
    : await measuring?.race(right.map(([, c]) => c), rounds, { minSampleMs: MIN_SAMPLE_MS });
  right.forEach(([trace], k) => measured.set(trace, raced?.[k] ?? STOPPED));
  return measured;
}
