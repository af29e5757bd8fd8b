/** What a Tunebook kernel does before its first cell. */
import { registerHooks } from "node:module";
import { pathToFileURL } from "node:url";
import { showArrowTables } from "../notebook/view_registry.ts";
import { listenForInterrupts } from "../tuning/interrupt.ts";

/** What Deno calls the module that all cells are parts of. */
const CELLS = "/$deno$jupyter.mts";

/**
 * Makes `folder`, that of the notebook, the one that paths and the cells' imports are relative to, wherever the
 * kernel was started; keeps interrupts from ending the kernel; and ends it with the process that started it.
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
