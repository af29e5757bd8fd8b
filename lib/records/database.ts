/** What many searches have found: the best schedules of each program on each device. */
import type { Table } from "npm:apache-arrow@21.2.0";
import type { PrimFunc } from "../ir/func.ts";
import { fingerprint } from "../ir/fingerprint.ts";
import { type Shapes, solveShapes } from "../ir/shapes.ts";
import type { Target } from "../target/target.ts";
import { RecordError } from "./error.ts";
import { type ReadRecord, RecordReader } from "./record_reader.ts";
import { DATABASE, readLog } from "./log.ts";
import type { TrialRecord } from "./record.ts";
import type { Column } from "./schema.ts";
import { shortestMs } from "../estimate/roofline.ts";
import { workloadStructure } from "./workload_similarity.ts";
import { recordsToTable, tableOf } from "./table.ts";
import { TrialFile } from "./trial_file.ts";
import { problemOf } from "./check_replay.ts";
import { type Found, nearness, rankOf } from "./nearness.ts";

/** Schedules kept of each program on each device, where nothing else is asked. */
const KEEP = 8;
/** What came of records that were given to a database. */
export interface Added {
  /** Those that are among the best of their program and device now. */
  readonly added: number;
  /** Those that failed, were slower than what is kept, or were there already. */
  readonly passed: number;
  /** Those that can't be believed or read, and why. */
  readonly refused: readonly string[];
}

/** The best schedules of one program with its shapes on one device, the fastest first. */
interface Entry {
  readonly of: ReadRecord;
  best: readonly ReadRecord[];
}

const PROBLEMS = {
  task: "text",
  adapter: "text",
  contestant: "text",
  trial: "int",
  problem: "text",
} as const satisfies Readonly<Record<string, Column>>;

/**
 * Tuning, apart from building: the best few schedules of each program, shapes and device, from any number of logs,
 * in memory or in a file as well. Records are data: each is held against itself before it is kept, and its trace
 * is replayed by the primitives and held against the device's limits before it is built.
 */
export class TuningDatabase implements Disposable {
  readonly #entries = new Map<string, Entry>();
  readonly #reader = new RecordReader();
  readonly #file: TrialFile | undefined;
  readonly #keep: number;
  /** What its file held that could not be kept. */
  #unread: readonly { readonly record: TrialRecord; readonly problem: string }[] = [];

  private constructor(keep: number, file?: TrialFile) {
    this.#keep = checkedKeep(keep);
    this.#file = file;
    if (file) this.#unread = this.#take(file.records).refused;
  }

  /** @param keep schedules kept of each program on each device; default 8 */
  static memory({ keep = KEEP }: { readonly keep?: number } = {}): TuningDatabase {
    return new TuningDatabase(keep);
  }

  /**
   * Opens or creates a database in a file, for this process alone. Records in it that can't be believed are left
   * aside; `verify` tells of them.
   *
   * @throws {RecordError} if the file can't be written, is a log, is damaged, of a newer schema, or open elsewhere
   */
  static async open(path: string, { keep = KEEP }: { readonly keep?: number } = {}): Promise<TuningDatabase> {
    checkedKeep(keep);
    const file = await TrialFile.open(path, DATABASE, (metadata) => {
      if (metadata["tunebook.kind"] === DATABASE["tunebook.kind"]) return;
      throw new RecordError(
        `cannot open ${path}: it is the log of ${metadata.task}, and no database; merge it into one`,
      );
    });
    return new TuningDatabase(keep, file);
  }

  /** All records, program by program, the fastest first. */
  get records(): readonly TrialRecord[] {
    return [...this.#entries.values()].flatMap((e) => e.best.map((k) => k.record));
  }

  /** The records as an Arrow table. */
  table(): Table {
    return recordsToTable(this.records);
  }

  /**
   * Takes records in: of each program, shapes and device the fastest few, one a schedule, and where a rule's own
   * point was measured that too, so that it is known what a search has won.
   *
   * @throws {RecordError} if the file can't be written
   */
  add(records: readonly TrialRecord[]): Added {
    const { taken, passed, refused } = this.#take(records);
    this.#file?.append(taken);
    return {
      added: taken.length,
      passed,
      refused: refused.map((r) => r.problem),
    };
  }

  /**
   * Takes in the records of another database, or of the file of a log or a database.
   *
   * @throws {RecordError} if the file can't be read, or this one's can't be written
   */
  async merge(other: TuningDatabase | string): Promise<Added> {
    return this.add(typeof other === "string" ? await readLog(other) : other.records);
  }

  /**
   * Leaves only the best `keep` schedules of each program on each device, and writes the file anew without what
   * has been displaced or could not be read.
   *
   * @throws {RecordError} if the file can't be written; it is then as it was
   */
  async prune({ keep = this.#keep }: { readonly keep?: number } = {}): Promise<void> {
    checkedKeep(keep);
    const next = [...this.#entries.values()].map((e) => ({ entry: e, best: bestOf(e.best, keep) }));
    await this.#file?.replace(next.flatMap(({ best }) => best.map((k) => k.record)));
    for (const { entry, best } of next) entry.best = best;
    this.#unread = [];
  }

  /**
   * Tries every record without a device: its trace is replayed on its program, and lowered for its target.
   * Whether a schedule is right and as fast as it says, only measuring tells.
   *
   * @returns what is wrong, a row a record; and the records that the file held and that were left aside
   */
  verify(): Table {
    const wrong = [...this.#entries.values()].flatMap((e) =>
      e.best.flatMap((k) => {
        const problem = problemOf(k);
        return problem === undefined ? [] : [{ record: k.record, problem }];
      })
    );
    return tableOf(
      [...this.#unread, ...wrong].map(({ record: { task, adapter, contestant, trial }, problem }) => ({
        task,
        adapter,
        contestant,
        trial,
        problem,
      })),
      PROBLEMS,
    );
  }

  /**
   * Writes the records to a database's file of their own, and nothing else; what was there is replaced.
   *
   * @throws {RecordError} if it can't be written, or holds something other than a database
   */
  async export(path: string): Promise<void> {
    using other = await TuningDatabase.open(path);
    await other.#file?.replace(this.records);
  }

  /**
   * The best that is known for a program with its shapes on a device: its own record, or else the nearest one.
   * Undefined where nothing is near.
   *
   * @throws {IrError} for a shape variable without a value
   */
  lookup(func: PrimFunc, target: Target, shapes: Shapes = {}): Found | undefined {
    return this.ranked(func, target, shapes)[0];
  }

  /**
   * All that `lookup` chooses from, the best first: by distance, then by time. A record of this device whose time
   * the device's measured peaks rule out is left out.
   *
   * @throws {IrError} for a shape variable without a value
   */
  ranked(func: PrimFunc, target: Target, shapes: Shapes = {}): readonly Found[] {
    const values = solveShapes(func, () => undefined, shapes);
    const asked = { fingerprint: fingerprint(func), structure: workloadStructure(func, values), target };
    return [...this.#entries.values()]
      .flatMap((entry) => {
        const near = nearness(entry.of, asked);
        return near ? [{ entry, near }] : [];
      })
      .sort((a, b) => rankOf(a.near) - rankOf(b.near))
      .flatMap(({ entry: { best }, near }) =>
        best.filter((k) =>
          near.how !== "exact" || k.record.medianMs >= shortestMs(func, values, target.peaks)
        )
          .map(({ record, func, shapes }) => ({ ...near, record, func, shapes }))
      );
  }

  [Symbol.dispose](): void {
    this.#file?.[Symbol.dispose]();
  }

  #take(records: readonly TrialRecord[]) {
    const refused: { record: TrialRecord; problem: string }[] = [];
    const offered = new Set<ReadRecord>();
    for (const record of records) {
      if (record.status !== "ok") continue;
      try {
        const candidate = this.#reader.read(record);
        this.#offer(candidate);
        offered.add(candidate);
      } catch (e) {
        if (!(e instanceof RecordError)) throw e;
        refused.push({ record, problem: e.message });
      }
    }
    const kept = new Set([...this.#entries.values()].flatMap((e) => e.best));
    const taken = [...offered].filter((k) => kept.has(k)).map((k) => k.record);
    return { taken, passed: records.length - taken.length - refused.length, refused };
  }

  #offer(candidate: ReadRecord): void {
    const { record: { fingerprint }, shapes, target: { kind, name, clock } } = candidate;
    const key = JSON.stringify([fingerprint, Object.entries(shapes).sort(), kind, name, clock]);
    const entry = this.#entries.get(key) ?? { of: candidate, best: [] };
    entry.best = bestOf([...entry.best, candidate], this.#keep);
    this.#entries.set(key, entry);
  }
}

/**
 * The fastest `keep`, one a schedule, and the rule's own point. Of two alike the one that is there stays; ties fall
 * by text, so that the order of merging leaves no trace.
 */
function bestOf(all: readonly ReadRecord[], keep: number): readonly ReadRecord[] {
  const text = (k: ReadRecord) => k.record.trace;
  const sorted = all.toSorted((a, b) =>
    a.record.medianMs - b.record.medianMs || (text(a) < text(b) ? -1 : text(a) > text(b) ? 1 : 0)
  );
  const seen = new Set<string>();
  const distinct = sorted.filter((k) => !seen.has(text(k)) && seen.add(text(k)));
  const own = distinct.find((k) => isRulesOwn(k.record));
  return distinct.filter((k, at) => at < keep || k === own);
}

/** Whether a record is of the point that a search from a rule begins with: the rule's own. */
export function isRulesOwn(r: TrialRecord): boolean {
  return r.start === "preset" && r.trial === 0;
}

function checkedKeep(keep: number): number {
  if (Number.isSafeInteger(keep) && keep > 0) return keep;
  throw new RecordError(`cannot keep ${keep} schedules of a program: it is a positive integer`);
}
