/** A file of trials: an Arrow stream that grows batch by batch and is never closed. */
import { dirname } from "node:path";
import { type Schema, Table } from "npm:apache-arrow@21.2.0";
import { checkBatch } from "./batch.ts";
import { RecordError } from "./error.ts";
import type { TrialRecord } from "./record.ts";
import { type Column, SCHEMA_VERSION, schemaOf, SINCE_FIRST, TRIAL_COLUMNS } from "./schema.ts";
import { batchBytes, messagesOf, readStream, schemaBytes, streamsOf } from "./arrow_stream.ts";
import { kindOf, readAll, readFile } from "./read_file.ts";
import { batchOf, tableToRecords } from "./table.ts";

/** What the head of a file says of its trials. */
export type Metadata = Readonly<Record<string, string>>;

/**
 * Trials in a file that this process alone writes. Every append reaches the disk before it returns; a file that
 * was cut in mid-batch opens to its last whole batch.
 */
export class TrialFile implements Disposable {
  #file: Deno.FsFile;

  private constructor(
    readonly path: string,
    readonly metadata: Metadata,
    file: Deno.FsFile,
    /** Those that it held when it was opened. */
    readonly records: readonly TrialRecord[],
    /** Bytes of an unfinished batch that were cut off when it was opened. */
    readonly dropped: number,
  ) {
    this.#file = file;
  }

  /**
   * Opens a file, or creates it with this metadata.
   *
   * @param check throws where the metadata of a file that is there already is another one's
   * @throws {RecordError} if the file can't be written, is no such file, is of a newer schema, damaged, or open elsewhere
   */
  static async open(
    path: string,
    metadata: Metadata,
    check: (metadata: Metadata) => void,
  ): Promise<TrialFile> {
    const file = await openFile(path);
    try {
      const bytes = await readAll("open", path, file);
      const known = contents(path, bytes, (metadata) => {
        checkCurrent(path, metadata);
        check(metadata);
      });
      if (!known) {
        if (bytes.length > 0 && !isPrefix(bytes)) {
          throw new RecordError(`cannot open ${path}: it is not an Arrow stream; choose another path`);
        }
        write(file, 0, schemaBytes(schemaOf(TRIAL_COLUMNS, metadata)));
        return new TrialFile(path, metadata, file, [], bytes.length);
      }
      truncate(file, known.end);
      return new TrialFile(path, known.metadata, file, known.records, bytes.length - known.end);
    } catch (e) {
      file.close();
      throw e;
    }
  }

  /**
   * Appends trials as one batch.
   *
   * @throws {RecordError} if they can't be written, as on a full disk; the file then ends before them
   */
  append(records: readonly TrialRecord[]): void {
    if (records.length === 0) return;
    if (!isAt(this.#file, this.path)) {
      throw new RecordError(
        `cannot write records to ${this.path}: the file was deleted or replaced since it was opened; open it again`,
      );
    }
    write(this.#file, this.#file.seekSync(0, Deno.SeekMode.End), bytesOf(records));
  }

  /**
   * Puts these trials in place of all that it holds: a killed process leaves the file as it was, or as it will be.
   *
   * @throws {RecordError} if they can't be written; the file is then as it was
   */
  async replace(records: readonly TrialRecord[]): Promise<void> {
    // A link stays: what it leads to is replaced.
    const real = await realPath(this.path);
    const path = `${real}.new`;
    const next = await openFile(path);
    try {
      if (await realPath(path) !== path) {
        throw new RecordError(`cannot write ${this.path}: ${path} is a link`);
      }
      const head = schemaBytes(schemaOf(TRIAL_COLUMNS, this.metadata));
      write(next, 0, head);
      if (records.length > 0) write(next, head.length, bytesOf(records));
      await Deno.rename(path, real);
    } catch (e) {
      next.close();
      throw e instanceof RecordError ? e : new RecordError(`cannot write ${this.path}: ${messageOf(e)}`);
    }
    this.#file.close();
    this.#file = next;
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }
}

/**
 * The trials of a file, up to its last whole batch, without opening it for writing.
 *
 * @throws {RecordError} if it can't be read, is no file of trials, or is damaged
 */
export async function readTrials(path: string): Promise<readonly TrialRecord[]> {
  return trialsFrom(path, await readFile("read", path));
}

/**
 * The trials in the bytes of a file, up to its last whole batch.
 *
 * @throws {RecordError} as `readTrials`
 */
export function trialsFrom(path: string, bytes: Uint8Array): readonly TrialRecord[] {
  const known = contents(path, bytes, () => {});
  if (!known) throw new RecordError(`cannot read ${path}: it is not an Arrow stream`);
  return known.records;
}

interface Contents {
  /** Where the last whole batch ends. */
  readonly end: number;
  readonly metadata: Metadata;
  readonly records: readonly TrialRecord[];
}

/**
 * What is in a file to its last whole batch; undefined where not even the schema is whole. Files that were put one after
 * another hold the trials of all of them.
 */
function contents(
  path: string,
  bytes: Uint8Array,
  check: (metadata: Metadata) => void,
): Contents | undefined {
  const read: Contents[] = [];
  let stranger: RecordError | undefined;
  try {
    for (const { begin, end } of streamsOf(messagesOf(bytes))) {
      const { schema, batches } = readStream(bytes.subarray(begin, end));
      const metadata = Object.fromEntries(schema.metadata);
      stranger ??= strangerOf(path, metadata);
      if (stranger) break;
      for (const batch of batches) checkBatch(batch, columnsOf(schema));
      read.push({ end, metadata, records: tableToRecords(new Table(schema, [...batches])) });
    }
  } catch (e) {
    // Whatever Arrow's reader stumbles over, the file is at fault.
    throw new RecordError(
      `cannot read ${path}: it is damaged (${messageOf(e)}); restore it, or choose another path`,
    );
  }
  if (stranger) throw stranger;
  for (const { metadata } of read) check(metadata);
  const last = read.at(-1);
  // Batches that are appended have the schema of the last stream.
  return last && { ...last, records: read.flatMap((r) => r.records) };
}

/** Why this Tunebook does not read a file with this metadata. */
function strangerOf(path: string, metadata: Metadata): RecordError | undefined {
  const version = Number(metadata["tunebook.schema"]);
  if (!Number.isInteger(version) || version < 1) {
    return new RecordError(
      `cannot open ${path}: it is an Arrow stream, but no log of Tunebook; choose another path`,
    );
  }
  if (version > SCHEMA_VERSION) {
    return new RecordError(
      `cannot open ${path}: it has schema ${version} and this Tunebook reads up to ${SCHEMA_VERSION}; update Tunebook, or choose another path`,
    );
  }
  return undefined;
}

/** @throws {RecordError} for a file of an older schema: its batches have other columns than those to come */
function checkCurrent(path: string, metadata: Metadata): void {
  const version = Number(metadata["tunebook.schema"]);
  if (version === SCHEMA_VERSION) return;
  throw new RecordError(
    `cannot append to ${path}: it has schema ${version}, and trials are written in ${SCHEMA_VERSION} now; ` +
      `readLog reads it; choose another path for the trials to come`,
  );
}

/** The columns that a file must have: an older one lacks those that have come since. */
function columnsOf({ fields }: Schema): Readonly<Record<string, Column>> {
  const known = Object.entries(TRIAL_COLUMNS).filter(([name]) =>
    !Object.hasOwn(SINCE_FIRST, name) || fields.some((f) => f.name === name)
  );
  return Object.fromEntries(known);
}

function bytesOf(records: readonly TrialRecord[]): Uint8Array {
  return batchBytes(batchOf(records, TRIAL_COLUMNS, schemaOf(TRIAL_COLUMNS)));
}

function messageOf(e: unknown): string {
  return e instanceof Error ? e.message : `${e}`;
}

async function openFile(path: string): Promise<Deno.FsFile> {
  kindOf("write records to", path);
  let file: Deno.FsFile;
  try {
    await Deno.mkdir(dirname(path), { recursive: true });
    file = await Deno.open(path, { read: true, write: true, create: true });
  } catch (e) {
    throw new RecordError(
      `cannot write records to ${path}: ${messageOf(e)}; choose a path in a folder that can be written`,
    );
  }
  // A process that replaced the file meanwhile has another one at this path now.
  if (!tryLock(path, file) || !isAt(file, path)) {
    file.close();
    throw new RecordError(
      `cannot write records to ${path}: another process is writing it; wait for it, or choose another path`,
    );
  }
  return file;
}

/** Writes all of `bytes` at `at` and waits for the disk, or leaves the file as it was. */
function write(file: Deno.FsFile, at: number, bytes: Uint8Array): void {
  try {
    file.seekSync(at, Deno.SeekMode.Start);
    for (let n = 0; n < bytes.length;) n += file.writeSync(bytes.subarray(n));
    file.truncateSync(at + bytes.length);
    file.syncDataSync();
  } catch (e) {
    truncate(file, at);
    throw new RecordError(`cannot write records: ${messageOf(e)}`);
  }
}

function truncate(file: Deno.FsFile, at: number): void {
  try {
    file.truncateSync(at);
  } catch (e) {
    throw new RecordError(`cannot write records: ${messageOf(e)}`);
  }
}

function tryLock(path: string, file: Deno.FsFile): boolean {
  try {
    return file.tryLockSync(true);
  } catch (e) {
    file.close();
    throw new RecordError(`cannot write records to ${path}: ${messageOf(e)}; choose another path`);
  }
}

/** Whether an open file is the one at a path. */
function isAt(file: Deno.FsFile, path: string): boolean {
  try {
    return file.statSync().ino === Deno.statSync(path).ino;
  } catch (e) {
    if (e instanceof Deno.errors.NotFound) return false;
    throw new RecordError(`cannot write records to ${path}: ${messageOf(e)}`);
  }
}

async function realPath(path: string): Promise<string> {
  try {
    return await Deno.realPath(path);
  } catch (e) {
    throw new RecordError(`cannot write ${path}: ${messageOf(e)}`);
  }
}

/** Whether the file may be a stream that was cut within its first message. */
function isPrefix(bytes: Uint8Array): boolean {
  return bytes.subarray(0, 4).every((b) => b === 0xff);
}
