import * as dlight from "../dlight/schedule.ts";
import { shuffled } from "../autotvm/sequences.ts";
import type { PrimFunc } from "../ir/func.ts";
import { fingerprint } from "../ir/fingerprint.ts";
import { median } from "../base/statistics.ts";
import { RecordError } from "../records/error.ts";
import { readSpace, type RecordedSpace, type SpacePoint, writeSpace } from "../records/recorded_space.ts";
import { Interruptible } from "./interrupt.ts";
import { unlessAborted } from "../base/cancellation.ts";
import type { Shapes } from "../runtime/arguments.ts";
import type { Device } from "../runtime/device.ts";
import { narrow, type Narrowing } from "../space/narrow.ts";
import { Rng } from "../base/random.ts";
import { spaceOf } from "../space/template.ts";
import { candidateAt } from "./candidate.ts";
import { openMeasurer } from "./open_measurer.ts";
import { checkSubject } from "./tuning_task.ts";

export interface RecordSpaceOptions {
  readonly device: Device;
  /** Arrow stream file; a recording that was broken off goes on from it. */
  readonly path: string;
  /** Values of knobs to record; default: all. */
  readonly narrowing?: Narrowing;
  readonly shapes?: Shapes;
  readonly deadlineMs?: number;
  readonly signal?: AbortSignal;
  /** Is told how many of how many points are done. */
  readonly progress?: (done: number, of: number) => void;
}

/** Points between two writes of the file. */
const BATCH = 50;
/** A recording holds thousands of points: few and short samples of each, one of what is far from the best. */
const MEASURE = { repeats: 3, minSampleMs: 5 } as const;
const HOPELESS = 20;

/**
 * Measures every point of the space of a program's rule that no constraint refuses, in random order, so that
 * searches can be simulated on it.
 *
 * @throws {RecordError} where the file holds another space
 */
export async function recordSpace(func: PrimFunc, options: RecordSpaceOptions): Promise<RecordedSpace> {
  const { device, path, narrowing = {} } = options;
  const { rule, template } = dlight.match(func, device.target);
  const space = narrow(spaceOf(func, template), narrowing);
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
  const shapes = checkSubject(func, options.shapes ?? {}, 0);
  const { deadlineMs = 10_000 } = options;
  using stop = new Interruptible(options.signal);
  const { signal } = stop;
  const measurer = await openMeasurer(device.target, { func, shapes, deadlineMs }, signal);
  await using _closing = measurer;
  let best = Math.min(...[...points.values()].map((p) => p.status === "ok" ? p.ms : Infinity));
  let unwritten = 0;
  for (const index of shuffled(space.size, Rng.of(0))) {
    if (signal.aborted || !measurer) break;
    if (points.has(index) || !space.accepts(index)) continue;
    const begin = performance.now();
    const { outcome } = candidateAt(func, template, space, space.at(index), device.target);
    const m = "status" in outcome ? outcome : await unlessAborted(
      measurer.measure(outcome, { ...MEASURE, dropAboveMs: best * HOPELESS }),
      signal,
    );
    if (!m) break;
    const samples = m.status === "ok" ? m.samples : [];
    const ms = median(samples);
    points.set(index, { index, status: m.status, ms, samples, seconds: (performance.now() - begin) / 1000 });
    if (ms < best) best = ms;
    if (++unwritten >= BATCH) {
      await writeSpace(path, of, points.values());
      unwritten = 0;
    }
    options.progress?.(points.size, space.count());
  }
  await writeSpace(path, of, points.values());
  return await readSpace(path);
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
