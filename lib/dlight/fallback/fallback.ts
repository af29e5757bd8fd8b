/**
 * Fallback: schedules any program. At its presets each block that can't be inlined is a separate kernel: its spatial
 * loops are fused and spread over threads, its reduction is serial in a register. The generic space varies that.
 */
import { fallbackTemplate } from "./template.ts";
import { checkedAsGiven, type Rule } from "../rule.ts";

/** Elements that a symbolic axis is taken to have where a launch with fewer threads to a reduction was refused. */
const LONG = 2 ** 22;

/** Fallback for launches with long symbolic axes: no input is in a texture, and threads share long reductions. */
export const wideFallback: Rule = checkedAsGiven({
  name: "Fallback",
  match: (_func, target) => ({
    template: fallbackTemplate(target, LONG),
    because: "it schedules any program",
  }),
});

/** The rule that matches any program; the last one. */
export const fallback: Rule = checkedAsGiven({
  name: "Fallback",
  match: (_func, target) => ({ template: fallbackTemplate(target), because: "it schedules any program" }),
});
