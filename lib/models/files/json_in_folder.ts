import { fieldsOf } from "../../base/read_json.ts";
import { ModelError } from "../error.ts";
import { findInFolder } from "./file_in_folder.ts";
import { readJsonFile } from "./read_json_file.ts";

/** The most bytes of a configuration. */
const LARGEST = 2 ** 24;

/**
 * Reads an object in JSON from a file of a folder; undefined where there is no such file.
 *
 * @throws {ModelError} for a file outside of the folder, one of more than 16 MB, and one that holds no object
 */
export async function jsonInFolder(
  folder: string,
  file: string,
): Promise<Readonly<Record<string, unknown>> | undefined> {
  const path = await findInFolder(folder, file);
  if (path === undefined) return undefined;
  const json = fieldsOf(await readJsonFile(path, LARGEST));
  if (json) return json;
  throw new ModelError(`expected an object: ${path}`);
}
