/** Files of a folder that isn't trusted: their names may come from other files, and links may lead anywhere. */
import { messageOf } from "../../base/error.ts";
import { ModelError } from "../error.ts";

/** Folders whose files Hugging Face's cache links to: `models--NAME/snapshots/REVISION` to `models--NAME/blobs`. */
const SNAPSHOT = /^(.*[/\\]models--[^/\\]+)[/\\]snapshots[/\\][^/\\]+$/;

/**
 * Gives the path of a file in a folder, once all links are followed. It has to lie in the folder; in a snapshot of
 * Hugging Face's cache, in that model's folder.
 *
 * @param name the file's name relative to the folder
 * @returns undefined where there is no such file
 * @throws {ModelError} for a name or a link that leads out of the folder, and for anything that isn't a regular file
 */
export async function findInFolder(folder: string, name: string): Promise<string | undefined> {
  const refuse = (got: string): never => {
    throw new ModelError(`expected a file inside of ${folder}, got ${got}: ${JSON.stringify(name)}`);
  };
  if (name === "") refuse("no name");
  if (/^([/\\]|[A-Za-z]:)/.test(name) || name.includes("\0")) refuse("an absolute path");
  if (name.split(/[/\\]/).includes("..")) refuse("a path with ..");
  try {
    const real = await Deno.realPath(folder), target = await Deno.realPath(`${real}/${name}`);
    const root = SNAPSHOT.exec(real)?.[1] ?? real;
    if (!target.startsWith(`${root}/`) && !target.startsWith(`${root}\\`)) {
      refuse("a link out of it; copy the file into the folder");
    }
    // Opening a pipe waits for a writer, so its kind is looked at first.
    const { isFile } = await Deno.stat(target);
    return isFile ? target : refuse("no regular file");
  } catch (e) {
    if (e instanceof ModelError) throw e;
    if (e instanceof Deno.errors.NotFound || e instanceof Deno.errors.NotADirectory) return undefined;
    throw new ModelError(
      `expected a file that can be read, got an error (${messageOf(e)}): ${
        JSON.stringify(name)
      } in ${folder}`,
    );
  }
}

/**
 * Gives the path of a file in a folder, as {@linkcode findInFolder} does.
 *
 * @throws {ModelError} where there is no such file, too
 */
export async function fileInFolder(folder: string, name: string): Promise<string> {
  const path = await findInFolder(folder, name);
  if (path !== undefined) return path;
  throw new ModelError(`expected a file ${JSON.stringify(name)} in ${folder}, got none`);
}
