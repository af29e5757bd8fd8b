/** Results without their trials: a manifest in a file of its own, as a shared page saves what it has measured. */
import { flopsOf, trafficOf } from "../estimate/work.ts";
import { manifestFrom } from "./manifest.ts";
import { readFile } from "./read_file.ts";
import type { TrialRecord } from "./record.ts";
import { type SharedWorkload, workloadsOf } from "./shared.ts";
import { trialsFrom } from "./trial_file.ts";

/** Tells whether a file holds a manifest: JSON begins with a brace, and an Arrow stream never does. */
export function isManifest(bytes: Uint8Array): boolean {
  return bytes.find((b) => b > 0x20) === 0x7b;
}

/** Gives the best schedules of a manifest as records. Their time is that of the manifest. */
export function bestRecords(workloads: readonly SharedWorkload[], time: string): readonly TrialRecord[] {
  return workloads.flatMap(({ func, shapes, results }) =>
    results.flatMap(({ best }): readonly TrialRecord[] => {
      if (!best) return [];
      const { medianMs: ms } = best.record;
      const gflops = flopsOf(func, shapes) / ms / 1e6, gbps = trafficOf(func, shapes) / ms / 1e6;
      return [{ ...best.record, gflops, gbps, secondsSinceStart: 0, time: Date.parse(time) }];
    })
  );
}

/**
 * Reads the records of a log, a database or a result in JSON. They are untrusted input: fields are checked one by one.
 *
 * @throws {RecordError} if the file can't be read, is none of these, is damaged, or is not consistent
 */
export async function recordsFrom(path: string): Promise<readonly TrialRecord[]> {
  const bytes = await readFile("reading", path, { what: "a log, a database or a result" });
  if (!isManifest(bytes)) return trialsFrom(path, bytes);
  const manifest = manifestFrom(path, new TextDecoder().decode(bytes));
  return bestRecords(workloadsOf(`reading ${path}`, manifest), manifest.time);
}
