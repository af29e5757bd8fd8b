/** Compares ways to schedule a program, in a page. */
import { checkArgument, checkOptions, type Fields } from "../base/check_options.ts";
import { arrayOf, instanceOf, integer, oneOf, positive, recordOf } from "../base/option_kinds.ts";
import { median, medianInterval } from "../base/statistics.ts";
import type { PrimFunc } from "../ir/func.ts";
import { programKind, shapesKind } from "../ir/kinds.ts";
import type { Shapes } from "../ir/shapes.ts";
import type { Measurement } from "../measure/measurement.ts";
import type { Candidate } from "../measure/measuring.ts";
import { MeasuringHere } from "../measure/measuring_here.ts";
import { type Outcome, summaryOf, type SummaryRow } from "../records/summary.ts";
import { Device } from "../runtime/device.ts";
import { fixedPoint } from "../tuning/fixed_point.ts";
import { type FixedMethod, methodsFor, type OwnMethod, ownMethod } from "../tuning/methods.ts";
import { CONFIRM_ROUNDS, MIN_SAMPLE_MS } from "../tuning/rounds.ts";
import { checkTask } from "../tuning/tuning_task.ts";
import { fallbackReference } from "./fallback_reference.ts";

const METHODS: readonly ("fallback" | "dlight")[] = ["fallback", "dlight"];

/** What `compare` takes in a page. */
export interface CompareOptions {
  /** Default: both, "fallback" and "dlight". */
  readonly methods?: readonly ("fallback" | "dlight")[];
  /** Methods of the page's own, by name: a kernel in WGSL, or a template at its presets. Default: none. */
  readonly also?: Readonly<Record<string, OwnMethod>>;
  /** Values of the shape variables. Default: none. */
  readonly shapes?: Shapes;
  /** Seed of the random inputs, a 32-bit integer. Default 0. */
  readonly seed?: number;
  /** Rounds of the interleaved measurement. Default 11. */
  readonly rounds?: number;
}

const COMPARE_FIELDS = {
  methods: arrayOf(oneOf(...METHODS)),
  also: recordOf(ownMethod),
  shapes: shapesKind,
  seed: integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }, "a 32-bit integer"),
  rounds: positive,
} satisfies Fields<CompareOptions>;

/** One method of a comparison in a page. */
export interface ComparedRow extends SummaryRow {
  /** The result: its samples, or where and why it failed. */
  readonly measurement: Measurement;
}

/**
 * Compares Fallback, DLight and methods of the page's own on a program, interleaved, so that drift affects all equally.
 * Results are checked against those of Fallback's kernel on the same device. Searches need a process of their own: a
 * page has none.
 *
 * @throws {OptionError} for an argument of a wrong kind
 * @throws {TunebookError} for a shape variable without a value, and where Fallback's kernel doesn't run
 */
export async function compare(
  func: PrimFunc,
  device: Device,
  options: CompareOptions = {},
): Promise<readonly ComparedRow[]> {
  checkArgument("compare", "func", func, programKind);
  checkArgument("compare", "device", device, instanceOf(Device, "a device, as await Device.open() gives"));
  checkOptions("compare", options, COMPARE_FIELDS);
  const { methods = METHODS, also = {}, seed = 0, rounds = CONFIRM_ROUNDS } = options;
  const shapes = checkTask(func, options.shapes ?? {}, seed);
  // No method of these searches.
  const all = methodsFor(func, device.target, shapes, methods, also) as readonly FixedMethod[];
  const points = all.map((method) => ({ method, ...fixedPoint(method, func) }));
  const { inputs, reference } = await fallbackReference(func, device, shapes, seed);
  await using measuring = new MeasuringHere(device, { func, shapes, seed, inputs, reference });
  const made = points.flatMap(({ candidate }) => "status" in candidate ? [] : [candidate]);
  const raced = await measuring.race(made, rounds, { minSampleMs: MIN_SAMPLE_MS });
  const measured = points.map(({ candidate }): Measurement =>
    "status" in candidate ? candidate : raced[made.indexOf(candidate)] as Measurement
  );
  const outcomes = points.map(({ method, rule, config, candidate }, k) =>
    outcomeOf(method.name, rule, JSON.stringify(config), candidate, measured[k] as Measurement)
  );
  return summaryOf(func, shapes, outcomes).map((row, k) => ({
    ...row,
    measurement: measured[k] as Measurement,
  }));
}

function outcomeOf(
  contestant: string,
  rule: string,
  config: string,
  candidate: Candidate | object,
  m: Measurement,
): Outcome {
  const ok = m.status === "ok";
  const trace = "trace" in candidate ? JSON.stringify(candidate.trace) : "";
  return {
    contestant,
    rule,
    trials: 1,
    failed: ok ? 0 : 1,
    seconds: 0,
    ...(ok
      ? {
        won: {
          config,
          trace,
          maxError: m.maxError,
          samples: m.samples,
          ms: median(m.samples),
          interval: medianInterval(m.samples),
        },
      }
      : {}),
  };
}
