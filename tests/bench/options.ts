/** Options that several benchmarks have. */
import { name, positive } from "../../lib/base/option_kinds.ts";
import type { CliOption } from "../../lib/cli/arguments.ts";

/** Some of the subjects. */
export const ONLY = {
  as: "text",
  kind: name,
  value: "TEXT",
  help: "Only those whose name has this. Default: all.",
} as const satisfies CliOption;

/** Several names of subjects. */
export const ONLY_NAMES = {
  as: "text",
  kind: name,
  value: "NAME",
  multiple: true,
  help: "Only this one; may be given several times. Default: all.",
} as const satisfies CliOption;

/** A number of something, with its default in the help. */
export function numberOf(what: string, value: number) {
  return { as: "number", kind: positive, value: `${value}`, help: `${what}. Default ${value}.` } as const;
}

/** A file that is written. */
export function fileOf(what: string) {
  return { as: "text", kind: name, value: "FILE", help: `${what}. Default: none.` } as const;
}
