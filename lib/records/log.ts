/** The log of a search: an Arrow stream file that grows batch by batch and is never closed. */
import { Table } from "apache-arrow";
import { RecordError } from "./error.ts";
import type { TrialRecord } from "./record.ts";
import { SCHEMA_VERSION, schemaOf, TRIAL_COLUMNS } from "./schema.ts";
import { batchBytes, messagesOf, readStream, schemaBytes } from "./stream.ts";
import { batchOf, recordsToTable, tableToRecords } from "./table.ts";

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
  readonly #records: TrialRecord[] = [];
  readonly #file: Deno.FsFile | undefined;

  private constructor(
    file?: Deno.FsFile,
    /** Bytes of an unfinished batch that were cut off when the file was opened. */
    readonly dropped: number = 0,
    records: readonly TrialRecord[] = [],
  ) {
    this.#file = file;
    this.#records.push(...records);
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
    const file = await openFile(path);
    try {
      const bytes = await readAll(file);
      const known = contents(path, bytes, identity);
      if (!known) {
        if (bytes.length > 0 && !isPrefix(bytes)) {
          throw new RecordError(`cannot open ${path}: it is not an Arrow stream; choose another path`);
        }
        write(file, 0, schemaBytes(schemaOf(TRIAL_COLUMNS, { ...identity })));
        return new RecordLog(file, bytes.length);
      }
      const { end, records } = known;
      await file.truncate(end);
      await file.seek(end, Deno.SeekMode.Start);
      return new RecordLog(file, bytes.length - end, records);
    } catch (e) {
      file.close();
      throw e;
    }
  }

  /** All trials, in the order in which they were appended. */
  get records(): readonly TrialRecord[] {
    return this.#records;
  }

  /**
   * Appends trials as one batch.
   *
   * @throws {RecordError} if they can't be written, as on a full disk; the file then ends before them
   */
  append(records: readonly TrialRecord[]): void {
    if (records.length === 0) return;
    if (this.#file) {
      const schema = schemaOf(TRIAL_COLUMNS);
      const at = this.#file.seekSync(0, Deno.SeekMode.End);
      write(this.#file, at, batchBytes(batchOf(records, TRIAL_COLUMNS, schema)));
    }
    this.#records.push(...records);
  }

  table(): Table {
    return recordsToTable(this.#records);
  }

  [Symbol.dispose](): void {
    this.#file?.close();
  }
}

/** The records of a log file, up to its last whole batch, without opening it for writing. */
export async function readLog(path: string): Promise<readonly TrialRecord[]> {
  let bytes: Uint8Array;
  try {
    bytes = await Deno.readFile(path);
  } catch (e) {
    throw new RecordError(`cannot read ${path}: ${e instanceof Error ? e.message : e}`);
  }
  const known = contents(path, bytes);
  if (!known) throw new RecordError(`cannot read ${path}: it is not an Arrow stream`);
  return known.records;
}

/** The records to the last whole batch, and where it ends; undefined where not even the schema is whole. */
function contents(
  path: string,
  bytes: Uint8Array,
  identity?: LogIdentity,
): { readonly end: number; readonly records: readonly TrialRecord[] } | undefined {
  try {
    const end = messagesOf(bytes).at(-1)?.end;
    return end === undefined ? undefined : { end, records: checked(path, bytes.subarray(0, end), identity) };
  } catch (e) {
    if (e instanceof RecordError) throw e;
    const why = e instanceof Error ? e.message : e;
    throw new RecordError(`cannot read ${path}: it is damaged (${why}); restore it, or choose another path`);
  }
}

function checked(path: string, bytes: Uint8Array, identity?: LogIdentity): readonly TrialRecord[] {
  const { schema, batches } = readStream(bytes);
  const version = Number(schema.metadata.get("tunebook.schema"));
  if (!Number.isInteger(version) || version < 1) {
    throw new RecordError(
      `cannot open ${path}: it is an Arrow stream, but no log of Tunebook; choose another path`,
    );
  }
  if (version > SCHEMA_VERSION) {
    throw new RecordError(
      `cannot open ${path}: it has schema ${version} and this Tunebook reads up to ${SCHEMA_VERSION}; update Tunebook, or choose another path`,
    );
  }
  if (identity) {
    if (version < SCHEMA_VERSION) {
      throw new RecordError(
        `cannot append to ${path}: it has schema ${version}, and trials are written in ${SCHEMA_VERSION} now; ` +
          `readLog reads it; choose another path for the trials to come`,
      );
    }
    const { task, fingerprint, target } = Object.fromEntries(schema.metadata);
    if (fingerprint !== identity.fingerprint || task !== identity.task) {
      const other = task === identity.task ? `another ${task}` : `${task}, and not of ${identity.task}`;
      throw new RecordError(`cannot append to ${path}: it is the log of ${other}; choose another path`);
    }
    const theirs = deviceOf(target ?? "{}"), ours = deviceOf(identity.target);
    if (theirs !== ours) {
      throw new RecordError(
        `cannot append to ${path}: its trials ran on ${theirs}, and this device is ${ours}; choose another path`,
      );
    }
  }
  return tableToRecords(new Table(schema, [...batches]));
}

/** What times must have in common to be compared: the device and the clock. */
function deviceOf(target: string): string {
  const { name, clock } = JSON.parse(target) as { readonly name?: string; readonly clock?: string };
  return clock === undefined ? `${name}` : `${name} with the ${clock} clock`;
}

async function openFile(path: string): Promise<Deno.FsFile> {
  let file: Deno.FsFile;
  try {
    const folder = path.slice(0, Math.max(0, path.lastIndexOf("/")));
    if (folder) await Deno.mkdir(folder, { recursive: true });
    file = await Deno.open(path, { read: true, write: true, create: true });
  } catch (e) {
    throw new RecordError(
      `cannot write records to ${path}: ${
        e instanceof Error ? e.message : e
      }; choose a path in a folder that can be written`,
    );
  }
  if (!file.tryLockSync(true)) {
    file.close();
    throw new RecordError(
      `cannot write records to ${path}: another process is writing it; wait for it, or choose another path`,
    );
  }
  return file;
}

async function readAll(file: Deno.FsFile): Promise<Uint8Array> {
  const { size } = await file.stat();
  const bytes = new Uint8Array(size);
  await file.seek(0, Deno.SeekMode.Start);
  for (let at = 0; at < size;) {
    const n = await file.read(bytes.subarray(at));
    if (n === null) return bytes.subarray(0, at);
    at += n;
  }
  return bytes;
}

/** Writes all of `bytes` at `at` and waits for the disk, or leaves the file as it was. */
function write(file: Deno.FsFile, at: number, bytes: Uint8Array): void {
  try {
    file.seekSync(at, Deno.SeekMode.Start);
    for (let n = 0; n < bytes.length;) n += file.writeSync(bytes.subarray(n));
    file.truncateSync(at + bytes.length);
    file.syncDataSync();
  } catch (e) {
    file.truncateSync(at);
    throw new RecordError(`cannot write records: ${e instanceof Error ? e.message : e}`);
  }
}

/** Whether the file may be a stream that was cut within its first message. */
function isPrefix(bytes: Uint8Array): boolean {
  return bytes.subarray(0, 4).every((b) => b === 0xff);
}
