/** The log of a search. */
import { checkArgument, type Kind } from "../base/check_options.ts";
import { required, text, withFields } from "../base/option_kinds.ts";
import { pathKind, recordsKind } from "./kinds.ts";
import { RecordError } from "./error.ts";
import type { TrialRecord } from "./record.ts";
import { recordsToTable } from "./table.ts";
import { type Metadata, readTrials, TrialFile } from "./trial_file.ts";
import type { Table } from "npm:apache-arrow@21.2.0";

/** The program and target that a log file belongs to. */
export interface LogIdentity {
  /** The program in one line, with the values of its shape variables. */
  readonly task: string;
  /** The fingerprint of the program. */
  readonly fingerprint: string;
  /** The Target as JSON. */
  readonly target: string;
}

const IDENTITY: Kind<LogIdentity> = withFields("an object with task, fingerprint and target", {
  task: required(text),
  fingerprint: required(text),
  target: required(text),
});

/**
 * The trials of one search, in memory, or in a file too. Every append reaches the disk before it returns: a killed run
 * loses nothing that it reported. A truncated file opens up to its last whole batch.
 */
export class RecordLog implements Disposable {
  readonly #records: TrialRecord[];
  readonly #file: TrialFile | undefined;

  private constructor(file?: TrialFile) {
    this.#file = file;
    this.#records = [...file?.records ?? []];
  }

  /** Makes an empty log in memory. */
  static memory(): RecordLog {
    return new RecordLog();
  }

  /**
   * Opens or creates the log of one program on one target. No other process can open it meanwhile.
   *
   * @throws {RecordError} if the file can't be written, is not a log, has a newer schema, or is open elsewhere. Also if it
   * belongs to another program, shapes, target or clock
   */
  static async open(path: string, identity: LogIdentity): Promise<RecordLog> {
    checkArgument("RecordLog.open", "path", path, pathKind);
    checkArgument("RecordLog.open", "identity", identity, IDENTITY);
    return new RecordLog(
      await TrialFile.open(path, { ...identity }, (m) => checkIdentity(path, identity, m)),
    );
  }

  /** All trials, in the order in which they were appended. */
  get records(): readonly TrialRecord[] {
    return this.#records;
  }

  /** Bytes of an incomplete batch that were cut off when the file was opened; 0 in memory. */
  get dropped(): number {
    return this.#file?.dropped ?? 0;
  }

  /**
   * Appends trials as one batch.
   *
   * @throws {RecordError} if they can't be written, for example on a full disk; the file then ends before them
   */
  append(records: readonly TrialRecord[]): void {
    checkArgument("log.append", "records", records, recordsKind);
    this.#file?.append(records);
    this.#records.push(...records);
  }

  /** Returns the trials as an Arrow table, one row a trial. */
  table(): Table {
    return recordsToTable(this.#records);
  }

  /** Closes the file, if there is one. */
  [Symbol.dispose](): void {
    this.#file?.[Symbol.dispose]();
  }
}

/**
 * Reads the records of a log or a database, up to its last whole batch, without opening it for writing.
 *
 * @throws {OptionError} for an argument of a wrong kind
 * @throws {RecordError} if the file can't be read, is neither a log nor a database, or is damaged
 */
export async function readLog(path: string): Promise<readonly TrialRecord[]> {
  checkArgument("records.readLog", "path", path, pathKind);
  return await readTrials(path);
}

/** Metadata that only a database's file has. */
export const DATABASE: Metadata = { "tunebook.kind": "database" };

function checkIdentity(path: string, identity: LogIdentity, metadata: Metadata): void {
  const { task, fingerprint, target } = metadata;
  if (fingerprint !== identity.fingerprint || task !== identity.task) {
    const other = task === undefined
      ? "a tuning database"
      : task === identity.task
      ? `the log of another program with that line`
      : `the log of ${task}`;
    throw new RecordError(
      `expected the log of ${identity.task}, got ${other}, appending to ${path}; choose another path`,
    );
  }
  const theirs = deviceOf(target ?? "{}"), ours = deviceOf(identity.target);
  if (theirs !== ours) {
    throw new RecordError(
      `expected trials that ran on ${ours}, got trials that ran on ${theirs}, appending to ${path}; choose another path`,
    );
  }
}

/** Names the device and the clock of a target. Only times with the same ones can be compared. */
function deviceOf(target: string): string {
  const { name, clock } = JSON.parse(target) as { readonly name?: string; readonly clock?: string };
  return clock === undefined ? `${name}` : `${name} with the ${clock} clock`;
}
