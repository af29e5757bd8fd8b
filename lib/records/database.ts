/** The best schedules of each program on each device, from many searches. */
import { checkArgument, checkOptions, type Fields, type Kind } from "../base/check_options.ts";
import { anyOf, arrayOf, instanceOf, name, positive } from "../base/option_kinds.ts";
import { programKind, shapesKind } from "../ir/kinds.ts";
import { targetKind } from "../target/kinds.ts";
import { pathKind, recordKind } from "./kinds.ts";
import type { Table } from "npm:apache-arrow@21.2.0";
import type { PrimFunc } from "../ir/func.ts";
import { fingerprint } from "../ir/fingerprint.ts";
import { type Shapes, solveShapes } from "../ir/shapes.ts";
import type { Target } from "../target/target.ts";
import { RecordError } from "./error.ts";
import { type ReadRecord, RecordReader } from "./record_reader.ts";
import { DATABASE } from "./log.ts";
import { recordsFrom } from "./result_file.ts";
import type { TrialRecord } from "./record.ts";
import type { Column } from "./schema.ts";
import { shortestMs } from "../estimate/roofline.ts";
import { workloadStructure } from "./workload_similarity.ts";
import { recordsToTable, tableOf } from "./table.ts";
import { TrialFile } from "./trial_file.ts";
import { problemOf } from "./check_replay.ts";
import { type Found, nearness, rankOf } from "./nearness.ts";

/** Schedules kept for each program on each device by default. */
const KEEP = 8;
/** The outcome of adding records to a database. */
export interface Added {
  /** Records that are now among the best of their program and device. */
  readonly added: number;
  /** Records that failed, were slower than the kept ones, or were there already. */
  readonly passed: number;
  /** Why each of the other records was refused: it is inconsistent or can't be read. */
  readonly refused: readonly string[];
}

/** The best schedules of one program and its shapes on one device, the fastest first. */
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
 * The best few schedules of each program, shapes and device, from any number of logs. It stays in memory, or in a file
 * too. Records are data: a record is checked for consistency before it is kept. Before it is built, its trace is
 * replayed by the primitives and checked against the device's limits.
 */
export class TuningDatabase implements Disposable {
  readonly #entries = new Map<string, Entry>();
  readonly #reader = new RecordReader();
  readonly #file: TrialFile | undefined;
  readonly #keep: number;
  /** Records in the file that could not be kept, and why. */
  #unread: readonly { readonly record: TrialRecord; readonly problem: string }[] = [];

  private constructor(keep: number, file?: TrialFile) {
    this.#keep = keep;
    this.#file = file;
    if (file) this.#unread = this.#take(file.records).refused;
  }

  /**
   * Makes a database in memory.
   *
   * @param options `keep`: schedules kept for each program on each device, a positive integer; default 8
   * @throws {OptionError} if `keep` is not a positive integer
   */
  static memory(options: { readonly keep?: number } = {}): TuningDatabase {
    return new TuningDatabase(keepOf("TuningDatabase.memory", options));
  }

  /**
   * Opens or creates a database in a file. No other process can open it meanwhile. Inconsistent records in the file are
   * ignored; `verify` lists them.
   *
   * @param options `keep`: schedules kept for each program on each device, a positive integer; default 8
   * @throws {RecordError} if the file can't be written, is a log, is damaged, has a newer schema, or is open elsewhere
   */
  static async open(path: string, options: { readonly keep?: number } = {}): Promise<TuningDatabase> {
    checkArgument("TuningDatabase.open", "path", path, pathKind);
    const keep = keepOf("TuningDatabase.open", options);
    const file = await TrialFile.open(path, DATABASE, (metadata) => {
      if (metadata["tunebook.kind"] === DATABASE["tunebook.kind"]) return;
      throw new RecordError(
        `expected a tuning database, got the log of ${metadata.task}, opening ${path}; merge the log into a database`,
      );
    });
    return new TuningDatabase(keep, file);
  }

  /** All records, grouped by program, the fastest first. */
  get records(): readonly TrialRecord[] {
    return [...this.#entries.values()].flatMap((e) => e.best.map((k) => k.record));
  }

  /** Returns the records as an Arrow table, one row a record. */
  table(): Table {
    return recordsToTable(this.records);
  }

  /**
   * Adds records. It keeps the fastest few schedules of each program, shapes and device, one record a schedule. It also
   * keeps the rule's preset if that was measured, so that the gain of a search stays known.
   *
   * @throws {RecordError} if the file can't be written
   */
  add(records: readonly TrialRecord[]): Added {
    checkArgument("database.add", "records", records, arrayOf(recordKind));
    const { taken, passed, refused } = this.#take(records);
    this.#file?.append(taken);
    return {
      added: taken.length,
      passed,
      refused: refused.map((r) => r.problem),
    };
  }

  /**
   * Adds the records of another database, or of a file: a log, a database, or a result in JSON as a shared page saves it.
   *
   * @throws {RecordError} if that file can't be read, or this database's file can't be written
   */
  async merge(other: TuningDatabase | string): Promise<Added> {
    checkArgument("database.merge", "other", other, OTHER);
    return this.add(typeof other === "string" ? await recordsFrom(other) : other.records);
  }

  /**
   * Removes all but the best `keep` schedules of each program on each device. The default is the `keep` of the database.
   * The file is rewritten without removed and unreadable records.
   *
   * @throws {OptionError} if `keep` is not a positive integer
   * @throws {RecordError} if the file can't be written; the file is then unchanged
   */
  async prune(options: { readonly keep?: number } = {}): Promise<void> {
    const keep = keepOf("database.prune", options, this.#keep);
    const next = [...this.#entries.values()].map((e) => ({ entry: e, best: bestOf(e.best, keep) }));
    await this.#file?.replace(next.flatMap(({ best }) => best.map((k) => k.record)));
    for (const { entry, best } of next) entry.best = best;
    this.#unread = [];
  }

  /**
   * Checks every record without a device: its trace is replayed on its program, and lowered for its target. Only
   * measuring shows whether a schedule is correct and as fast as its record says.
   *
   * @returns one row for each record with a problem, ignored records of the file included: task, adapter, contestant,
   * trial, problem
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
   * Writes the records to another database file. An existing database at `path` is replaced.
   *
   * @throws {RecordError} if the file can't be written, or holds something other than a database
   */
  async export(path: string): Promise<void> {
    checkArgument("database.export", "path", path, pathKind);
    using other = await TuningDatabase.open(path);
    await other.#file?.replace(this.records);
  }

  /**
   * Finds the best record for a program with its shapes on a device: an exact match, or else the nearest record.
   * Undefined if no record is near.
   *
   * @throws {IrError} if a shape variable has no value
   */
  lookup(func: PrimFunc, target: Target, shapes: Shapes = {}): Found | undefined {
    return this.ranked(func, target, shapes)[0];
  }

  /**
   * Lists all candidates of `lookup`, the best first: by distance, then by time. A record of this device is left out if
   * it claims a time that the device's measured peaks rule out.
   *
   * @throws {IrError} if a shape variable has no value
   */
  ranked(func: PrimFunc, target: Target, shapes: Shapes = {}): readonly Found[] {
    checkArgument("database.ranked", "func", func, programKind);
    checkArgument("database.ranked", "target", target, targetKind);
    checkArgument("database.ranked", "shapes", shapes, shapesKind);
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

  /** Closes the file, if there is one. */
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

const OTHER: Kind<TuningDatabase | string> = anyOf(
  instanceOf(TuningDatabase, "a TuningDatabase"),
  { ...name, takes: "the path of a log, a database or a result" },
);

/**
 * Chooses the fastest `keep` records, one per schedule, and the rule's preset. The earlier of two equal schedules stays.
 * Ties are broken by the trace's text, so that the order of merging makes no difference.
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

/** Whether a record is of the rule's preset, the first point of a search that starts from a rule. */
export function isRulesOwn(r: TrialRecord): boolean {
  return r.start === "preset" && r.trial === 0;
}

const KEEP_FIELDS = { keep: positive } satisfies Fields<{ readonly keep?: number }>;

function keepOf(where: string, options: { readonly keep?: number }, otherwise = KEEP): number {
  checkOptions(where, options, KEEP_FIELDS);
  return options.keep ?? otherwise;
}
