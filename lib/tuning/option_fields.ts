/** The kinds of what tuning's calls take. */
import { tunerNames } from "../autotvm/create_tuner.ts";
import type { Budget } from "../autotvm/budget.ts";
import type { Fields, Kind, RenamedOptions } from "../base/check_options.ts";
import {
  aFunction,
  anyOf,
  arrayOf,
  having,
  instanceOf,
  integer,
  name,
  nested,
  number,
  oneOf,
  passing,
  positive,
  recordOf,
  required,
} from "../base/option_kinds.ts";
import { shapesKind } from "../ir/kinds.ts";
import type { OpenMeasuring } from "../measure/measuring.ts";
import type { GivenInputs, InputRange } from "../measure/random_inputs.ts";
import { recordKind } from "../records/kinds.ts";
import type { TypedArray } from "../runtime/arrays.ts";
import type { Device } from "../runtime/device.ts";
import { narrowingKind } from "../space/narrow.ts";
import { templateKind } from "../space/template.ts";
import type { Reporter } from "./reporter.ts";
import type { SearchOptions } from "./search_options.ts";
import type { TunableDevice } from "./tunable_device.ts";

export { programKind as program } from "../ir/kinds.ts";

export const device: Kind<TunableDevice> = having(
  "a device as the second argument, as await Device.open() gives",
  "probe",
);

export const seed: Kind<number> = integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }, "a 32-bit integer");

export const signal: Kind<AbortSignal> = instanceOf(AbortSignal, "an AbortSignal");

export const reporter: Kind<Reporter> = having("a reporter, as createReporter() makes", "update", "done");

export const open: Kind<OpenMeasuring> = aFunction("a function that opens a Measuring");

export const deadlineMs: Kind<number> = number({ above: 0 }, "a positive number of milliseconds");

/** Bytes of resident memory. */
export const maxMemory: Kind<number> = number({ above: 0 }, "a positive number of bytes");

export const rounds: Kind<number> = positive;

export const processes: Kind<number> = positive;

const array: Kind<TypedArray> = {
  takes: "a Float32Array, Float16Array, Int32Array or Uint32Array",
  is: (x) =>
    x instanceof Float32Array || x instanceof Float16Array || x instanceof Int32Array ||
    x instanceof Uint32Array,
};

/** Arrays by name. */
export const arrays: Kind<Readonly<Record<string, TypedArray>>> = recordOf(array);

/** Lists of numbers by name. */
export const numbers: Kind<Readonly<Record<string, ArrayLike<number>>>> = recordOf(
  passing("a list of numbers", (x) => Array.isArray(x) || ArrayBuffer.isView(x)),
);

const range: Kind<InputRange> = nested({ from: number(), below: required(number()) });

/** Inputs by parameter name: arrays, or ranges to draw them from. */
export const inputs: Kind<GivenInputs> = recordOf(anyOf(array, range));

/** The limits of a budget; a later check demands at least one. */
const BUDGET_FIELDS = {
  trials: positive,
  seconds: number({ above: 0 }),
  earlyStopping: positive,
  until: number({ above: 0, max: 1 }, "a share of the roofline, above 0 and at most 1"),
} satisfies Fields<Budget>;
export const budget: Kind<Budget> = nested(BUDGET_FIELDS);

/** A device of this process: a fleet's handle can't load programs. */
export const localDevice: Kind<Device> = having(
  "a device of this process, as await Device.open() gives (for another one, compile(func, device.target) makes its kernels)",
  "load",
);

/** The options of a search. */
export const SEARCH_FIELDS = {
  budget: { ...budget, required: true as const },
  tuner: oneOf(...tunerNames),
  start: oneOf("preset", "scratch"),
  seed,
  path: name,
  template: templateKind,
  narrowing: narrowingKind,
  shapes: shapesKind,
  inputs,
  deadlineMs,
  maxMemory,
  history: arrayOf(recordKind),
  signal,
  reporter,
  method: name,
  open,
} satisfies Fields<SearchOptions>;

/** What has replaced the options of version 0.1.0. */
export const RENAMED: RenamedOptions = {
  trials: "budget: { trials }",
  seconds: "budget: { seconds }",
  earlyStopping: "budget: { earlyStopping }",
  until: "budget: { until }",
  device: "the second argument, as in tune(func, device, options),",
  measurer: '"open"',
  contestant: '"method"',
  contestants: '"methods"',
};

/** Some rows of a table of options. */
export function pick<F, K extends keyof F>(fields: F, ...keys: readonly K[]): Pick<F, K> {
  return Object.fromEntries(keys.map((k) => [k, fields[k]])) as unknown as Pick<F, K>;
}
