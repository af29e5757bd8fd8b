/** A file that one process writes at a time, and whose errors are typed. */
import { dirname } from "node:path";
import { messageOf } from "../base/error.ts";
import { RecordError } from "./error.ts";
import { kindOf } from "./read_file.ts";

export async function openLocked(path: string): Promise<Deno.FsFile> {
  kindOf("writing records to", path);
  let file: Deno.FsFile;
  try {
    await Deno.mkdir(dirname(path), { recursive: true });
    file = await Deno.open(path, { read: true, write: true, create: true });
  } catch (e) {
    throw new RecordError(
      `expected a file that can be written, got an error (${messageOf(e)}), opening ${path}; ` +
        `choose a path in a folder that can be written`,
    );
  }
  // Another process may have replaced the file between opening and locking.
  if (!tryLock(path, file) || !isAt(file, path)) {
    file.close();
    throw new RecordError(
      `expected a file for this process alone, got one that another process is writing, opening ${path}; ` +
        `wait for that process, or choose another path`,
    );
  }
  return file;
}

/** Writes all of `bytes` at `at` and waits for the disk. After an error the file ends at `at`. */
export function writeAt(file: Deno.FsFile, at: number, bytes: Uint8Array): void {
  try {
    file.seekSync(at, Deno.SeekMode.Start);
    for (let n = 0; n < bytes.length;) n += file.writeSync(bytes.subarray(n));
    file.truncateSync(at + bytes.length);
    file.syncDataSync();
  } catch (e) {
    truncateAt(file, at);
    throw new RecordError(
      `expected room on the disk, got an error (${
        messageOf(e)
      }), writing records; free some, or choose another path`,
    );
  }
}

export function truncateAt(file: Deno.FsFile, at: number): void {
  try {
    file.truncateSync(at);
  } catch (e) {
    throw new RecordError(
      `expected room on the disk, got an error (${
        messageOf(e)
      }), writing records; free some, or choose another path`,
    );
  }
}

function tryLock(path: string, file: Deno.FsFile): boolean {
  try {
    return file.tryLockSync(true);
  } catch (e) {
    file.close();
    throw new RecordError(
      `expected a file that can be locked, got an error (${
        messageOf(e)
      }), writing records to ${path}; choose another path`,
    );
  }
}

/** Whether an open file is the one at a path. */
export function isAt(file: Deno.FsFile, path: string): boolean {
  try {
    return file.statSync().ino === Deno.statSync(path).ino;
  } catch (e) {
    if (e instanceof Deno.errors.NotFound) return false;
    throw new RecordError(
      `expected a file that can be written, got an error (${messageOf(e)}), writing records to ${path}`,
    );
  }
}

export async function realPath(path: string): Promise<string> {
  try {
    return await Deno.realPath(path);
  } catch (e) {
    throw new RecordError(
      `expected a file that can be written, got an error (${messageOf(e)}), writing ${path}`,
    );
  }
}
