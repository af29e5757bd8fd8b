/**
 * Data that is too large for the repository, or not ours to copy. `TUNEBOOK_DATA` names the folder that holds it. Where
 * it is unset, tests that need data are ignored by name; where it names no folder, they fail.
 */
import { join } from "node:path";

const folder = Deno.env.get("TUNEBOOK_DATA") || undefined;

/** Gives the path of a file or folder of the data. */
export type Find = (...names: readonly string[]) => string;

/** Registers a test that needs data: `dataTest("…", async (find) => … find("stories260k", "config.json"))`. */
export function dataTest(name: string, fn: (find: Find) => Promise<void> | void): void {
  Deno.test({
    name: folder === undefined ? `${name} (ignored: TUNEBOOK_DATA is not set)` : name,
    ignore: folder === undefined,
    fn: () => fn(finderIn(folder ?? "")),
  });
}

/**
 * Makes the function that finds data in a folder.
 *
 * @throws {Error} where there is no such folder; what it gives throws where a file isn't there
 */
export function finderIn(folder: string): Find {
  const exists = (path: string, what: string) => {
    try {
      Deno.statSync(path);
    } catch (e) {
      if (!(e instanceof Deno.errors.NotFound)) throw e;
      throw new Error(`expected ${what} at ${path}, got nothing; TUNEBOOK_DATA names the folder of the data`);
    }
  };
  exists(folder, "a folder");
  return (...names) => {
    const path = join(folder, ...names);
    exists(path, "data");
    return path;
  };
}
