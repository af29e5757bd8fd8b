/** Judges a comparison in words. */
import type { Table } from "npm:apache-arrow@21.2.0";
import type { SummaryRow } from "../records/summary.ts";
import { summaryRows } from "../records/summary_table.ts";
import { isBuiltIn, isFixed, labelOf } from "./methods.ts";
import { digits } from "./spec.ts";

/** The verdict on one program: rule against search. */
export interface Verdict {
  /** The program in one line, with the values of its shape variables. */
  readonly task: string;
  /** What is faster: a search's kernel or the rule's, or neither. */
  readonly faster: "search" | "rule" | "neither";
  /** How many times as fast as the rule's kernel the search's is; 1 where the search keeps the rule's. */
  readonly ratio: number;
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

/**
 * Says in a sentence or two what comparisons found: on how many programs a search pays, and what the rule is worth. It is empty
 * for rows without a rule.
 */
export function findingOf(summary: readonly SummaryRow[]): string {
  const said = verdictsOf(summary), [only] = said;
  const better = said.filter((v) => v.faster === "search").map((v) => v.ratio);
  const worth = summary.filter((r) => r.contestant === "dlight").map((r) => r.speedupVsFallback)
    .filter(Number.isFinite);
  const sentences: string[] = [];
  if (said.length === 1 && only) sentences.push(only.text[0]?.toUpperCase() + only.text.slice(1));
  else if (better.length > 0) {
    const most = Math.max(...better).toFixed(2);
    sentences.push(`Search pays on ${better.length} of ${said.length} programs, up to ${most} times.`);
  } else if (said.length > 0) sentences.push(`Search pays on none of ${said.length} programs.`);
  if (worth.length > 0) {
    const [low, high] = [Math.min(...worth), Math.max(...worth)].map(digits);
    sentences.push(`The rule is ${low === high ? low : `${low} to ${high}`} times as fast as naive code.`);
  }
  return sentences.join(" ");
}

/** A method of the user's own with a single trial is no search, but a kernel or a template at its presets. */
function isSearch({ contestant, trials }: SummaryRow): boolean {
  return isBuiltIn(contestant) ? !isFixed(contestant) : trials !== 1;
}

function judge(rule: SummaryRow, search: SummaryRow): Omit<Verdict, "task"> {
  const after = `After ${search.seconds.toFixed(0)} s, ${labelOf(search.contestant)}`;
  if (search.config === rule.config) {
    return {
      faster: "neither",
      ratio: 1,
      short: "= DLight's own schedule",
      text: `a draw. ${after} has found nothing better than DLight's own.`,
    };
  }
  const ratio = rule.medianMs / search.medianMs, shown = ratio.toFixed(2);
  const faster = beats(search, rule) ? "search" : beats(rule, search) ? "rule" : "neither";
  const close = faster === "neither" ? ": too close to call" : "";
  return {
    faster,
    ratio,
    short: `${SAID[faster]}: ${shown} ×`,
    text: `${SAID[faster]}. ${after} is ${shown} times as fast as DLight${close}.`,
  };
}

const SAID = { search: "search pays", rule: "the rule wins", neither: "a draw" } as const;

function beats(a: SummaryRow, b: SummaryRow): boolean {
  return a.highMs < b.lowMs && b.medianMs > a.medianMs * MARGIN;
}
