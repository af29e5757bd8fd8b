/** Reads files piece by piece: weights are larger than memory should be. */
import { messageOf } from "../../base/error.ts";
import { ModelError } from "../error.ts";

/** Bytes that are read before the signal is looked at again. */
const PIECE = 2 ** 24;

/**
 * Reads `length` bytes of a file from `offset` on.
 *
 * @param what what the bytes are, for errors: `tensor w`
 * @throws {ModelError} if the file can't be read or ends before
 */
export async function readRange(
  path: string,
  offset: number,
  length: number,
  what: string,
  signal?: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  signal?.throwIfAborted();
  using file = await opened(path, what);
  const { size } = await file.stat();
  if (offset + length > size) {
    throw new ModelError(
      `expected bytes ${offset} to ${offset + length} of ${what}, got a file of ${size} bytes: ${path}`,
    );
  }
  const bytes = new Uint8Array(length);
  await file.seek(offset, Deno.SeekMode.Start);
  for (let at = 0; at < length;) {
    signal?.throwIfAborted();
    const read = await file.read(bytes.subarray(at, Math.min(length, at + PIECE)));
    if (read === null) {
      throw new ModelError(`expected ${length} bytes of ${what}, got ${at}, from byte ${offset} of ${path}`);
    }
    at += read;
  }
  return bytes;
}

/**
 * Gives the size of a file in bytes.
 *
 * @throws {ModelError} if the file can't be read
 */
export async function sizeOf(path: string): Promise<number> {
  try {
    return (await Deno.stat(path)).size;
  } catch (e) {
    throw new ModelError(`expected a file that can be read, got an error (${messageOf(e)}): ${path}`);
  }
}

async function opened(path: string, what: string): Promise<Deno.FsFile> {
  try {
    return await Deno.open(path);
  } catch (e) {
    throw new ModelError(
      `expected a file that can be read, got an error (${messageOf(e)}), reading ${what} from ${path}`,
    );
  }
}
