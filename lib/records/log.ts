/** The log of a search. */
import { RecordError } from "./error.ts";
import type { TrialRecord } from "./record.ts";
import { recordsToTable } from "./table.ts";
import { type Metadata, readTrials, TrialFile } from "./trial_file.ts";
import type { Table } from "npm:apache-arrow@21.2.0";

/** What a log file is about. */
export interface LogIdentity {
  /** The program in one line, with the values of its shape variables. */
  readonly task: string;
  readonly fingerprint: string;
  /** The Target as JSON. */
  readonly target: string;
}

/**
 * Trials, in memory or in a file as well. Every append reaches the disk before it returns, so that a killed
 * run loses nothing that it reported; a file that was cut in mid-batch opens to its last whole batch.
 */
export class RecordLog implements Disposable {
  readonly #records: TrialRecord[];
  readonly #file: TrialFile | undefined;

  private constructor(file?: TrialFile) {
    this.#file = file;
    this.#records = [...file?.records ?? []];
  }

  static memory(): RecordLog {
    return new RecordLog();
  }

  /**
   * Opens or creates the log of one program on one target, for this process alone.
   *
   * @throws {RecordError} if the file can't be written, is of another program, shapes, target, clock
   * or newer schema, is no log at all, or is open elsewhere
   */
  static async open(path: string, identity: LogIdentity): Promise<RecordLog> {
    return new RecordLog(
      await TrialFile.open(path, { ...identity }, (m) => checkIdentity(path, identity, m)),
    );
  }

  /** All trials, in the order in which they were appended. */
  get records(): readonly TrialRecord[] {
    return this.#records;
  }

  /** Bytes of an unfinished batch that were cut off when the file was opened. */
  get dropped(): number {
    return this.#file?.dropped ?? 0;
  }

  /**
   * Appends trials as one batch.
   *
   * @throws {RecordError} if they can't be written, as on a full disk; the file then ends before them
   */
  append(records: readonly TrialRecord[]): void {
    this.#file?.append(records);
    this.#records.push(...records);
  }

  table(): Table {
    return recordsToTable(this.#records);
  }

  [Symbol.dispose](): void {
    this.#file?.[Symbol.dispose]();
  }
}

/**
 * The records of a log or a database, up to its last whole batch, without opening it for writing.
 *
 * @throws {RecordError} if it can't be read, is neither, or is damaged
 */
export async function readLog(path: string): Promise<readonly TrialRecord[]> {
  return await readTrials(path);
}

/** What the metadata of a database has, and a log's has not. */
export const DATABASE: Metadata = { "tunebook.kind": "database" };

function checkIdentity(path: string, identity: LogIdentity, metadata: Metadata): void {
  const { task, fingerprint, target } = metadata;
  if (fingerprint !== identity.fingerprint || task !== identity.task) {
    const other = task === undefined
      ? "a tuning database, and no log"
      : task === identity.task
      ? `the log of another ${task}`
      : `the log of ${task}, and not of ${identity.task}`;
    throw new RecordError(`cannot append to ${path}: it is ${other}; choose another path`);
  }
  const theirs = deviceOf(target ?? "{}"), ours = deviceOf(identity.target);
  if (theirs !== ours) {
    throw new RecordError(
      `cannot append to ${path}: its trials ran on ${theirs}, and this device is ${ours}; choose another path`,
    );
  }
}

/** What times must have in common to be compared: the device and the clock. */
function deviceOf(target: string): string {
  const { name, clock } = JSON.parse(target) as { readonly name?: string; readonly clock?: string };
  return clock === undefined ? `${name}` : `${name} with the ${clock} clock`;
}
