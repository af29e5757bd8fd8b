import * as dlight from "../dlight/schedule.ts";
import * as kinds from "./option_fields.ts";
import { createTuner, tunerNames } from "../autotvm/create_tuner.ts";
import { featureNames, loopFeatures } from "../autotvm/features.ts";
import type { Tuner, TunerOptions } from "../autotvm/tuner.ts";
import { TunebookError } from "../base/error.ts";
import { measuredKind, type MeasuredSpace, type SpacePoint } from "../records/measured_space.ts";
import { presentConfig } from "../records/present_config.ts";
import type { RecordedSpace } from "../records/recorded_space.ts";
import { spaceOf } from "../space/template.ts";
import { scheduleAt } from "./search_space.ts";
import { checkArgument, checkOptions, type Fields, type Kind } from "../base/check_options.ts";
import { aFunction, anyOf, nested, number, oneOf, positive, required } from "../base/option_kinds.ts";

/** What `autotvm.simulate` takes. */
export interface SimulateOptions {
  /** A tuner's name, or how to make one. */
  readonly tuner: string | ((options: TunerOptions) => Tuner);
  /** Begin with the rule's point, or without knowledge. */
  readonly start: "preset" | "scratch";
  /** Seed of the tuner. */
  readonly seed: number;
  /** Points to try. */
  readonly budget: { readonly trials: number };
  /** Points that are asked for at a time, at most what the tuner asks for best. Default 8, as in `tune`. */
  readonly batch?: number;
  /** Ends it at a point that runs in at most this time, milliseconds. */
  readonly enoughMs?: number;
}

const SIMULATE_FIELDS = {
  tuner: required(
    anyOf(
      oneOf(...tunerNames) as Kind<string>,
      aFunction<(of: TunerOptions) => Tuner>("a function that makes a tuner"),
    ),
  ),
  start: required(oneOf("preset", "scratch")),
  seed: required(kinds.seed),
  budget: required(nested({
    trials: required(
      { takes: "a positive number", is: (x) => typeof x === "number" && x >= 1 } as Kind<number>,
    ),
  })),
  batch: positive,
  enoughMs: number(),
} satisfies Fields<SimulateOptions>;

const ESTIMATE = featureNames().indexOf("target.ns");

/**
 * Simulates a search: a measured space replaces the device. Returns the trials in order. A space that another tuner
 * measured has no program, so tuners have features of its knobs only, and no estimate.
 *
 * @throws {OptionError} for an argument of a wrong kind
 */
export function simulate(
  recorded: RecordedSpace | MeasuredSpace,
  options: SimulateOptions,
): readonly SpacePoint[] {
  checkOptions("autotvm.simulate", options, SIMULATE_FIELDS, kinds.RENAMED);
  checkArgument("autotvm.simulate", "recorded", recorded, measuredKind);
  const { tuner: name, start, seed, budget: { trials }, batch = 8, enoughMs = -Infinity } = options;
  const { space, points } = recorded;
  const of: TunerOptions = {
    space,
    seed,
    start,
    trials,
    ...("func" in recorded ? knowledgeOf(recorded) : {}),
  };
  const tuner = typeof name === "string" ? createTuner(name, of) : name(of);
  const tried: SpacePoint[] = [], most = Math.min(batch, tuner.batch ?? batch);
  while (tried.length < trials) {
    const asked = tuner.ask(Math.min(most, trials - tried.length)).map((index) =>
      points.get(index) as SpacePoint
    );
    if (asked.length === 0) break;
    tried.push(...asked);
    if (asked.some((p) => p.ms <= enoughMs)) break;
    tuner.tell(
      asked.map(({ index, status, ms }) => ({ index, score: status === "ok" ? 1 / ms : undefined })),
    );
  }
  return tried;
}

function knowledgeOf(recorded: RecordedSpace): Pick<TunerOptions, "features" | "estimate"> {
  const features = featuresOf(recorded);
  // A feature is log2(1 + x), which orders points as x does.
  return { features, estimate: (index) => features(index)?.[ESTIMATE] };
}

/** The fastest point of a measured space. */
export function bestPoint({ points }: MeasuredSpace): SpacePoint {
  return [...points.values()].reduce((p, q) => q.status === "ok" && !(p.ms <= q.ms) ? q : p);
}

const known = new WeakMap<RecordedSpace, (index: number) => Float64Array | undefined>();

/** Gives loop features of the points of a recorded space; each is computed once for all callers. */
export function featuresOf(recorded: RecordedSpace): (index: number) => Float64Array | undefined {
  let features = known.get(recorded);
  if (!features) known.set(recorded, features = makeFeatures(recorded));
  return features;
}

function makeFeatures({ func, target, rule, space, points }: RecordedSpace) {
  const found = dlight.match(func, target);
  if (found.rule !== rule) {
    throw new TunebookError(
      `cannot simulate a search of ${func.name} by ${rule}: its rule is ${found.rule} now; record the space again`,
    );
  }
  const present = spaceOf(func, found.template), known = new Set(space.knobs.map((k) => k.name));
  const isOld = present.knobs.some((k) => !known.has(k.name));
  const rows = new Map<number, Float64Array | undefined>();
  return (index: number): Float64Array | undefined => {
    if (rows.has(index) || !points.has(index)) return rows.get(index);
    const config = space.at(index);
    const schedule = isOld
      ? scheduleAt(func, found.template, present, presentConfig(rule, config, present))
      : scheduleAt(func, found.template, space, config);
    const row = schedule && loopFeatures(schedule.func, target);
    rows.set(index, row);
    return row;
  };
}
