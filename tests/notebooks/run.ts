/**
 * Executes notebooks in real Jupyter with Tunebook's kernel, and writes them with their outputs.
 *
 *     deno task notebooks [names…] [--out folder | --in-place] [--seconds 3]
 *
 * Without names: every notebook of notebooks/. Without --out: to results/notebooks, so that the checkout stays clean;
 * --in-place records them. --seconds replaces the constant SECONDS that a notebook's searches take as their budget.
 * Jupyter's own folders stay untouched: the kernel is installed in a temporary one.
 */
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { argumentsOf, type CliOption, type Command, runCommand } from "../../lib/cli/arguments.ts";
import { flag, name, number } from "../../lib/base/option_kinds.ts";
import { installKernel } from "../../lib/jupyter/install.ts";
import { codeOf, normalized, type Notebook, sourceOf } from "./notebook.ts";

const NOTEBOOKS = fileURLToPath(new URL("../../notebooks", import.meta.url));
const OUT = fileURLToPath(new URL("../../results/notebooks", import.meta.url));
const EXECUTE = fileURLToPath(new URL("./execute.py", import.meta.url));

/** Debian's first: Jupyter's packages belong to it, and not to a python3 that comes before it on the PATH. */
const PYTHONS = ["/usr/bin/python3", "python3", "python"];

export class NotebookError extends Error {
  override readonly name = "NotebookError";
}

/** There is no Jupyter to execute anything with. */
export class NoJupyterError extends NotebookError {}

export interface RunOptions {
  /** Folder for the executed notebook; default: in place. */
  readonly out?: string;
  /** In place of the constant SECONDS. */
  readonly seconds?: number;
  /** For one cell, seconds. Default 600. */
  readonly cellSeconds?: number;
  /** Where to look for a python3 that has Jupyter. */
  readonly pythons?: readonly string[];
}

/** A python3 that has Jupyter's client, or undefined. */
export async function findPython(candidates: readonly string[] = PYTHONS): Promise<string | undefined> {
  for (const python of candidates) {
    try {
      const { success } = await new Deno.Command(python, {
        args: ["-c", "import jupyter_client, nbformat"],
        stderr: "null",
      }).output();
      if (success) return python;
    } catch (e) {
      if (!(e instanceof Deno.errors.NotFound)) throw e;
    }
  }
  return undefined;
}

/**
 * Executes one notebook and writes it; gives the path that it wrote.
 *
 * @throws {NoJupyterError} where there is no Jupyter
 * @throws {NotebookError} at the first cell that fails or takes too long; a notebook in place stays as it was
 */
export async function runNotebook(path: string, options: RunOptions = {}): Promise<string> {
  const { seconds, cellSeconds = 600 } = options;
  const python = await findPython(options.pythons);
  if (python === undefined) {
    throw new NoJupyterError(
      "cannot execute notebooks: no python3 with jupyter_client and nbformat was found; " +
        "on Debian, apt-get install jupyter-client jupyter-nbconvert",
    );
  }
  if (seconds !== undefined && options.out === undefined) {
    throw new NotebookError(
      "cannot execute in place with other seconds: it would change the notebook's code; give an out folder",
    );
  }
  const notebook = await readNotebook(path);
  const jupyter = await Deno.makeTempDir({ prefix: "jupyter_" });
  try {
    await installKernel({ dataDir: jupyter });
    const source = join(jupyter, "source.ipynb"), target = join(jupyter, "target.ipynb");
    await Deno.writeTextFile(
      source,
      JSON.stringify(seconds === undefined ? notebook : withSeconds(notebook, seconds)),
    );
    const { success, stderr } = await new Deno.Command(python, {
      args: [EXECUTE, source, target, `${cellSeconds}`, dirname(resolve(path))],
      env: environment(jupyter),
      stdout: "null",
      stderr: "piped",
    }).output();
    if (!success) throw new NotebookError(`${path}: ${new TextDecoder().decode(stderr).trim()}`);
    const executed = options.out === undefined ? path : join(options.out, basename(path));
    await Deno.mkdir(dirname(executed), { recursive: true });
    const text = JSON.stringify(normalized(await readNotebook(target)), null, 1);
    await Deno.writeTextFile(executed, `${text}\n`);
    return executed;
  } finally {
    await removeFolder(jupyter);
  }
}

/** Removes a folder, in which a kernel that is about to end may still write. */
export async function removeFolder(folder: string): Promise<void> {
  for (let tries = 0;; tries++) {
    try {
      return await Deno.remove(folder, { recursive: true });
    } catch (e) {
      if (tries === 20 || e instanceof Deno.errors.NotFound) throw e;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

export async function readNotebook(path: string): Promise<Notebook> {
  return JSON.parse(await Deno.readTextFile(path)) as Notebook;
}

/** The notebooks of the repository. */
export function notebooks(): readonly string[] {
  return [...Deno.readDirSync(NOTEBOOKS)].map((f) => f.name).filter((name) => name.endsWith(".ipynb"))
    .toSorted().map((name) => join(NOTEBOOKS, name));
}

/** Kernel and messages stay in `folder`. */
export function environment(folder: string): Readonly<Record<string, string>> {
  return {
    JUPYTER_DATA_DIR: folder,
    JUPYTER_PATH: folder,
    JUPYTER_CONFIG_DIR: join(folder, "config"),
    JUPYTER_RUNTIME_DIR: join(folder, "runtime"),
    IPYTHONDIR: join(folder, "ipython"),
    NO_COLOR: "1",
  };
}

/** The notebook with another value of its constant SECONDS, where it has one. */
function withSeconds(notebook: Notebook, seconds: number): Notebook {
  const cells = notebook.cells.map((cell) => ({
    ...cell,
    source: sourceOf(cell).replace(/^const SECONDS = .*;$/m, `const SECONDS = ${seconds};`),
  }));
  return { ...notebook, cells };
}

const COMMAND = {
  name: "deno task notebooks",
  summary: "Executes the notebooks in real Jupyter: all, or those that are named.",
  positionals: ["[NAME]…"],
  options: {
    out: {
      as: "text",
      kind: name,
      value: "FOLDER",
      help: "Where they are written. Default: results/notebooks.",
    },
    "in-place": { as: "flag", kind: flag, help: "Records them: writes them where they are." },
    seconds: {
      as: "number",
      kind: number({ above: 0 }),
      value: "10",
      help: "Seconds of each search. Default: what the notebook says.",
    },
  },
} as const satisfies Command<Readonly<Record<string, CliOption>>>;

async function executeNotebooks(args: readonly string[]): Promise<number> {
  const { values, positionals } = argumentsOf(COMMAND, args);
  const { seconds, "in-place": inPlace = false } = values;
  if (inPlace && values.out !== undefined) {
    console.error("expected --out or --in-place, got both");
    return 1;
  }
  const out = inPlace ? undefined : values.out ?? OUT;
  const all = notebooks();
  const chosen = positionals.length === 0
    ? all
    : positionals.map((p) => all.find((path) => basename(path, ".ipynb") === basename(p, ".ipynb")) ?? p);
  for (const path of chosen) {
    const begin = performance.now();
    try {
      const executed = await runNotebook(path, {
        ...(out === undefined ? {} : { out }),
        ...(seconds === undefined ? {} : { seconds }),
      });
      const cells = codeOf(await readNotebook(executed)).length;
      console.log(`${executed}: ${cells} cells in ${((performance.now() - begin) / 1000).toFixed(0)} s`);
    } catch (e) {
      if (!(e instanceof NotebookError || e instanceof Deno.errors.NotFound)) throw e;
      console.error(e.message);
      return 1;
    }
  }
  return 0;
}

if (import.meta.main) await runCommand(COMMAND, executeNotebooks);
