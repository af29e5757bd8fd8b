/** Which compiler this is, for what it made earlier. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { VERSION } from "../base/version.ts";

let known: string | undefined;

/**
 * Says which compiler this is: its version and where it was loaded from. In a folder, where the version stays as files change,
 * also the size and time of each file of `lib`. It is undefined where the process may not look.
 */
export function compilerIdentity(): string | undefined {
  known ??= identityOf(new URL("../", import.meta.url));
  return known;
}

function identityOf(lib: URL): string | undefined {
  if (lib.protocol !== "file:") return `${VERSION} ${lib.href}`;
  const folder = fileURLToPath(lib);
  if (Deno.permissions.querySync({ name: "read", path: folder }).state !== "granted") return undefined;
  try {
    return `${VERSION} ${filesIn(folder).join(" ")}`;
  } catch (e) {
    // A bundle has no such folder: its compiler can't be told from another one.
    if (e instanceof Deno.errors.NotFound || e instanceof Deno.errors.NotADirectory) return undefined;
    throw e;
  }
}

function filesIn(folder: string): readonly string[] {
  const entries = [...Deno.readDirSync(folder)].toSorted((a, b) => a.name < b.name ? -1 : 1);
  return entries.flatMap((e): readonly string[] => {
    const path = join(folder, e.name);
    if (e.isDirectory) return filesIn(path);
    if (!e.name.endsWith(".ts")) return [];
    const { size, mtime } = Deno.statSync(path);
    return [`${e.name}:${size}:${mtime?.getTime()}`];
  });
}
