/** The section of a shared page that measures its schedules on the reader's device. */
import { HERE, REFERENCES, SCRIPT, SCRIPT_GLOBAL } from "../browser/page_parts.ts";
import { boundedReference, REFERENCE_PARAMETERS } from "../interp/bounded_reference.ts";
import { TunebookError } from "../base/error.ts";
import { isStackOverflow } from "../base/within_stack.ts";
import type { SharedWorkload } from "../records/shared.ts";
import { type PageScripts, scriptOf } from "./script.ts";

/** The section, which shows its button only where scripts run. */
export const HERE_SECTION =
  `<p>The button measures the schedules of this page on your device, in this page, and shows both devices side by side. It
sends nothing. DLight's own preset for your device is measured with them, and every result is checked.</p>
<p><button class="start" hidden>Measure on this device</button> <button class="stop" hidden>Stop</button>
<progress value="0" max="1" aria-label="How much is measured" hidden></progress></p>
<p role="status">It takes a browser that runs the scripts of this page.</p><div class="result"></div>`;

/** Unpacks the script at the first click, and runs it. */
const LOADER = `"use strict";
{
  const section = document.getElementById("${HERE}");
  const start = section.querySelector(".start"), state = section.querySelector("[role=status]");
  if (!("gpu" in navigator)) {
    state.textContent = "This browser has no WebGPU. Current versions of Chrome, Edge, Firefox and Safari have it; " +
      "on some systems it has to be switched on.";
  } else {
    start.hidden = false;
    state.textContent = "";
    start.addEventListener("click", async () => {
      start.disabled = true;
      state.textContent = "Unpacking …";
      try {
        if (!globalThis.${SCRIPT_GLOBAL}) await tunebookUnpack("${SCRIPT}");
        await ${SCRIPT_GLOBAL}.measureHere();
      } catch (e) {
        state.textContent = "It can't be measured here: " + e.message;
      }
      start.disabled = false;
    });
  }
}`;

/** Makes the scripts of the section: the references of the programs, the loader, and the script that it unpacks. */
export async function hereScripts(workloads: readonly SharedWorkload[]): Promise<PageScripts> {
  // It is large, and only pages need it.
  const { BUNDLE: { measureHere } } = await import("../browser/bundle.generated.ts");
  return {
    scripts: await Promise.all([referencesOf(workloads), LOADER].map(scriptOf)),
    packed: [{ id: SCRIPT, gzip: measureHere.gzip, hash: `sha256-${measureHere.sha256}` }],
  };
}

/** Writes the references as one script: a function for each program. A program without one can't be measured. */
function referencesOf(workloads: readonly SharedWorkload[]): string {
  const entries = workloads.flatMap(({ func, shapes }, k) => {
    try {
      const { body, long } = boundedReference(func, shapes);
      // No text of a reference ends a script. Should one ever do so, its program is left out.
      if (/<[/!]/.test(body)) return [];
      return [
        `${k}: { long: ${JSON.stringify(long)}, body(${REFERENCE_PARAMETERS.join(", ")}) {\n${body}\n} }`,
      ];
    } catch (e) {
      if (!(e instanceof TunebookError) && !isStackOverflow(e)) throw e;
      return [];
    }
  });
  return `"use strict";\nglobalThis.${REFERENCES} = {\n${entries.join(",\n")}\n};`;
}
