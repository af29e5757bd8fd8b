import { messageOf } from "../../base/error.ts";
import { ModelError } from "../error.ts";
import { readRange, sizeOf } from "./read_range.ts";

/**
 * Reads a JSON file.
 *
 * @param most the most bytes that such a file has
 * @throws {ModelError} if the file can't be read, is larger, or holds no JSON
 */
export async function readJsonFile(path: string, most: number): Promise<unknown> {
  const size = await sizeOf(path);
  if (size > most) throw new ModelError(`expected up to ${most} bytes of JSON, got ${size}: ${path}`);
  return parsedJson(await readRange(path, 0, size, "JSON"), path);
}

/**
 * Parses JSON in UTF-8.
 *
 * @throws {ModelError} for bytes that hold none
 */
export function parsedJson(bytes: Uint8Array, where: string): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (e) {
    throw new ModelError(`expected JSON in UTF-8, got an error (${messageOf(e)}), in ${where}`);
  }
}
