/**
 * Fallback: schedules anything. At its presets each block that can't be inlined is a kernel of its own: its
 * spatial loops fused and spread over threads, its reduction serial in a register. Around that lies the
 * generic space, which any program has.
 */
import { fallbackTemplate } from "./template.ts";
import type { Rule } from "../rule.ts";

/** Elements that a symbolic axis is taken to have where a launch with fewer threads to a reduction was refused. */
const LONG = 2 ** 22;

/** Fallback for launches with long symbolic axes: nothing lies in textures, and threads share long reductions. */
export const wideFallback: Rule = {
  name: "Fallback",
  match: (_func, target) => ({
    template: fallbackTemplate(target, LONG),
    because: "it schedules any program",
  }),
};

/** The rule that takes any program; the last one. */
export const fallback: Rule = {
  name: "Fallback",
  match: (_func, target) => ({ template: fallbackTemplate(target), because: "it schedules any program" }),
};
