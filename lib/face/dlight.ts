/** Rules that encode what is known to be good: no search, no device, milliseconds. */
export {
  explainChecked as explain,
  matchChecked as match,
  scheduleToShow as schedule,
} from "../notebook/shown_results.ts";
export { type Ruled, rules } from "../dlight/schedule.ts";
export { Explanation } from "../dlight/explain.ts";
export { fallback } from "../dlight/fallback/fallback.ts";
export { lowBatchGemv } from "../dlight/rules/low_batch_gemv.ts";
export type { Rule, RuleMatch, Why } from "../dlight/rule.ts";
export { type RuleRow, ruleTable } from "../tuning/rule_table.ts";
