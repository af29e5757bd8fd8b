import { assertEquals } from "@std/assert";
import type { SummaryRow } from "../../lib/records/summary.ts";
import { summaryTable } from "../../lib/records/summary_table.ts";
import { findingOf, verdicts } from "../../lib/charts/verdict.ts";
import { confirmedTable, rowOf } from "./results.ts";

const rule = rowOf({ medianMs: 2, lowMs: 1.9, highMs: 2.1 });
const search = (parts: Partial<SummaryRow>) =>
  rowOf({ contestant: "autotvm", config: '{"a":1}', trials: 9, seconds: 5, ...parts });
const said = (...rows: readonly SummaryRow[]) => verdicts(summaryTable(rows)).map((v) => v.text);

Deno.test("the best search is held against the rule", () => {
  assertEquals(verdicts(confirmedTable()), [{
    task: rule.task,
    faster: "search",
    ratio: 2,
    short: "search pays: 2.00 ×",
    text: "search pays. After 4 s, AutoTVM from DLight is 2.00 times as fast as DLight.",
  }]);
});

Deno.test("being faster counts where the intervals lie apart, and by more than the margin", () => {
  const text = "After 5 s, AutoTVM (from scratch) is";
  assertEquals(said(rule, search({ medianMs: 1.8, lowMs: 1.7, highMs: 1.89 })), [
    `search pays. ${text} 1.11 times as fast as DLight.`,
  ]);
  assertEquals(said(rule, search({ medianMs: 1.8, lowMs: 1.7, highMs: 1.95 })), [
    `a draw. ${text} 1.11 times as fast as DLight: too close to call.`,
  ]);
  assertEquals(said(rule, search({ medianMs: 2.5, lowMs: 2.05, highMs: 2.6 })), [
    `a draw. ${text} 0.80 times as fast as DLight: too close to call.`,
  ]);
  assertEquals(said(rule, search({ medianMs: 2.5, lowMs: 2.2, highMs: 2.6 })), [
    `the rule wins. ${text} 0.80 times as fast as DLight.`,
  ]);
  const exact = (ms: number) => ({ medianMs: ms, lowMs: ms, highMs: ms });
  assertEquals(said(rowOf(exact(2)), search(exact(1.95))), [
    `a draw. ${text} 1.03 times as fast as DLight: too close to call.`,
  ]);
});

Deno.test("a kernel of the user's own is no search", () => {
  const mine = search({ contestant: "my WGSL", medianMs: 1, lowMs: 1, highMs: 1, trials: 1 });
  assertEquals(said(rule, mine), []);
  assertEquals(said(rule, { ...mine, trials: 2 }), [
    "search pays. After 5 s, my WGSL is 2.00 times as fast as DLight.",
  ]);
});

Deno.test("the rule's own configuration is no find, however it was measured", () => {
  const own = search({ medianMs: 1, lowMs: 1, highMs: 1, config: rule.config });
  assertEquals(said(rule, own), [
    "a draw. After 5 s, AutoTVM (from scratch) has found nothing better than DLight's own.",
  ]);
});

Deno.test("nothing is said without a confirmed rule and a confirmed search", () => {
  assertEquals(said(), []);
  assertEquals(said(rule, rowOf({ contestant: "fallback", medianMs: 1 })), []);
  assertEquals(said(search({})), []);
  assertEquals(said(rule, search({ medianMs: NaN })), []);
  assertEquals(said(rowOf({ medianMs: NaN }), search({})), []);
});

Deno.test("each operator gets its own verdict, in order", () => {
  const of = (task: string) => [rule, search({ medianMs: 1 })].map((r) => ({ ...r, task }));
  const table = summaryTable([...of("b()"), ...of("a()")]);
  assertEquals(verdicts(table).map((v) => v.task), ["b()", "a()"]);
});

Deno.test("a finding counts the programs on which search pays, and says what the rule is worth", () => {
  const of = (task: string, ms: number, worth: number) =>
    [{ ...rule, speedupVsFallback: worth }, search({ medianMs: ms, lowMs: ms, highMs: ms })].map((r) => ({
      ...r,
      task,
    }));
  assertEquals(
    findingOf([...of("a()", 1, 5), ...of("b()", 1.6, 62), ...of("c()", 2, 8)]),
    "Search pays on 2 of 3 programs, up to 2.00 times. The rule is 5.00 to 62.0 times as fast as naive code.",
  );
  assertEquals(findingOf([...of("a()", 2, NaN), ...of("b()", 2, NaN)]), "Search pays on none of 2 programs.");
  assertEquals(
    findingOf(of("a()", 1, 5)),
    "Search pays. After 5 s, AutoTVM (from scratch) is 2.00 times as fast as DLight. The rule is 5.00 times as fast as naive code.",
  );
  assertEquals(findingOf([search({})]), "");
});
