import { flag, integer, name, oneOf, positive } from "../base/option_kinds.ts";
import type { CliOption } from "./arguments.ts";

/** The device that a command opens. */
export const BACKEND = {
  as: "text",
  kind: oneOf("webgpu", "cpu"),
  value: "webgpu|cpu",
  help: "The device. Default: the WebGPU adapter, or the CPU if there is none.",
} as const satisfies CliOption;

export const SEED = {
  as: "number",
  kind: integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }, "a 32-bit integer"),
  value: "0",
  help: "Seed of searches and random inputs. Default 0.",
} as const satisfies CliOption;

export const OUT = {
  as: "text",
  kind: name,
  value: "results",
  help: "Folder for results. Default results.",
} as const satisfies CliOption;

export const ROUNDS = {
  as: "number",
  kind: positive,
  value: "11",
  help: "Rounds in which schedules are measured alternately. Default 11.",
} as const satisfies CliOption;

/** Results for a script. */
export const JSON_LINES = {
  as: "flag",
  kind: flag,
  help: "Prints results as JSON, an object a line. All else is written to the standard error.",
} as const satisfies CliOption;

/** Prints what is for people: with `--json` to the standard error. */
export function printerFor(json: boolean): (thing: unknown) => void {
  return json ? console.error : console.log;
}

/** Prints a result as a line of JSON. What is no number, or infinite, is null. */
export function printJson(row: object): void {
  console.log(JSON.stringify(row));
}

/** The device's options from `--backend`. */
export function deviceFrom(backend: string | undefined): { readonly backend?: "webgpu" | "cpu" } {
  return backend === "webgpu" || backend === "cpu" ? { backend } : {};
}
