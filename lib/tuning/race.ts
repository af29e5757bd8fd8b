import { passing } from "../base/option_kinds.ts";
import * as dlight from "../dlight/schedule.ts";
import * as kinds from "./option_fields.ts";
import type { Table } from "npm:apache-arrow@21.2.0";
import { unlessAborted } from "../base/cancellation.ts";
import { TunebookError } from "../base/error.ts";
import { median, medianInterval } from "../base/statistics.ts";
import { Chart } from "../charts/chart.ts";
import { confirmedSpec } from "../charts/confirmed.ts";
import { isScheduled } from "../dlight/analysis.ts";
import { PrimFunc } from "../ir/func.ts";
import { signature } from "../ir/signature.ts";
import type { Measurement } from "../measure/measurement.ts";
import type { Candidate } from "../measure/measuring.ts";
import { summaryOf, type SummaryRow } from "../records/summary.ts";
import { summaryTable } from "../records/summary_table.ts";
import { taskOf } from "../records/task.ts";
import { Schedule } from "../schedule/schedule.ts";
import { Trace } from "../schedule/trace.ts";
import type { Target } from "../target/target.ts";
import { CONFIRM_ROUNDS, MIN_SAMPLE_MS } from "./rounds.ts";
import { InterruptedError } from "./interrupted_error.ts";
import { Interruptible } from "./interrupt.ts";
import { measuringOptions } from "./measuring_options.ts";
import { MeasuringSlot } from "./measuring_slot.ts";
import type { SearchOptions } from "./search_options.ts";
import type { TunableDevice } from "./tunable_device.ts";
import { checkTask } from "./tuning_task.ts";
import { checkArgument, checkOptions, type Fields, isPlainObject, type Kind } from "../base/check_options.ts";
import { shownValue } from "../base/shown_value.ts";
import type { Ruled } from "../dlight/schedule.ts";

/** A racer: a program, which its rule schedules unless it is scheduled already; a schedule; or the result of a rule. */
export type Racer = PrimFunc | Schedule | Ruled;

/** What `race` takes. */
export interface RaceOptions
  extends Pick<SearchOptions, "seed" | "shapes" | "inputs" | "deadlineMs" | "maxMemory" | "signal" | "open"> {
  /** Rounds of the interleaved measurement. Default 11. */
  readonly rounds?: number;
}

const RACE_FIELDS = {
  rounds: kinds.rounds,
  ...kinds.pick(
    kinds.SEARCH_FIELDS,
    "seed",
    "shapes",
    "inputs",
    "deadlineMs",
    "maxMemory",
    "signal",
    "open",
  ),
} satisfies Fields<RaceOptions>;

const RACERS: Kind<readonly Racer[] | Readonly<Record<string, Racer>>> = passing(
  "a list of programs or schedules, or an object of them by name",
  (x) => Array.isArray(x) || isPlainObject(x),
);

/** What `race` returns. */
export class Race {
  /** One row per racer, in order: its median time and interval; NaN where it failed. */
  readonly rows: readonly SummaryRow[];
  /** The rows as an Arrow table. */
  readonly table: Table;
  /** The rows as bars. */
  readonly chart: Chart;
  /** The result of each racer: its samples, or where and why it failed. */
  readonly measurements: Readonly<Record<string, Measurement>>;

  /** Takes the parts of a race. */
  constructor(of: Race) {
    this.rows = of.rows;
    this.table = of.table;
    this.chart = of.chart;
    this.measurements = of.measurements;
  }
}

/**
 * Compares programs or schedules that compute the same. Measurements are interleaved, so that drift affects all equally.
 * Results are checked against the reference of the first. Give a list, or names:
 * `race({ mine: schedule, rule: func }, device)`.
 *
 * @throws {TunebookError} for no racer, or racers whose parameters differ
 * @throws {InterruptedError} if it is stopped before the last round
 */
export async function race(
  racers: readonly Racer[] | Readonly<Record<string, Racer>>,
  device: TunableDevice,
  options: RaceOptions = {},
): Promise<Race> {
  checkArgument("race", "racers", racers, RACERS);
  checkArgument("race", "device", device, kinds.device);
  checkOptions("race", options, RACE_FIELDS, kinds.RENAMED);
  const { rounds = CONFIRM_ROUNDS, seed = 0, open = device.openMeasuring } = options;
  const named = namesOf(racers);
  const funcs = named.map(([, r]) => programOf(r));
  const func = checkAlike(named.map(([name]) => name), funcs);
  const shapes = checkTask(func, options.shapes ?? {}, seed);
  const { target } = device;
  using stop = new Interruptible(options.signal);
  await using slot = new MeasuringSlot(measuringOptions({ func, target, shapes, seed }, options), open);
  const measuring = await slot.take(stop.signal);
  const candidates = named.map(([, r]) => candidateOf(r, target));
  const measured = await unlessAborted(
    measuring?.race(candidates, rounds, { minSampleMs: MIN_SAMPLE_MS }) ?? Promise.resolve(undefined),
    stop.signal,
  );
  if (!measured) throw new InterruptedError(`the race of ${taskOf(func, shapes)}`, []);
  const rows = summaryOf(
    func,
    shapes,
    named.map(([name], k) => {
      const m = measured[k] as Measurement;
      const samples = m.status === "ok" ? m.samples : [];
      return {
        contestant: name,
        rule: "",
        trials: 1,
        failed: m.status === "ok" ? 0 : 1,
        seconds: 0,
        ...(m.status === "ok"
          ? {
            won: {
              config: "{}",
              trace: "",
              maxError: m.maxError,
              samples,
              ms: median(samples),
              interval: medianInterval(samples),
            },
          }
          : {}),
      };
    }),
  );
  const table = summaryTable(rows);
  return new Race({
    rows,
    table,
    chart: new Chart(confirmedSpec(rows, { title: taskOf(func, shapes), subtitle: target.name })),
    measurements: Object.fromEntries(named.map(([name], k) => [name, measured[k] as Measurement])),
  });
}

function namesOf(
  racers: readonly Racer[] | Readonly<Record<string, Racer>>,
): readonly (readonly [name: string, racer: Racer])[] {
  for (const [name, racer] of Object.entries(racers as Readonly<Record<string, Racer>>)) {
    if (isRacer(racer)) continue;
    throw new TunebookError(`expected a program or a schedule, got ${shownValue(racer)}, as racer ${name}`);
  }
  return Array.isArray(racers)
    ? (racers as readonly Racer[]).map((r, k) => [`${k + 1}: ${nameOf(r)}`, r] as const)
    : Object.entries(racers as Readonly<Record<string, Racer>>);
}

function isRacer(x: unknown): x is Racer {
  return x instanceof PrimFunc || x instanceof Schedule ||
    (typeof x === "object" && x !== null && "func" in x && x.func instanceof PrimFunc);
}

/** The program that a racer schedules, or that is scheduled already. */
function programOf(racer: Racer): PrimFunc {
  if (racer instanceof Schedule) return racer.start;
  return racer instanceof PrimFunc ? racer : racer.func;
}

function nameOf(racer: Racer): string {
  return programOf(racer).name;
}

/** The first program; all have its parameters. */
function checkAlike(names: readonly string[], funcs: readonly PrimFunc[]): PrimFunc {
  const [first] = funcs;
  if (!first) throw new TunebookError("expected at least one program or schedule to race, got none");
  const of = (f: PrimFunc) => signature(f.with({ name: "" }));
  const other = funcs.findIndex((f) => of(f) !== of(first));
  if (other < 0) return first;
  throw new TunebookError(
    `expected all to have the parameters of ${names[0]}, ${signature(first)}, got ${
      signature(funcs[other] as PrimFunc)
    } as ${names[other]}`,
  );
}

function candidateOf(racer: Racer, target: Target): Candidate {
  if (racer instanceof Schedule) return { trace: racer.trace.toJSON(), program: racer.start };
  const func = programOf(racer);
  if (isScheduled(func)) return { trace: Trace.of(func, []).toJSON(), program: func };
  return { trace: dlight.schedule(func, target).trace.toJSON(), program: func };
}
