/** Reads records as data, and checks that program, target, trace and time are consistent. */
import { isStackOverflow, TOO_DEEP } from "../base/within_stack.ts";
import { messageOf, TunebookError } from "../base/error.ts";
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

/** The program, shapes and target of a record. */
export interface Workload {
  /** The program. */
  readonly func: PrimFunc;
  /** The values of its shape variables, by name. */
  readonly shapes: Shapes;
  /** The device that the record was measured on. */
  readonly target: Target;
  /** The structure of the program, for comparing it with other programs. */
  readonly structure: WorkloadStructure;
}

/** A consistent record, and its parsed parts. */
export interface ReadRecord extends Workload {
  /** The record under present names. */
  readonly record: TrialRecord;
  /** Its trace. */
  readonly trace: Trace;
  /** Its configuration: the value of each knob. */
  readonly config: Config;
}

/** Reads records. A program and target that many records share are parsed once. */
export class RecordReader {
  readonly #workloads = new Map<string, Workload>();

  /**
   * Makes a reader.
   *
   * @param names the old names of rules, knobs and steps; the records that are read have the present ones
   */
  constructor(readonly names: OldNames = OLD_NAMES) {}

  /**
   * Reads a record and checks it.
   *
   * @throws {RecordError} if a part can't be read, or if the fingerprint, task or trace belongs to another program.
   * Also if the time is not the median of its samples, or is shorter than its device allows
   */
  read(record: TrialRecord): ReadRecord {
    try {
      return this.#read(presentRecord(record, this.names));
    } catch (e) {
      const why = isStackOverflow(e) ? TOO_DEEP : e instanceof TunebookError ? e.message : undefined;
      if (why === undefined) throw e;
      throw new RecordError(`reading trial ${record.trial} of ${record.task.slice(0, 200)}: ${why}`);
    }
  }

  #read(record: TrialRecord): ReadRecord {
    const workload = this.workload(record);
    const trace = Trace.fromJSON(record.trace, this.names);
    if (trace.program.fingerprint !== record.fingerprint) {
      throw new RecordError(
        `expected a trace of program ${record.fingerprint}, got one of program ${trace.program.fingerprint}`,
      );
    }
    checkTime(record, workload);
    return { ...workload, record, trace, config: configOf(record.config) };
  }

  /**
   * Reads the program, shapes and target of a record.
   *
   * @throws {TunebookError} if its program, task, target and fingerprint are not consistent
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
      const func = funcFromJson(parsed(program, "program"));
      const shapes = shapesOf(func, task);
      if (!shapes) {
        throw new RecordError(
          `expected a task that is its program in one line with all shapes, got ${task.slice(0, 200)}`,
        );
      }
      known = {
        func,
        shapes,
        target: targetFromJson(parsed(target, "target")),
        structure: workloadStructure(func, shapes),
      };
      this.#workloads.set(key, known);
    }
    const own = fingerprint(known.func);
    if (own !== claimed) {
      throw new RecordError(`expected its program's fingerprint ${own}, got ${claimed.slice(0, 60)}`);
    }
    return known;
  }
}

function checkTime(record: TrialRecord, { func, shapes, target }: Workload): void {
  const { medianMs, samples, againstMs, againstSamples, clock } = record;
  const inTurn = againstSamples.length > 0;
  const times = [...samples, ...againstSamples, ...(inTurn ? [againstMs] : [])];
  if (samples.length === 0 || !times.every((t) => t > 0 && Number.isFinite(t))) {
    throw new RecordError("expected samples that are positive times, got none or other values");
  }
  const ms = msOf({ samples, ...(inTurn ? { against: { ms: againstMs, samples: againstSamples } } : {}) });
  if (ms !== medianMs) {
    throw new RecordError(`expected the median of its samples, ${ms} ms, got ${medianMs} ms`);
  }
  if (clock !== target.clock && clock !== "wall") {
    throw new RecordError(`expected a time by the clock ${target.clock} of its target, got clock ${clock}`);
  }
  const shortest = shortestMs(func, shapes, target.peaks);
  if (medianMs < shortest) {
    throw new RecordError(`expected at least the ${shortest} ms that its device needs, got ${medianMs} ms`);
  }
}

function parsed(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch (e) {
    throw new RecordError(
      `expected its ${what} as JSON, got other text (${messageOf(e)})`,
    );
  }
}
