/** Documentation of this module's own names, from the comments of its source. */
import { stripVTControlCharacters } from "node:util";
import { TunebookError } from "../base/error.ts";
import { nearest } from "../base/nearest.ts";

/** Where the names of mod.ts and of its namespaces are documented. */
const DOORS = {
  "": "../../mod.ts",
  te: "./te.ts",
  op: "./op.ts",
  expr: "../te/expr.ts",
  relax: "./relax.ts",
  tir: "./tir.ts",
  dlight: "./dlight.ts",
  autotvm: "./autotvm.ts",
  charts: "./charts.ts",
  records: "./records.ts",
  errors: "./errors.ts",
} as const;

/** Says that something has no documentation here, and what has. */
export class HelpError extends TunebookError {
  /** The name of this kind of error. */
  override readonly name = "HelpError";
}

/**
 * Prints what this module says about one of its functions, classes or namespaces, with its options.
 *
 * @param what the thing itself, `help(te.matmul)`, or its name, `help("Device.open")`
 * @throws {HelpError} for what is not this module's; the message names the nearest name
 */
export async function help(what: object | string): Promise<void> {
  console.log(await helpOf(what));
}

/** Gives the text that {@linkcode help} prints. */
export async function helpOf(what: object | string): Promise<string> {
  const { door, name } = await found(what);
  if (name === undefined) return inShort(await documented(door));
  const texts = [await documented(door, name)], shown = new Set<string>();
  // Options are documented where they are declared, and so are those that they extend.
  for (const text of texts) {
    const [, options = "", bases = ""] = /\boptions\??: (\w+)|\binterface \w+ extends (.*)/.exec(text) ?? [];
    for (const other of [options, ...bases.split(", ")]) {
      if (!/^\w*Options$/.test(other) || shown.has(other)) continue;
      shown.add(other);
      texts.push(await documented(door, other).catch(() => ""));
    }
  }
  return texts.filter((t) => t !== "").join("\n\n");
}

/** The names of a namespace, each with the first line of its description. */
function inShort(text: string): string {
  const lines = text.split("\n");
  return lines.filter((line, k) => /^\S/.test(line) || /^ {2}\S/.test(line) && /^\S/.test(lines[k - 1] ?? ""))
    .join("\n");
}

interface Found {
  readonly door: keyof typeof DOORS;
  /** Without a name the whole namespace is meant. */
  readonly name?: string;
}

async function found(what: object | string): Promise<Found> {
  // The module that has this function: a static import of it would go round.
  const door = import.meta.resolve(DOORS[""]);
  const module = await import(door) as Readonly<Record<string, unknown>>;
  const names: string[] = [];
  for (const door of Object.keys(DOORS) as (keyof typeof DOORS)[]) {
    const space = door === "" ? module : module[door] as Readonly<Record<string, unknown>>;
    if (door !== "" && (what === space || what === door)) return { door };
    for (const [name, value] of Object.entries(space)) {
      if (door === "" && name in DOORS) continue;
      const path = door === "" ? name : `${door}.${name}`;
      if (what === value && typeof value !== "string") return { door, name };
      if (typeof what === "string" && (what === path || what.startsWith(`${path}.`))) {
        return { door, name: door === "" ? what : what.slice(door.length + 1) };
      }
      names.push(path);
    }
  }
  const near = typeof what === "string" ? nearest(what, names) : undefined;
  throw new HelpError(
    `expected something that tunebook exports, got ${typeof what === "string" ? what : "another object"}${
      near === undefined ? "; help(te) shows a namespace" : `; did you mean ${near}?`
    }`,
  );
}

/** What the source says of a name, or of all names of a door in short. */
async function documented(door: keyof typeof DOORS, name?: string): Promise<string> {
  const { code, stdout } = await new Deno.Command(Deno.execPath(), {
    args: [
      "doc",
      "--quiet",
      ...name === undefined ? [] : ["--filter", name],
      import.meta.resolve(DOORS[door]),
    ],
    env: { NO_COLOR: "1" },
    stderr: "null",
  }).output();
  const text = stripVTControlCharacters(new TextDecoder().decode(stdout));
  const begin = text.indexOf("Defined in");
  if (code !== 0 || begin < 0) {
    throw new HelpError(`expected something that ${door || "tunebook"} exports, got ${name}`);
  }
  return text.slice(begin).replace(/^Defined in .*\n\n?/gm, "").replace(
    /\{@link(?:code)? ([^}|]*?)(?:\|[^}]*)?\}/g,
    "$1",
  ).trim();
}
