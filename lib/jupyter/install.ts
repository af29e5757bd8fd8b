/**
 * Makes Tunebook a kernel of the user's Jupyter, with which notebooks in any folder may import `tunebook`.
 *
 *     deno task kernel [--name tunebook] [--data-dir FOLDER] [--uninstall]
 *
 * A kernel is a folder in Jupyter's data folder (`jupyter --data-dir`): how to start it, and here also the import
 * map that it starts with. It names this checkout of Tunebook and this Deno, and is installed anew when they move.
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { TunebookError } from "../base/error.ts";

/** The kernel can't be installed or removed. */
export class KernelError extends TunebookError {
  override readonly name = "KernelError";
}

export interface KernelOptions {
  /** What Jupyter calls it, and notebooks say that they need. Default "tunebook". */
  readonly name?: string;
  /** Jupyter's data folder; default: what `jupyter --data-dir` says. */
  readonly dataDir?: string;
  /** The Deno that it starts. Default: this one. */
  readonly deno?: string;
}

export const KERNEL_NAME = "tunebook";
export const DISPLAY_NAME = "Tunebook (Deno)";
const ROOT = new URL("../../", import.meta.url);
/** Tunebook's own configuration, as far as a kernel repeats it. */
const config = JSON.parse(Deno.readTextFileSync(new URL("deno.json", ROOT))) as {
  readonly version: string;
  readonly exports: string;
  readonly imports: Readonly<Record<string, string>>;
};
const START = new URL("./start.ts", import.meta.url).href;
const WORKER = new URL("../measure/worker.ts", import.meta.url).href;
/** npx keeps what it runs in a cache, and clears it. */
const PASSING = /[\\/]_npx[\\/]/;

/**
 * Installs the kernel for this user, in the place of an earlier one; gives its folder. A Deno of npx's is copied
 * there, and the packages that Tunebook imports are fetched, so that the first cell does not wait for them.
 *
 * @throws {KernelError} without Jupyter, for a name that can't be one or is another kernel's, or if packages can't
 * be fetched
 */
export async function installKernel(options: KernelOptions = {}): Promise<string> {
  const { name = KERNEL_NAME, deno = Deno.execPath() } = options;
  const folder = await kernelFolder(name, options.dataDir);
  const there = await readSpec(folder);
  if (there !== undefined && !isOurs(there)) {
    throw new KernelError(
      `cannot install kernel ${name}: ${folder} is another kernel; choose another --name`,
    );
  }
  if (there !== undefined) await Deno.remove(folder, { recursive: true });
  await Deno.mkdir(folder, { recursive: true });
  const lasting = PASSING.test(deno) ? join(folder, Deno.build.os === "windows" ? "deno.exe" : "deno") : deno;
  if (lasting !== deno) await Deno.copyFile(deno, lasting);
  await writeJson(join(folder, "deno.json"), { imports: absoluteImports(), nodeModulesDir: "none" });
  await Deno.copyFile(new URL("deno.lock", ROOT), join(folder, "deno.lock"));
  await fetchPackages(lasting, folder);
  await writeJson(join(folder, "kernel.json"), {
    argv: [
      lasting,
      ...["run", "--quiet", "--allow-all", "--no-config", "--no-lock"],
      ...[START, "{connection_file}", folder],
    ],
    display_name: displayName(name),
    language: "typescript",
    interrupt_mode: "signal",
    metadata: { tunebook: config.version },
  });
  return folder;
}

/**
 * Removes the kernel, and nothing else; gives the folder that it was in.
 *
 * @throws {KernelError} without Jupyter, and if there is no such kernel or it is none of Tunebook's
 */
export async function uninstallKernel(options: Omit<KernelOptions, "deno"> = {}): Promise<string> {
  const { name = KERNEL_NAME } = options;
  const folder = await kernelFolder(name, options.dataDir);
  const spec = await readSpec(folder);
  if (spec === undefined || !isOurs(spec)) {
    const why = spec === undefined ? `there is no ${folder}` : `${folder} is another's`;
    throw new KernelError(`cannot uninstall kernel ${name}: ${why}; \`jupyter kernelspec list\` shows all`);
  }
  await Deno.remove(folder, { recursive: true });
  return folder;
}

/** What Jupyter's menus call it. */
function displayName(name: string): string {
  return name === KERNEL_NAME ? DISPLAY_NAME : `${DISPLAY_NAME}: ${name}`;
}

async function kernelFolder(name: string, dataDir: string | undefined): Promise<string> {
  // As Jupyter asks for them; and a name leads out of no folder.
  if (!/^[a-z0-9._-]+$/i.test(name) || /^\.+$/.test(name)) {
    throw new KernelError(`cannot call a kernel ${name}: Jupyter takes letters, digits, and . _ -`);
  }
  return join(dataDir ?? await jupyterDataDir(), "kernels", name);
}

async function jupyterDataDir(): Promise<string> {
  const missing = "Jupyter was not found, as there is no `jupyter` on the PATH; install it " +
    "(Debian: apt-get install jupyter-notebook; elsewhere: pip install notebook), or say with --data-dir where " +
    "its data folder is";
  try {
    const { success, stdout } = await new Deno.Command("jupyter", { args: ["--data-dir"], stderr: "null" })
      .output();
    const folder = new TextDecoder().decode(stdout).trim();
    if (!success || folder === "") {
      throw new KernelError(`\`jupyter --data-dir\` names no folder; say it with --data-dir`);
    }
    return folder;
  } catch (e) {
    if (e instanceof Deno.errors.NotFound) throw new KernelError(missing);
    throw e;
  }
}

/** Tunebook's import map, as seen from another folder; what only its tests need is left out. */
function absoluteImports(): Readonly<Record<string, string>> {
  const kept = Object.entries(config.imports).filter(([, to]) => !to.startsWith("jsr:"));
  return Object.fromEntries(
    kept.map(([from, to]) => [from, to.startsWith("./") ? new URL(to, ROOT).href : to]),
  );
}

async function fetchPackages(deno: string, folder: string): Promise<void> {
  const { success, stderr } = await new Deno.Command(deno, {
    args: ["cache", "--quiet", new URL(config.exports, ROOT).href, WORKER, START],
    cwd: folder,
    env: { NO_COLOR: "1" },
  }).output();
  if (success) return;
  throw new KernelError(
    `cannot fetch the packages that Tunebook imports: ${new TextDecoder().decode(stderr).trim()}`,
  );
}

/** The kernel.json of a folder, or undefined where there is none; broken ones are another's. */
async function readSpec(folder: string): Promise<string | undefined> {
  try {
    return await Deno.readTextFile(join(folder, "kernel.json"));
  } catch (e) {
    if (e instanceof Deno.errors.NotFound) return undefined;
    throw e;
  }
}

function isOurs(spec: string): boolean {
  // Until 0.1.0 the launcher was called kernel_start.ts.
  return spec.includes("/jupyter/start.ts") || spec.includes("/kernel_start.ts");
}

async function writeJson(path: string, value: unknown): Promise<void> {
  await Deno.writeTextFile(path, `${JSON.stringify(value, null, 2)}\n`);
}

/** What the command line says. */
function kernelOptions(args: readonly string[]): KernelOptions & { readonly uninstall: boolean } {
  try {
    const { name, uninstall, "data-dir": dataDir } = parseArgs({
      args: [...args],
      options: {
        name: { type: "string", default: KERNEL_NAME },
        "data-dir": { type: "string" },
        uninstall: { type: "boolean", default: false },
      },
    }).values;
    return { name, uninstall, ...(dataDir === undefined ? {} : { dataDir }) };
  } catch (e) {
    if (!(e instanceof TypeError)) throw e;
    throw new KernelError(`${e.message}; it takes [--name tunebook] [--data-dir FOLDER] [--uninstall]`);
  }
}

if (import.meta.main) {
  try {
    const { uninstall, ...options } = kernelOptions(Deno.args);
    if (uninstall) console.log(`Removed ${await uninstallKernel(options)}`);
    else {
      const folder = await installKernel(options), shown = displayName(options.name ?? KERNEL_NAME);
      console.log(`Installed "${shown}" in ${folder}\nNow: jupyter notebook, then New > ${shown}`);
    }
  } catch (e) {
    if (!(e instanceof TunebookError)) throw e;
    console.error(e.message);
    Deno.exit(1);
  }
}
