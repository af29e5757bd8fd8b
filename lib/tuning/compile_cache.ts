/** Compiled programs in a folder, for the next process. */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { TunebookError } from "../base/error.ts";
import type { Kind } from "../base/check_options.ts";
import { anyOf, flag, name } from "../base/option_kinds.ts";
import { readRecord } from "../ir/json_fields.ts";
import { openCacheFolder, userCacheFolder } from "./cache_folder.ts";
import { compilerIdentity } from "./compiler_identity.ts";

/** Bytes of all entries together. */
const MOST_BYTES = 256 * 2 ** 20;
/** Bytes that are left where entries had to go. */
const KEPT_BYTES = 192 * 2 ** 20;
/** Bytes that a process writes before it looks at the folder again, as other processes write too. */
const LOOK_EVERY = 8 * 2 ** 20;
/** Bytes of the largest entry. */
const MOST_IN_ENTRY = 32 * 2 ** 20;
/** What takes less than this to compile isn't worth a file, milliseconds. */
const WORTH_MS = 20;
const PRIVATE_FILE = 0o600;
const FORMAT = "tunebook-compiled-1";
const ENTRY = ".json";

/** What a cache of compiled programs takes; tests choose other numbers. */
export interface CacheLimits {
  /** Bytes of all entries together. Default: 256 MB. */
  readonly most?: number;
  /** Bytes that are left where entries had to go, the oldest first. Default: three quarters of `most`. */
  readonly kept?: number;
  /** Bytes written between two looks at the folder. Default: 8 MB. */
  readonly lookEvery?: number;
  /** What takes less to compile is not kept, milliseconds. Default: 20. */
  readonly worthMs?: number;
}

/** How a value is kept. */
export interface Kept<T> {
  /** Makes the value where there is none. */
  readonly make: () => T;
  /** Writes it as JSON data. */
  readonly write: (value: T) => unknown;
  /**
   * Reads it from JSON data, unchecked so far.
   *
   * @throws {TunebookError} where it is damaged
   */
  readonly read: (json: unknown) => T;
}

/** The option `cache` of `build`: true for the user's folder, false for none, or a folder. */
export const cacheKind: Kind<boolean | string> = anyOf(flag, name);

/** A folder of compiled programs, each under all that it was compiled from. Any number of processes may share it. */
export class CompileCache {
  readonly #limits: Required<CacheLimits>;
  /** Bytes written since the folder was last looked at. */
  #written = Infinity;

  /** Takes a folder that {@linkcode openCacheFolder} has opened, and what tells this compiler from others. */
  constructor(readonly folder: string, readonly compiler: string, limits: CacheLimits = {}) {
    const { most = MOST_BYTES, kept = KEPT_BYTES, lookEvery = LOOK_EVERY, worthMs = WORTH_MS } = limits;
    this.#limits = { most, kept, lookEvery, worthMs };
  }

  /**
   * Gives what was compiled from `key` earlier, or makes it and keeps it. A damaged entry is made again.
   *
   * @param key gives all that the value follows from, as JSON data; where it can't, nothing is kept
   */
  remember<T extends object>(key: () => unknown, { make, write, read }: Kept<T>): T {
    const text = unlessRefused(() => JSON.stringify([this.compiler, key()]));
    if (text === undefined) return make();
    const path = join(this.folder, digestOf(text) + ENTRY);
    const json = entryAt(path, text);
    const known = json === undefined ? undefined : unlessRefused(() => read(json));
    if (known !== undefined) return known;
    const begin = performance.now(), value = make();
    if (performance.now() - begin >= this.#limits.worthMs) this.#put(path, text, write(value));
    return value;
  }

  /** Writes to a file of its own, and gives it the entry's name: readers find a whole entry or none. */
  #put(path: string, key: string, value: unknown): void {
    const body = JSON.stringify({ key, value });
    if (body.length > MOST_IN_ENTRY) return;
    const made = `${path}.${crypto.randomUUID()}`;
    try {
      Deno.writeTextFileSync(made, `${FORMAT} ${digestOf(body)}\n${body}`, {
        mode: PRIVATE_FILE,
        createNew: true,
      });
      Deno.renameSync(made, path);
      this.#written += body.length;
      if (this.#written >= this.#limits.lookEvery) this.#makeRoom();
    } catch (e) {
      // A full disk, or a folder that has gone, costs the entry and not the build.
      if (!isOfFiles(e)) throw e;
    }
  }

  #makeRoom(): void {
    this.#written = 0;
    const { most, kept } = this.#limits;
    const files = [...Deno.readDirSync(this.folder)].filter((e) => e.isFile && e.name.includes(ENTRY))
      .flatMap(({ name }) => {
        const path = join(this.folder, name), info = statOf(path);
        return info ? [{ path, bytes: info.size, time: info.mtime?.getTime() ?? 0 }] : [];
      });
    let bytes = files.reduce((n, f) => n + f.bytes, 0);
    if (bytes <= most) return;
    for (const f of files.toSorted((a, b) => a.time - b.time)) {
      if (bytes <= kept) return;
      Deno.removeSync(f.path);
      bytes -= f.bytes;
    }
  }
}

/** The caches of this process, by folder. */
const opened = new Map<string, CompileCache>();

/**
 * Opens the cache that an option asks for: undefined for none, and where the user's own folder can't be used.
 *
 * @throws {CacheError} where a folder that is named can't be used
 */
export function cacheFor(option: boolean | string = true): CompileCache | undefined {
  if (option === false) return undefined;
  const folder = option === true ? userCacheFolder() : option, compiler = folder && compilerIdentity();
  if (!folder || !compiler) return undefined;
  const known = opened.get(folder);
  if (known) return known;
  try {
    openCacheFolder(folder);
  } catch (e) {
    if (option === true && e instanceof TunebookError) return undefined;
    throw e;
  }
  const cache = new CompileCache(folder, compiler);
  opened.set(folder, cache);
  return cache;
}

function unlessRefused<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch (e) {
    if (e instanceof TunebookError) return undefined;
    throw e;
  }
}

/** The value of an entry that is whole and of this key. */
function entryAt(path: string, key: string): unknown {
  try {
    const info = Deno.lstatSync(path);
    if (!info.isFile || info.size > 2 * MOST_IN_ENTRY) return undefined;
    const text = Deno.readTextFileSync(path), end = text.indexOf("\n"), body = text.slice(end + 1);
    if (text.slice(0, end) !== `${FORMAT} ${digestOf(body)}`) return undefined;
    const entry = readRecord(JSON.parse(body));
    if (entry.key !== key) return undefined;
    const now = new Date();
    Deno.utimeSync(path, now, now);
    return entry.value;
  } catch (e) {
    if (e instanceof SyntaxError || e instanceof TunebookError || isOfFiles(e)) return undefined;
    throw e;
  }
}

function statOf(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.lstatSync(path);
  } catch (e) {
    if (e instanceof Deno.errors.NotFound) return undefined;
    throw e;
  }
}

/** Tells whether an error is about a file, and not a fault of the program. */
function isOfFiles(e: unknown): boolean {
  return e instanceof Error && ("code" in e || Object.values(Deno.errors).some((of) => e instanceof of));
}

function digestOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
