/**
 * Fallback: schedules any program. At its presets each block that can't be inlined is a separate kernel: its spatial
 * loops are fused and spread over threads, its reduction is serial in a register. The generic space varies that.
 */
import { fallbackTemplate } from "./template.ts";
import type { Rule } from "../rule.ts";

/** The rule that matches any program; the last one. */
export const fallback: Rule = {
  name: "Fallback",
  match: (_func, target) => ({ template: fallbackTemplate(target), because: "it schedules any program" }),
};
