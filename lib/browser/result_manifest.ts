/** The result of measuring a shared page on another device, as a shared result of its own. */
import { median } from "../base/statistics.ts";
import { VERSION } from "../base/version.ts";
import { type Manifest, SHARED_VERSION, type SharedResult, type SharedTask } from "../records/manifest.ts";
import { OWN_PRESET, type RerunRow } from "../records/rerun.ts";
import type { SharedWorkload } from "../records/shared.ts";
import type { Config } from "../space/knobs.ts";
import type { Target } from "../target/target.ts";
import type { MeasuredShared } from "./measure_shared.ts";

/** The method of the sender's preset, where DLight's preset for this device is another schedule. */
const THERE = "dlight there";

/**
 * Makes the manifest of what was measured. DLight's preset for this device is the method `dlight`, as in every shared
 * result; the sender's preset is `dlight there` if it is another schedule. Programs without a result are left out.
 *
 * @param browser the browser that measured, as it names itself
 */
export function resultManifest(
  shared: Manifest,
  workloads: readonly SharedWorkload[],
  { rows, presets }: MeasuredShared,
  device: Target,
  browser: string,
): Manifest {
  const tasks = rows.flatMap((own, k): readonly SharedTask[] => {
    const workload = workloads[k] as SharedWorkload;
    const results = own.flatMap((row) => resultOf(row, own, workload, presets[k], device) ?? []);
    return results.length === 0 ? [] : [{ ...workload.task, budget: {}, results }];
  });
  return {
    shared: SHARED_VERSION,
    title: shared.title,
    time: new Date().toISOString(),
    versions: { tunebook: VERSION, browser: browser.slice(0, 1000), "measured page": shared.time },
    device,
    tasks,
  };
}

function resultOf(
  row: RerunRow,
  all: readonly RerunRow[],
  { results }: SharedWorkload,
  preset: Config | undefined,
  { clock }: Target,
): SharedResult | undefined {
  if (row.status !== "ok") return undefined;
  const { contestant, rule, trace, samples, maxError } = row;
  const times = { clock, confirmed: true, ms: median(samples), samples, maxError } as const;
  const counts = { rule, trials: 1, failed: 0, seconds: 0 } as const;
  const own = all.some((r) => r.contestant === OWN_PRESET);
  if (contestant === OWN_PRESET || (contestant === "dlight" && !own)) {
    const won = { trial: 0, config: preset ?? {}, trace: JSON.parse(trace), ...times };
    return { contestant: "dlight", tuner: "none", start: "preset", ...counts, won };
  }
  const sent = results.find((r) => r.result.contestant === contestant)?.result;
  if (!sent?.won) return undefined;
  // Trial 0 from the preset is the rule's own point, which here is another schedule.
  const won = { ...sent.won, trial: Math.max(1, sent.won.trial), trace: JSON.parse(trace), ...times };
  const { against: _, ...unopposed } = won;
  const named = contestant === "dlight" ? THERE : contestant;
  return { contestant: named, tuner: sent.tuner, start: sent.start, ...counts, won: unopposed };
}
