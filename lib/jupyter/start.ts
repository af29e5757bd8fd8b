/**
 * Starts a Tunebook kernel for Jupyter: `start.ts CONNECTION_FILE CONFIG_FOLDER`, in the notebook's folder.
 *
 * Deno's kernel takes its import map from the folder that it starts in or from a folder above; no flag names another. So
 * it starts in CONFIG_FOLDER, whose deno.json has `tunebook`, unless the notebook's own project has it. Before Jupyter
 * reaches the kernel, the prelude takes it back to the notebook's folder. The prelude imports packages by their full
 * names, so that it runs under any import map.
 *
 * A restarted kernel has the ports of the one before, which may not have ended yet.
 *
 * The kernel has a process group of its own, so interrupts come here. They are passed on once the kernel can take them.
 */
import { dirname, join, resolve } from "node:path";
import { type Connection, executeSilently } from "./zmtp.ts";

const PORTS_MS = 10_000;

// A kernel ends with the Jupyter that started it.
const parent = Deno.ppid;
setInterval(() => {
  if (Deno.ppid !== parent) Deno.kill(Deno.pid, "SIGKILL");
}, 500);

/** Returns whether the nearest project around this folder has `tunebook` in its import map. */
function knowsTunebook(folder: string): boolean {
  for (const name of ["deno.json", "deno.jsonc"]) {
    try {
      // A deno.jsonc may have comments, so it is read as text.
      return /"tunebook"\s*:/.test(Deno.readTextFileSync(join(folder, name)));
    } catch (e) {
      if (!(e instanceof Deno.errors.NotFound)) throw e;
    }
  }
  const above = dirname(folder);
  return above !== folder && knowsTunebook(above);
}

/** Waits until the kernel's ports are free, at most ten seconds. After that the kernel itself says what is wrong. */
async function portsFree({ ip: hostname, ...connection }: Connection): Promise<void> {
  const end = performance.now() + PORTS_MS;
  for (const [name, port] of Object.entries(connection)) {
    if (!name.endsWith("_port")) continue;
    while (!isFree(hostname, Number(port)) && performance.now() < end) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}

function isFree(hostname: string, port: number): boolean {
  try {
    Deno.listen({ hostname, port }).close();
    return true;
  } catch (e) {
    if (e instanceof Deno.errors.AddrInUse) return false;
    throw e;
  }
}

async function start(connectionFile: string, configFolder: string): Promise<number> {
  const folder = Deno.cwd();
  const connection = JSON.parse(await Deno.readTextFile(connectionFile)) as Connection;
  await portsFree(connection);
  const kernel = new Deno.Command(Deno.execPath(), {
    args: ["jupyter", "--quiet", "--kernel", "--conn", resolve(connectionFile)],
    cwd: knowsTunebook(folder) ? folder : configFolder,
    detached: true,
    // It ends with this process: see watchdog.ts.
    stdin: "piped",
  }).spawn();
  let ready = false;
  // On Windows no process can send these to another, and Jupyter interrupts a kernel there by an event.
  if (Deno.build.os !== "windows") {
    Deno.addSignalListener("SIGINT", () => void (ready && kernel.kill("SIGINT")));
    Deno.addSignalListener("SIGTERM", () => kernel.kill("SIGTERM"));
  }
  const prelude = new URL("./prelude.ts", import.meta.url).href;
  const code = `await (await import(${JSON.stringify(prelude)})).prepare(${JSON.stringify(folder)})`;
  try {
    await Promise.race([executeSilently(connection, code), kernel.status]);
  } catch (e) {
    kernel.kill("SIGKILL");
    throw e;
  }
  ready = true;
  return (await kernel.status).code;
}

if (import.meta.main) {
  const [connectionFile = "", configFolder = ""] = Deno.args;
  Deno.exit(await start(connectionFile, configFolder));
}
