import * as dlight from "../dlight/schedule.ts";
import * as kinds from "./option_fields.ts";
import { shuffled } from "../autotvm/sequences.ts";
import type { PrimFunc } from "../ir/func.ts";
import { fingerprint } from "../ir/fingerprint.ts";
import { median } from "../base/statistics.ts";
import { RecordError } from "../records/error.ts";
import type { SpacePoint } from "../records/measured_space.ts";
import { readSpace, type RecordedSpace, writeSpace } from "../records/recorded_space.ts";
import { Interruptible } from "./interrupt.ts";
import { unlessAborted } from "../base/cancellation.ts";
import type { Shapes } from "../runtime/arguments.ts";
import type { Narrowing } from "../space/narrow.ts";
import type { Incumbent, OpenMeasuring } from "../measure/measuring.ts";
import { MeasuringSlot } from "./measuring_slot.ts";
import { SearchSpace } from "./search_space.ts";
import type { TunableDevice } from "./tunable_device.ts";
import { checkTask } from "./tuning_task.ts";
import { Rng } from "../base/random.ts";
import { checkArgument, checkOptions, type Fields } from "../base/check_options.ts";
import { aFunction, name, required } from "../base/option_kinds.ts";

/** What `autotvm.recordSpace` takes. */
export interface RecordSpaceOptions {
  /** Arrow stream file; an interrupted recording continues from it. */
  readonly path: string;
  /** Values of knobs to record; default: all. */
  readonly narrowing?: Narrowing;
  /** Values of the shape variables. */
  readonly shapes?: Shapes;
  /** Longest time for one point, milliseconds. Default 10,000. */
  readonly deadlineMs?: number;
  /** Largest resident memory of the process that measures, bytes. Default: half of the machine's memory. */
  readonly maxMemory?: number;
  /** Ends the recording; the file keeps what was measured. */
  readonly signal?: AbortSignal;
  /** Opens the `Measuring`. Default: the device's own, a child process on this machine. */
  readonly open?: OpenMeasuring;
  /** Receives the number of points done, and of all points. */
  readonly progress?: (done: number, of: number) => void;
}

const RECORD_FIELDS = {
  path: required(name),
  progress: aFunction<(done: number, of: number) => void>("a function of two numbers"),
  ...kinds.pick(kinds.SEARCH_FIELDS, "narrowing", "shapes", "deadlineMs", "maxMemory", "signal", "open"),
} satisfies Fields<RecordSpaceOptions>;

/** Points between two writes of the file. */
const BATCH = 50;
/** Limits for thousands of points: few and short samples of each, and one sample of slow points. */
const MEASURE = { repeats: 3, minSampleMs: 5 } as const;
const LIMITS = { hopeless: 20 } as const;

/**
 * Measures every point of the space of a program's rule that no constraint refuses, in random order, so that
 * searches can be simulated on it.
 *
 * @throws {RecordError} where the file holds another space
 */
export async function recordSpace(
  func: PrimFunc,
  device: TunableDevice,
  options: RecordSpaceOptions,
): Promise<RecordedSpace> {
  checkArgument("autotvm.recordSpace", "func", func, kinds.program);
  checkArgument("autotvm.recordSpace", "device", device, kinds.device);
  checkOptions("autotvm.recordSpace", options, RECORD_FIELDS, kinds.RENAMED);
  const { path, narrowing = {} } = options;
  const { rule, template } = dlight.match(func, device.target);
  const searched = new SearchSpace(func, template, narrowing);
  const { space } = searched;
  const of = { func, target: device.target, rule, narrowing, knobs: space.knobs };
  const points = new Map<number, SpacePoint>();
  if (await exists(path)) {
    const earlier = await readSpace(path);
    const same = fingerprint(earlier.func) === fingerprint(func) &&
      JSON.stringify(earlier.space.knobs) === JSON.stringify(space.knobs);
    if (!same) {
      throw new RecordError(`cannot go on with ${path}: it holds another space; choose another path`);
    }
    for (const [index, point] of earlier.points) points.set(index, point);
  }
  const shapes = checkTask(func, options.shapes ?? {}, 0);
  const { deadlineMs = 10_000, maxMemory } = options;
  using stop = new Interruptible(options.signal);
  const { signal } = stop;
  await using slot = new MeasuringSlot(
    { func, target: device.target, shapes, deadlineMs, ...(maxMemory === undefined ? {} : { maxMemory }) },
    options.open ?? device.openMeasuring,
  );
  const measuring = await slot.take(signal);
  let best = bestOf(points, searched);
  let unwritten = 0;
  for (const index of shuffled(space.size, Rng.of(0))) {
    if (signal.aborted || !measuring) break;
    if (points.has(index) || !space.accepts(index)) continue;
    const begin = performance.now();
    const candidate = searched.candidateAt(index);
    const m = "status" in candidate ? candidate : (await unlessAborted(
      measuring.measure({ ...MEASURE, candidate, limits: LIMITS, ...(best ? { incumbent: best } : {}) }),
      signal,
    ))?.measurement;
    if (!m) break;
    const samples = m.status === "ok" ? m.samples : [];
    const ms = median(samples);
    points.set(index, { index, status: m.status, ms, samples, seconds: (performance.now() - begin) / 1000 });
    if (!("status" in candidate) && ms < (best?.ms ?? Infinity)) best = { candidate, ms };
    if (++unwritten >= BATCH) {
      await writeSpace(path, of, points.values());
      unwritten = 0;
    }
    options.progress?.(points.size, space.count());
  }
  await writeSpace(path, of, points.values());
  return await readSpace(path);
}

/** The fastest point so far. */
function bestOf(points: ReadonlyMap<number, SpacePoint>, space: SearchSpace): Incumbent | undefined {
  const fastest = [...points.values()].filter((p) => p.status === "ok").toSorted((p, q) => p.ms - q.ms)[0];
  const candidate = fastest && space.candidateAt(fastest.index);
  return fastest && candidate && !("status" in candidate) ? { candidate, ms: fastest.ms } : undefined;
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (e) {
    if (e instanceof Deno.errors.NotFound) return false;
    throw e;
  }
}
