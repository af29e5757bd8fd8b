/** Prepares a Tunebook kernel, before its first cell. */
import { registerHooks } from "node:module";
import { pathToFileURL } from "node:url";
import { showArrowTables } from "../notebook/view_registry.ts";
import { listenForInterrupts } from "../tuning/interrupt.ts";

/** The end of the address of the module that Deno makes of all cells. */
const CELLS = "/$deno$jupyter.mts";

/**
 * Prepares the kernel for a notebook in `folder`. Paths and the cells' imports become relative to that folder, wherever
 * the kernel was started. Interrupts no longer end the kernel. Arrow tables show themselves. The kernel ends with the
 * process that started it.
 */
export async function prepare(folder: string): Promise<void> {
  Deno.chdir(folder);
  const base = pathToFileURL(`${folder}/`);
  registerHooks({
    resolve(specifier, context, next) {
      const relative = /^\.\.?\//.test(specifier) && context.parentURL?.endsWith(CELLS);
      return next(relative ? new URL(specifier, base).href : specifier, context);
    },
  });
  listenForInterrupts();
  showArrowTables();
  const watchdog = new Worker(new URL("./watchdog.ts", import.meta.url), { type: "module" });
  await new Promise((watches) => watchdog.onmessage = watches);
}
