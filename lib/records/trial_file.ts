/** A file of trials: an Arrow stream that grows batch by batch and has no end mark. */
import { messageOf } from "../base/error.ts";
import { type Schema, Table } from "npm:apache-arrow@21.2.0";
import { checkBatch } from "./batch.ts";
import { RecordError } from "./error.ts";
import type { TrialRecord } from "./record.ts";
import { type Column, SCHEMA_VERSION, schemaOf, SINCE_FIRST, TRIAL_COLUMNS } from "./schema.ts";
import { batchBytes, messagesOf, readStream, schemaBytes, streamsOf } from "./arrow_stream.ts";
import { readAll, readFile } from "./read_file.ts";
import { batchOf, tableToRecords } from "./table.ts";
import { isAt, openLocked, realPath, truncateAt, writeAt } from "./locked_file.ts";

/** The metadata in the head of a file, by name. */
export type Metadata = Readonly<Record<string, string>>;

/**
 * Trials in a file that is locked for this process. Every append reaches the disk before it returns. A truncated file
 * opens up to its last whole batch.
 */
export class TrialFile implements Disposable {
  #file: Deno.FsFile;
  /** Whether the next batch begins a stream of its own, as the last one has other columns. */
  #newStream: boolean;

  private constructor(
    readonly path: string,
    readonly metadata: Metadata,
    file: Deno.FsFile,
    /** The trials that the file held when it was opened. */
    readonly records: readonly TrialRecord[],
    /** Bytes of an incomplete batch that were cut off when the file was opened. */
    readonly dropped: number,
    newStream = false,
  ) {
    this.#file = file;
    this.#newStream = newStream;
  }

  /**
   * Opens a file, or creates it with this metadata.
   *
   * @param check throws if the metadata of an existing file are not the expected ones
   * @throws {RecordError} if the file can't be written, is not a file of trials, has another schema, is damaged, or is
   * open elsewhere
   */
  static async open(
    path: string,
    metadata: Metadata,
    check: (metadata: Metadata) => void,
  ): Promise<TrialFile> {
    const file = await openLocked(path);
    try {
      const bytes = await readAll("opening", path, file);
      const known = contents(path, bytes, (metadata) => {
        checkCurrent(path, metadata);
        check(metadata);
      });
      if (!known) {
        if (bytes.length > 0 && !isPrefix(bytes)) {
          throw new RecordError(
            `expected an Arrow stream, got other data, opening ${path}; choose another path`,
          );
        }
        writeAt(file, 0, schemaBytes(schemaOf(TRIAL_COLUMNS, metadata)));
        return new TrialFile(path, metadata, file, [], bytes.length);
      }
      truncateAt(file, known.end);
      const dropped = bytes.length - known.end;
      return new TrialFile(path, known.metadata, file, known.records, dropped, known.older);
    } catch (e) {
      file.close();
      throw e;
    }
  }

  /**
   * Appends trials as one batch.
   *
   * @throws {RecordError} if they can't be written, for example on a full disk; the file then ends before them
   */
  append(records: readonly TrialRecord[]): void {
    if (records.length === 0) return;
    if (!isAt(this.#file, this.path)) {
      throw new RecordError(
        `expected the file that was opened, got another or none, writing records to ${this.path}; it was deleted or replaced ` +
          `since it was opened: open it again`,
      );
    }
    const head = this.#newStream ? schemaBytes(schemaOf(TRIAL_COLUMNS, this.metadata)) : new Uint8Array();
    const batch = bytesOf(records), bytes = new Uint8Array(head.length + batch.length);
    bytes.set(head);
    bytes.set(batch, head.length);
    writeAt(this.#file, this.#file.seekSync(0, Deno.SeekMode.End), bytes);
    this.#newStream = false;
  }

  /**
   * Replaces all trials of the file. If the process is killed meanwhile, the file has either the old or the new trials.
   *
   * @throws {RecordError} if they can't be written; the file is then unchanged
   */
  async replace(records: readonly TrialRecord[]): Promise<void> {
    // A link stays: what it leads to is replaced.
    const real = await realPath(this.path);
    const path = `${real}.new`;
    const next = await openLocked(path);
    try {
      if (await realPath(path) !== path) {
        throw new RecordError(
          `expected a file that can be replaced, got a link, ${path}, writing ${this.path}`,
        );
      }
      const head = schemaBytes(schemaOf(TRIAL_COLUMNS, this.metadata));
      writeAt(next, 0, head);
      if (records.length > 0) writeAt(next, head.length, bytesOf(records));
      await Deno.rename(path, real);
    } catch (e) {
      next.close();
      throw e instanceof RecordError ? e : new RecordError(
        `expected a file that can be replaced, got an error (${messageOf(e)}), writing ${this.path}`,
      );
    }
    this.#file.close();
    this.#file = next;
    this.#newStream = false;
  }

  /** Closes the file and releases its lock. */
  [Symbol.dispose](): void {
    this.#file.close();
  }
}

/**
 * Reads the trials of a file, up to its last whole batch, without opening it for writing.
 *
 * @throws {RecordError} if the file can't be read, is not a file of trials, or is damaged
 */
export async function readTrials(path: string): Promise<readonly TrialRecord[]> {
  return trialsFrom(path, await readFile("reading", path, { what: "a file of trials" }));
}

/**
 * Reads the trials from the bytes of a file, up to its last whole batch.
 *
 * @throws {RecordError} if the bytes are not a file of trials, or are damaged
 */
export function trialsFrom(path: string, bytes: Uint8Array): readonly TrialRecord[] {
  const known = contents(path, bytes, () => {});
  if (!known) throw new RecordError(`expected an Arrow stream, got other data, reading ${path}`);
  return known.records;
}

interface Contents {
  /** The end of the last whole batch, a byte offset. */
  readonly end: number;
  readonly metadata: Metadata;
  readonly records: readonly TrialRecord[];
  /** True if the last stream lacks columns of today. */
  readonly older: boolean;
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
  let refusal: RecordError | undefined;
  try {
    for (const { begin, end } of streamsOf(messagesOf(bytes))) {
      const { schema, batches } = readStream(bytes.subarray(begin, end));
      const metadata = Object.fromEntries(schema.metadata);
      refusal ??= refusalOf(path, metadata);
      if (refusal) break;
      for (const batch of batches) checkBatch(batch, columnsOf(schema));
      const older = schema.fields.length < Object.keys(TRIAL_COLUMNS).length;
      read.push({ end, metadata, records: tableToRecords(new Table(schema, [...batches])), older });
    }
  } catch (e) {
    // Any error of Arrow's reader comes from the file.
    throw new RecordError(
      `expected an intact Arrow stream, got a damaged one (${messageOf(e)}), reading ${path}; ` +
        `restore the file, or choose another path`,
    );
  }
  if (refusal) throw refusal;
  for (const { metadata } of read) check(metadata);
  const last = read.at(-1);
  // Batches that are appended have the schema of the last stream.
  return last && { ...last, records: read.flatMap((r) => r.records) };
}

/** Returns the error for a file that this version can't read, judged by its metadata; undefined if it can. */
function refusalOf(path: string, metadata: Metadata): RecordError | undefined {
  const version = Number(metadata["tunebook.schema"]);
  if (!Number.isInteger(version) || version < 1) {
    return new RecordError(
      `expected a log of Tunebook, got another Arrow stream, opening ${path}; choose another path`,
    );
  }
  if (version > SCHEMA_VERSION) {
    return new RecordError(
      `expected schema ${SCHEMA_VERSION} or earlier, got schema ${version}, opening ${path}; ` +
        `update Tunebook, or choose another path`,
    );
  }
  return undefined;
}

/** @throws {RecordError} if the file has an older schema: new batches would have other columns */
function checkCurrent(path: string, metadata: Metadata): void {
  const version = Number(metadata["tunebook.schema"]);
  if (version === SCHEMA_VERSION) return;
  throw new RecordError(
    `expected schema ${SCHEMA_VERSION}, got schema ${version}, appending to ${path}; ` +
      `read it with readLog, and choose another path for new trials`,
  );
}

/** The columns that a file must have. An older file lacks later columns. */
function columnsOf({ fields }: Schema): Readonly<Record<string, Column>> {
  const known = Object.entries(TRIAL_COLUMNS).filter(([name]) =>
    !Object.hasOwn(SINCE_FIRST, name) || fields.some((f) => f.name === name)
  );
  return Object.fromEntries(known);
}

function bytesOf(records: readonly TrialRecord[]): Uint8Array {
  return batchBytes(batchOf(records, TRIAL_COLUMNS, schemaOf(TRIAL_COLUMNS)));
}

/** Whether the bytes may be a stream that was truncated in its first message. */
function isPrefix(bytes: Uint8Array): boolean {
  return bytes.subarray(0, 4).every((b) => b === 0xff);
}
