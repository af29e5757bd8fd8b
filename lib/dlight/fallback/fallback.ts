/**
 * Fallback: schedules anything. At its presets each block that can't be inlined is a kernel of its own: its
 * spatial loops fused and spread over threads, its reduction serial in a register. Around that lies the
 * generic space, which any program has.
 */
import { fallbackTemplate } from "./template.ts";
import type { Rule } from "../rule.ts";

/** The rule that takes any program; the last one. */
export const fallback: Rule = {
  name: "Fallback",
  match: (_func, target) => ({ template: fallbackTemplate(target), because: "it schedules any program" }),
};
