/**
 * Starts a Tunebook kernel for Jupyter: `start.ts CONNECTION_FILE CONFIG_FOLDER`, in the notebook's folder.
 *
 * Deno's kernel takes its import map from the folder that it starts in or from a folder above; no flag names another. So
 * it starts in CONFIG_FOLDER, whose deno.json has `tunebook`, or where config.ts says. Before Jupyter reaches the kernel, the prelude takes it back to the notebook's folder. The prelude imports packages by their full
 * names, so that it runs under any import map.
 *
 * The kernel listens on ports of its own, and a relay stands between Jupyter and it: see answers.ts for what it adds. A
 * restarted kernel has the ports of the one before, which may not have ended yet.
 *
 * The kernel has a process group of its own, so interrupts come here. They are passed on once the kernel can take them.
 */
import { pathToFileURL } from "node:url";
import { Answers } from "./answers.ts";
import { CHANNELS, type Connection, innerConnection, readConnection } from "./connection.ts";
import { startOf } from "./config.ts";
import { executeSilently } from "./execute_silently.ts";
import { relay } from "./relay.ts";

const PORTS_MS = 10_000;

// A kernel ends with the Jupyter that started it.
const parent = Deno.ppid;
setInterval(() => {
  if (Deno.ppid !== parent) Deno.kill(Deno.pid, "SIGKILL");
}, 500);

/** Waits until the kernel's ports are free, at most ten seconds. After that, listening says what is wrong. */
async function portsFree({ ip: hostname, ...connection }: Connection): Promise<void> {
  const end = performance.now() + PORTS_MS;
  for (const channel of CHANNELS) {
    while (!isFree(hostname, connection[`${channel}_port`]) && performance.now() < end) {
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
  const outer = await readConnection(connectionFile);
  const inner = innerConnection(outer),
    { folder: cwd, config } = await startOf(folder, configFolder);
  // It has the key of the signatures, so it is readable by this user alone.
  const innerFile = await Deno.makeTempFile({ prefix: "tunebook_kernel_", suffix: ".json" });
  await Deno.writeTextFile(innerFile, JSON.stringify(inner));
  const kernel = new Deno.Command(Deno.execPath(), {
    args: ["jupyter", "--quiet", "--kernel", "--conn", innerFile],
    cwd,
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
    await Promise.race([executeSilently(inner, code), kernel.status]);
    await portsFree(outer);
    relay(outer, inner, new Answers(pathToFileURL(`${folder}/`), config));
  } catch (e) {
    kernel.kill("SIGKILL");
    throw e;
  } finally {
    await Deno.remove(innerFile);
  }
  ready = true;
  return (await kernel.status).code;
}

if (import.meta.main) {
  const [connectionFile = "", configFolder = ""] = Deno.args;
  Deno.exit(await start(connectionFile, configFolder));
}
