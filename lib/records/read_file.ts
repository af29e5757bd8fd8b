/** Reads files from outside: regular files only, up to a limit. */
import { messageOf } from "../base/error.ts";
import { RecordError } from "./error.ts";

/** Bytes of a file that is read: a hundred times what a long search takes. */
export const LARGEST_FILE = 256 * 2 ** 20;

/** What is at a path. */
export type PathKind = "file" | "folder" | "nothing";

/**
 * Tells what is at a path, links followed.
 *
 * @throws {RecordError} for a device, a pipe or a socket: reading them may never end
 */
export function kindOf(doing: string, path: string): PathKind {
  let info: Deno.FileInfo;
  try {
    info = Deno.statSync(path);
  } catch (e) {
    if (e instanceof Deno.errors.NotFound || e instanceof Deno.errors.NotADirectory) return "nothing";
    throw new RecordError(
      `expected a file that can be read, got an error (${messageOf(e)}), ${doing} ${path}; check the path`,
    );
  }
  if (info.isFile) return "file";
  if (info.isDirectory) return "folder";
  throw new RecordError(
    `expected a regular file, got a device, a pipe or a socket, ${doing} ${path}; choose another path`,
  );
}

/**
 * Reads a regular file, as long as it is when it is opened.
 *
 * @param doing what it is read for, for errors: "reading", "opening"
 * @param what what is expected, for errors; `most` is the largest number of bytes, by default {@linkcode LARGEST_FILE}
 * @throws {RecordError} if it can't be read, is no regular file, or is longer than `most`
 */
export async function readFile(
  doing: string,
  path: string,
  { what = "a file that can be read", most = LARGEST_FILE }: {
    readonly what?: string;
    readonly most?: number;
  } = {},
): Promise<Uint8Array> {
  // Opening a pipe waits for a writer, so its kind is looked at first.
  if (kindOf(doing, path) === "folder") {
    throw new RecordError(`expected a regular file, got a folder, ${doing} ${path}`);
  }
  try {
    using file = await Deno.open(path, { read: true });
    return await readAll(doing, path, file, most);
  } catch (e) {
    if (e instanceof RecordError) throw e;
    throw new RecordError(
      `expected ${what}, got an error (${messageOf(e)}), ${doing} ${path}; check the path`,
    );
  }
}

/**
 * Reads an open file from its beginning, as long as it is now.
 *
 * @throws {RecordError} if it is not a regular file, or is longer than `most`
 */
export async function readAll(
  doing: string,
  path: string,
  file: Deno.FsFile,
  most = LARGEST_FILE,
): Promise<Uint8Array> {
  const { size, isFile } = await file.stat();
  if (!isFile) {
    throw new RecordError(`expected a regular file, got another kind, ${doing} ${path}; choose another path`);
  }
  if (size > most) {
    throw new RecordError(`expected a file of at most ${most} bytes, got ${size} bytes, ${doing} ${path}`);
  }
  const bytes = new Uint8Array(size);
  await file.seek(0, Deno.SeekMode.Start);
  for (let at = 0; at < size;) {
    const n = await file.read(bytes.subarray(at));
    if (n === null) return bytes.subarray(0, at);
    at += n;
  }
  return bytes;
}
