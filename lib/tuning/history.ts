/** Makes priors from records of earlier searches: of other shapes, programs and devices. */
import { loopFeatures } from "../autotvm/features.ts";
import { fitPrior, type Prior, type PriorGroup } from "../autotvm/prior.ts";
import { TunebookError } from "../base/error.ts";
import { RecordReader } from "../records/record_reader.ts";
import type { TrialRecord } from "../records/record.ts";
import { replay } from "../schedule/trace.ts";

/** Records of one program on one device that are learnt from, at most: scheduling each again takes milliseconds. */
const MOST = 300;

/**
 * Makes a prior from records of any origin; undefined if none of them is usable. A record that contradicts itself is
 * skipped.
 */
export function priorFrom(records: readonly TrialRecord[]): Prior | undefined {
  const reader = new RecordReader();
  const groups = [...Map.groupBy(records, (r) => JSON.stringify([r.task, r.fingerprint, r.adapter])).values()]
    .map((own) => groupOf(own, reader)).filter((g) => g.scores.some((s) => s !== undefined));
  return groups.length > 0 ? fitPrior(groups) : undefined;
}

/** The fastest, the slowest and those between at even steps. */
function groupOf(records: readonly TrialRecord[], reader: RecordReader): PriorGroup {
  const ranked = records.filter((r) => r.status === "ok" && r.medianMs > 0)
    .toSorted((a, b) => a.medianMs - b.medianMs);
  const step = Math.max(1, ranked.length / MOST);
  const rows: Float64Array[] = [], scores: number[] = [];
  for (let at = 0; at < ranked.length; at += step) {
    const record = ranked[Math.floor(at)] as TrialRecord;
    const row = featuresOf(record, reader);
    if (!row) continue;
    rows.push(row);
    scores.push(1 / record.medianMs);
  }
  return { program: records[0]?.task ?? "", device: records[0]?.adapter ?? "", rows, scores };
}

function featuresOf(record: TrialRecord, reader: RecordReader): Float64Array | undefined {
  try {
    const { func, trace, target } = reader.read(record);
    return loopFeatures(replay(func, trace), target);
  } catch (e) {
    // Records are untrusted input.
    if (e instanceof TunebookError) return undefined;
    throw e;
  }
}
