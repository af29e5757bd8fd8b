/**
 * Makes Tunebook a kernel of the user's Jupyter. With it, notebooks in any folder import `tunebook`.
 *
 * A kernel is a folder in Jupyter's data folder (`jupyter --data-dir`). It says how to start the kernel, and has the import
 * map that it starts with. Both name this checkout of Tunebook and this Deno: install it again when they move.
 */
import { join } from "node:path";
import { TunebookError } from "../base/error.ts";

/** Says that the kernel can't be installed or removed, and why. */
export class KernelError extends TunebookError {
  override readonly name = "KernelError";
}

/** Options of `installKernel` and `uninstallKernel`. */
export interface KernelOptions {
  /** The name by which Jupyter and notebooks know the kernel. Default "tunebook". */
  readonly name?: string;
  /** Jupyter's data folder. Default: the one that `jupyter --data-dir` prints. */
  readonly dataDir?: string;
  /** The path of the Deno that runs the kernel. Default: the one that runs this. */
  readonly deno?: string;
}

/** The default name of the kernel. */
export const KERNEL_NAME = "tunebook";
/** The kernel's name in Jupyter's menus. */
export const DISPLAY_NAME = "Tunebook (Deno)";
const ROOT = new URL("../../", import.meta.url);
/** The parts of Tunebook's own configuration that a kernel repeats. */
const config = JSON.parse(Deno.readTextFileSync(new URL("deno.json", ROOT))) as {
  readonly version: string;
  readonly exports: { readonly ".": string };
  readonly imports: Readonly<Record<string, string>>;
};
const START = new URL("./start.ts", import.meta.url).href;
const WORKER = new URL("../measure/worker.ts", import.meta.url).href;
/** Matches paths in npx's cache, which npx clears. */
const PASSING = /[\\/]_npx[\\/]/;

/**
 * Installs the kernel for this user and returns its folder. It replaces an earlier Tunebook kernel of that name. A Deno in
 * npx's cache is copied into the folder. The packages that Tunebook imports are fetched, so that the first cell does not
 * wait for them.
 *
 * @throws {KernelError} if there is no Jupyter, if the name is invalid or another kernel's, or if packages can't be fetched
 */
export async function installKernel(options: KernelOptions = {}): Promise<string> {
  const { name = KERNEL_NAME, deno = Deno.execPath() } = options;
  const folder = await kernelFolder(name, options.dataDir);
  const there = await readSpec(folder);
  if (there !== undefined && !isOurs(there)) {
    throw new KernelError(
      `expected no kernel or a Tunebook kernel in ${folder}, got another kernel, installing ${name}; choose another --name`,
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
 * Removes the kernel and nothing else, and returns the folder that it was in.
 *
 * @throws {KernelError} if there is no Jupyter, no such kernel, or if the kernel is not Tunebook's
 */
export async function uninstallKernel(options: Omit<KernelOptions, "deno"> = {}): Promise<string> {
  const { name = KERNEL_NAME } = options;
  const folder = await kernelFolder(name, options.dataDir);
  const spec = await readSpec(folder);
  if (spec === undefined || !isOurs(spec)) {
    const found = spec === undefined ? "no kernel" : "another kernel";
    throw new KernelError(
      `expected a Tunebook kernel in ${folder}, got ${found}, uninstalling ${name}; \`jupyter kernelspec list\` shows all`,
    );
  }
  await Deno.remove(folder, { recursive: true });
  return folder;
}

/** Returns the kernel's name in Jupyter's menus. */
/** The name in Jupyter's menus of a kernel of this name. */
export function displayName(name: string): string {
  return name === KERNEL_NAME ? DISPLAY_NAME : `${DISPLAY_NAME}: ${name}`;
}

async function kernelFolder(name: string, dataDir: string | undefined): Promise<string> {
  // Jupyter allows these letters only. A name of dots would lead out of the folder.
  if (!/^[a-z0-9._-]+$/i.test(name) || /^\.+$/.test(name)) {
    throw new KernelError(
      `expected a kernel's name of letters, digits, and . _ -, got ${JSON.stringify(name)}`,
    );
  }
  return join(dataDir ?? await jupyterDataDir(), "kernels", name);
}

async function jupyterDataDir(): Promise<string> {
  const missing = "expected Jupyter, got no `jupyter` on the PATH; install it " +
    "(Debian: apt-get install jupyter-notebook; elsewhere: pip install notebook), or give its data folder by --data-dir";
  try {
    const { success, stdout } = await new Deno.Command("jupyter", { args: ["--data-dir"], stderr: "null" })
      .output();
    const folder = new TextDecoder().decode(stdout).trim();
    if (!success || folder === "") {
      throw new KernelError(`expected a folder from \`jupyter --data-dir\`, got none; give it by --data-dir`);
    }
    return folder;
  } catch (e) {
    if (e instanceof Deno.errors.NotFound) throw new KernelError(missing);
    throw e;
  }
}

/** Returns Tunebook's import map with absolute addresses, without the entries that only tests need. */
function absoluteImports(): Readonly<Record<string, string>> {
  const kept = Object.entries(config.imports).filter(([, to]) => !to.startsWith("jsr:"));
  return Object.fromEntries(
    kept.map(([from, to]) => [from, to.startsWith("./") ? new URL(to, ROOT).href : to]),
  );
}

async function fetchPackages(deno: string, folder: string): Promise<void> {
  const { success, stderr } = await new Deno.Command(deno, {
    args: ["cache", "--quiet", new URL(config.exports["."], ROOT).href, WORKER, START],
    cwd: folder,
    env: { NO_COLOR: "1" },
  }).output();
  if (success) return;
  throw new KernelError(
    `expected the packages that Tunebook imports, got an error, fetching them: ${
      new TextDecoder().decode(stderr).trim()
    }`,
  );
}

/** Reads the kernel.json of a folder; undefined where there is none. A broken one counts as another kernel's. */
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
