/** The folder of compiled programs: where it is, and whether it is this user's alone. */
import { join } from "node:path";
import { messageOf, TunebookError } from "../base/error.ts";

/** Its owner reads, writes and lists a folder; all others do nothing. */
const PRIVATE_FOLDER = 0o700;
/** Bits of a mode that let others write. */
const OTHERS_WRITE = 0o022;

/** A folder of compiled programs that can't be used. */
export class CacheError extends TunebookError {
  /** The name of the error's class. */
  override readonly name = "CacheError";
}

/** The variables that name a user's cache folder, and where it is in the home folder without them. */
const PLACES: Readonly<Partial<Record<typeof Deno.build.os, PlaceOfCaches>>> = {
  windows: { variable: "LOCALAPPDATA", home: "USERPROFILE", inHome: ["AppData", "Local"] },
  darwin: { variable: "XDG_CACHE_HOME", home: "HOME", inHome: ["Library", "Caches"] },
};
const UNIX: PlaceOfCaches = { variable: "XDG_CACHE_HOME", home: "HOME", inHome: [".cache"] };

interface PlaceOfCaches {
  readonly variable: string;
  readonly home: string;
  readonly inHome: readonly string[];
}

/**
 * Finds the folder of compiled programs in the user's folder for caches. It is undefined outside of Deno, and where the
 * process may not look it up or may not write there. Nothing is asked of the user.
 */
export function userCacheFolder(): string | undefined {
  if (typeof Deno === "undefined") return undefined;
  const { variable, home, inHome } = PLACES[Deno.build.os] ?? UNIX;
  const given = variableOf(variable), own = variableOf(home);
  const caches = given || (own ? join(own, ...inHome) : undefined);
  if (!caches) return undefined;
  const folder = join(caches, "tunebook", "compiled");
  const may = (["read", "write"] as const).every((name) =>
    Deno.permissions.querySync({ name, path: folder }).state === "granted"
  );
  return may ? folder : undefined;
}

function variableOf(variable: string): string | undefined {
  const { state } = Deno.permissions.querySync({ name: "env", variable });
  return state === "granted" ? Deno.env.get(variable) : undefined;
}

/**
 * Makes the folder, for this user alone, unless it is there.
 *
 * @throws {CacheError} where it is a file or a link, belongs to another user, lets others write, or can't be made
 */
export function openCacheFolder(folder: string): void {
  const refuse = (got: string) =>
    new CacheError(
      `expected a folder for this user alone, got ${got}, opening ${folder} for compiled programs; name another one, ` +
        `as build(…, { cache: "folder" }), or switch it off by cache: false`,
    );
  let info: Deno.FileInfo;
  try {
    Deno.mkdirSync(folder, { recursive: true, mode: PRIVATE_FOLDER });
    info = Deno.lstatSync(folder);
  } catch (e) {
    throw refuse(`an error (${messageOf(e)})`);
  }
  if (!info.isDirectory) throw refuse("a file or a link");
  const own = Deno.permissions.querySync({ name: "sys", kind: "uid" }).state === "granted"
    ? Deno.uid()
    : null;
  if (own !== null && info.uid !== null && info.uid !== own) throw refuse("one of another user");
  if (own !== null && info.mode !== null && (info.mode & OTHERS_WRITE) !== 0) {
    throw refuse(`one that others may write (mode ${(info.mode & 0o777).toString(8)})`);
  }
}
