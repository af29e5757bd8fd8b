/** A record that was read as data and held against itself: what it says of its program, target and time fits. */
import { isStackOverflow, TOO_DEEP } from "../base/within_stack.ts";
import { TunebookError } from "../base/error.ts";
import { fingerprint } from "../ir/fingerprint.ts";
import type { PrimFunc } from "../ir/func.ts";
import { funcFromJson } from "../ir/func_json.ts";
import type { Shapes } from "../ir/shapes.ts";
import { msOf } from "../measure/measurement.ts";
import { OLD_NAMES, type OldNames } from "../schedule/old_names.ts";
import { Trace } from "../schedule/trace.ts";
import type { Config } from "../space/knobs.ts";
import { targetFromJson } from "../target/target_json.ts";
import type { Target } from "../target/target.ts";
import { configOf } from "./config.ts";
import { RecordError } from "./error.ts";
import { presentRecord } from "./present_names.ts";
import type { TrialRecord } from "./record.ts";
import { shortestMs } from "../estimate/roofline.ts";
import { type WorkloadStructure, workloadStructure } from "./workload_similarity.ts";
import { shapesOf } from "./task.ts";

/** What a record is of. */
export interface Workload {
  readonly func: PrimFunc;
  readonly shapes: Shapes;
  readonly target: Target;
  readonly structure: WorkloadStructure;
}

/** A record that can be used, and what it was read as. */
export interface ReadRecord extends Workload {
  readonly record: TrialRecord;
  readonly trace: Trace;
  readonly config: Config;
}

/** Reads records; what many share, their program and their target, is read once. */
export class RecordReader {
  readonly #workloads = new Map<string, Workload>();

  /** @param names as earlier versions wrote them; what is read has the present ones */
  constructor(readonly names: OldNames = OLD_NAMES) {}

  /**
   * @throws {RecordError} with what does not fit: no program, another one's fingerprint, task, trace or
   * configuration, a time that is not its samples' or that no device could reach
   */
  read(record: TrialRecord): ReadRecord {
    try {
      return this.#read(presentRecord(record, this.names));
    } catch (e) {
      const why = isStackOverflow(e) ? TOO_DEEP : e instanceof TunebookError ? e.message : undefined;
      if (why === undefined) throw e;
      throw new RecordError(`trial ${record.trial} of ${record.task.slice(0, 200)}: ${why}`);
    }
  }

  #read(record: TrialRecord): ReadRecord {
    const workload = this.workload(record);
    const trace = Trace.fromJSON(record.trace, this.names);
    if (trace.program.fingerprint !== record.fingerprint) {
      throw new RecordError(`its trace is of another program, ${trace.program.fingerprint}`);
    }
    checkTime(record, workload);
    return { ...workload, record, trace, config: configOf(record.config) };
  }

  /**
   * What a record is of.
   *
   * @throws {TunebookError} where its program, task, target and fingerprint don't fit each other
   */
  workload(
    { program, task, target, fingerprint: claimed }: Pick<
      TrialRecord,
      "program" | "task" | "target" | "fingerprint"
    >,
  ): Workload {
    const key = JSON.stringify([program, task, target]);
    let known = this.#workloads.get(key);
    if (!known) {
      const func = funcFromJson(parsed(program, "its program"));
      const shapes = shapesOf(func, task);
      if (!shapes) throw new RecordError("its task is not its program in one line with all shapes");
      known = {
        func,
        shapes,
        target: targetFromJson(parsed(target, "its target")),
        structure: workloadStructure(func, shapes),
      };
      this.#workloads.set(key, known);
    }
    const own = fingerprint(known.func);
    if (own !== claimed) throw new RecordError(`its fingerprint is ${claimed}, and its program's ${own}`);
    return known;
  }
}

function checkTime(record: TrialRecord, { func, shapes, target }: Workload): void {
  const { medianMs, samples, againstMs, againstSamples, clock } = record;
  const inTurn = againstSamples.length > 0;
  const times = [...samples, ...againstSamples, ...(inTurn ? [againstMs] : [])];
  if (samples.length === 0 || !times.every((t) => t > 0 && Number.isFinite(t))) {
    throw new RecordError("its samples are not positive times");
  }
  const ms = msOf({ samples, ...(inTurn ? { against: { ms: againstMs, samples: againstSamples } } : {}) });
  if (ms !== medianMs) {
    throw new RecordError(`its median is ${medianMs} ms, and that of its samples ${ms} ms`);
  }
  if (clock !== target.clock && clock !== "wall") {
    throw new RecordError(`it was timed by the clock ${clock}, and its target has ${target.clock}`);
  }
  const shortest = shortestMs(func, shapes, target.peaks);
  if (medianMs < shortest) {
    throw new RecordError(`it claims ${medianMs} ms, and its device can't do it in less than ${shortest} ms`);
  }
}

function parsed(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch (e) {
    throw new RecordError(`${what} is no JSON: ${e instanceof Error ? e.message : e}`);
  }
}
