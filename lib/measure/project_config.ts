import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * Gives the arguments with which a child process of Deno gets the import map and the lock file of this process.
 *
 * Deno looks for a configuration next to the module that it starts. A child starts a module of Tunebook, and the parent a
 * module of the user's project, so they would find different ones. Deno does not report its configuration, so this
 * repeats the search: from the main module's folder upwards, or from the working folder if the main module is remote.
 */
export function projectConfig(main: string = Deno.mainModule): readonly string[] {
  const start = main.startsWith("file:") ? dirname(fileURLToPath(main)) : Deno.cwd();
  const found = nearestConfig(start);
  return found === undefined ? ["--no-config"] : ["--config", found];
}

/** The path of the nearest deno.json or deno.jsonc, from a folder upwards; undefined if there is none. */
export function nearestConfig(folder: string): string | undefined {
  for (const name of ["deno.json", "deno.jsonc"]) {
    const path = join(folder, name);
    try {
      if (Deno.statSync(path).isFile) return path;
    } catch (e) {
      if (!(e instanceof Deno.errors.NotFound || e instanceof Deno.errors.NotADirectory)) throw e;
    }
  }
  const above = dirname(folder);
  return above === folder ? undefined : nearestConfig(above);
}
