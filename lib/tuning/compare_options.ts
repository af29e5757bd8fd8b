import type { Budget } from "../autotvm/budget.ts";
import type { Fields } from "../base/check_options.ts";
import { arrayOf, oneOf, recordOf } from "../base/option_kinds.ts";
import { type Method, METHODS, type OwnMethod, ownMethod } from "./methods.ts";
import * as kinds from "./option_fields.ts";
import type { ConfirmOptions } from "./rounds.ts";
import type { SearchOptions } from "./search_options.ts";

/** What `compare` takes. */
export interface CompareOptions extends
  ConfirmOptions,
  Pick<
    SearchOptions,
    | "tuner"
    | "seed"
    | "template"
    | "shapes"
    | "inputs"
    | "path"
    | "deadlineMs"
    | "maxMemory"
    | "signal"
    | "reporter"
    | "open"
  > {
  /** Each search has the whole budget. Without a search among the methods none is needed. */
  readonly budget?: Budget;
  /** Default: all four, "fallback", "dlight", "autotvm" and "autotvm+dlight". */
  readonly methods?: readonly Method[];
  /** Methods of the user's own, by name: a kernel in WGSL, or a template at its presets. Default: none. */
  readonly also?: Readonly<Record<string, OwnMethod>>;
}

/** The kinds of {@linkcode CompareOptions}. */
export const COMPARE_FIELDS = {
  ...kinds.pick(
    kinds.SEARCH_FIELDS,
    "tuner",
    "seed",
    "template",
    "shapes",
    "inputs",
    "path",
    "deadlineMs",
    "maxMemory",
    "signal",
    "reporter",
    "open",
  ),
  budget: kinds.budget,
  methods: arrayOf(oneOf(...METHODS)),
  also: recordOf(ownMethod),
  rounds: kinds.rounds,
  processes: kinds.processes,
} satisfies Fields<CompareOptions>;
