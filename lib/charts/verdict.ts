/** Judges a comparison in words. */
import type { Table } from "npm:apache-arrow@21.2.0";
import type { SummaryRow } from "../records/summary.ts";
import { summaryRows } from "../records/summary_table.ts";
import { isBuiltIn, isFixed, labelOf } from "./methods.ts";

/** The verdict on one program: rule against search. */
export interface Verdict {
  /** The program in one line, with the values of its shape variables. */
  readonly task: string;
  /** The verdict in a few words, for a chart. */
  readonly short: string;
  /** The verdict in one or two sentences. */
  readonly text: string;
}

/** Least speedup that counts. A smaller one may be noise. */
export const MARGIN = 1.05;

/**
 * Judges rule against search, operator by operator. A speedup counts only if it exceeds `MARGIN`, and if the confidence
 * intervals of the medians over the interleaved rounds do not overlap. Operators without a confirmed rule and a
 * confirmed search are left out.
 *
 * @throws {RecordError} if the table is not a summary
 */
export function verdicts(summary: Table): readonly Verdict[] {
  return verdictsOf(summaryRows(summary));
}

/** Judges the rows of a summary, as `verdicts` does. */
export function verdictsOf(summary: readonly SummaryRow[]): readonly Verdict[] {
  const timed = summary.filter((r) => Number.isFinite(r.medianMs));
  return [...Map.groupBy(timed, (r) => r.task)].flatMap(([task, rows]) => {
    const rule = rows.find((r) => r.contestant === "dlight");
    const [search] = rows.filter(isSearch)
      .toSorted((a, b) => a.medianMs - b.medianMs);
    return rule && search ? [{ task, ...judge(rule, search) }] : [];
  });
}

/** A method of the user's own with a single trial is no search, but a kernel or a template at its presets. */
function isSearch({ contestant, trials }: SummaryRow): boolean {
  return isBuiltIn(contestant) ? !isFixed(contestant) : trials !== 1;
}

function judge(rule: SummaryRow, search: SummaryRow): Omit<Verdict, "task"> {
  const after = `After ${search.seconds.toFixed(0)} s, ${labelOf(search.contestant)}`;
  if (search.config === rule.config) {
    return {
      short: "a draw: the rule's own",
      text: `a draw. ${after} has found nothing better than DLight's own.`,
    };
  }
  const ratio = (rule.medianMs / search.medianMs).toFixed(2);
  const found = `${after} is ${ratio} times as fast as DLight`;
  if (beats(search, rule)) return { short: `search pays: ${ratio} ×`, text: `search pays. ${found}.` };
  if (beats(rule, search)) return { short: `the rule wins: ${ratio} ×`, text: `the rule wins. ${found}.` };
  return { short: `a draw: ${ratio} ×`, text: `a draw. ${found}: too close to call.` };
}

function beats(a: SummaryRow, b: SummaryRow): boolean {
  return a.highMs < b.lowMs && b.medianMs > a.medianMs * MARGIN;
}
