/** The script of a shared page that measures its schedules on the reader's device. */
import { messageOf } from "../base/error.ts";
import { rerunCells } from "../charts/rerun_cells.ts";
import { manifestFrom } from "../records/manifest.ts";
import type { RerunRow } from "../records/rerun.ts";
import { workloadsOf } from "../records/shared.ts";
import { Device } from "../runtime/device.ts";
import { NoDeviceError } from "../runtime/error.ts";
import { HOST } from "../runtime/platform.ts";
import { byId, element, type PageElement, shown } from "./dom.ts";
import { measureShared } from "./measure_shared.ts";
import { HERE, MANIFEST, type PageReferences, REFERENCES } from "./page_parts.ts";
import { resultManifest } from "./result_manifest.ts";

/** The parts of the section that the page has written. */
interface Section {
  readonly state: PageElement;
  readonly bar: PageElement;
  readonly stop: PageElement;
  readonly result: PageElement;
}

/** Measures everything in the page, and shows both devices side by side. It never throws. */
export async function measureHere(): Promise<void> {
  const section = sectionOf(byId(HERE));
  try {
    await measure(section);
  } catch (e) {
    section.state.textContent = e instanceof NoDeviceError
      ? "This browser has WebGPU, and finds no device for it. Its settings or another browser may help."
      : `It could not be measured: ${messageOf(e)}`;
  } finally {
    section.bar.hidden = section.stop.hidden = true;
  }
}

async function measure({ state, bar, stop, result }: Section): Promise<void> {
  const manifest = manifestFrom("this page", byId(MANIFEST).textContent ?? "");
  const workloads = workloadsOf("reading this page", manifest);
  using device = await Device.open({ backend: "webgpu" });
  const stopped = new AbortController();
  stop.addEventListener("click", () => stopped.abort(new DOMException("stopped", "AbortError")));
  bar.hidden = stop.hidden = false;
  const devices = `there: ${manifest.device.name}; here: ${device.target.name}`;
  const measured = await measureShared(workloads, device, {
    references: (globalThis as unknown as Readonly<Record<string, PageReferences>>)[REFERENCES] ?? {},
    signal: stopped.signal,
    async progress(done, what) {
      bar.value = done;
      state.textContent = what;
      await shown();
    },
    measured: (rows) => result.replaceChildren(...tableOf(rows, devices)),
  });
  const made = resultManifest(manifest, workloads, measured, device.target, HOST);
  if (made.tasks.length > 0) result.append(linkTo(JSON.stringify(made)));
  state.textContent = measured.hung
    ? "The device no longer answers. Close this page, and open it again to measure the rest."
    : stopped.signal.aborted
    ? "Stopped."
    : `Measured on ${device.target.name}. Every result was checked.`;
}

function sectionOf(root: PageElement): Section {
  const part = (selector: string) => {
    const found = root.querySelector(selector);
    if (!found) throw new Error(`expected ${selector} in the section ${HERE}, got none`);
    return found;
  };
  return {
    state: part("[role=status]"),
    bar: part("progress"),
    stop: part("button.stop"),
    result: part(".result"),
  };
}

function tableOf(rows: readonly RerunRow[], devices: string): readonly PageElement[] {
  const [head = [], ...cells] = rerunCells(rows);
  const headings = head.map((name) => Object.assign(element("th", name), { scope: "col" }));
  const body = cells.map((row) => element("tr", "", row.map((cell) => element("td", cell))));
  return [
    element("p", `Medians of interleaved rounds with their 95% confidence intervals. ${devices}.`),
    element("table", "", [
      element("thead", "", [element("tr", "", headings)]),
      element("tbody", "", body),
    ]),
  ];
}

/** A link that saves the result as a file. */
function linkTo(json: string): PageElement {
  const href = URL.createObjectURL(new Blob([json], { type: "application/json" }));
  const link = Object.assign(element("a", "Save the result as a file"), { href, download: "measured.json" });
  const about = element("span", ": Shared.open and TuningDatabase.merge of Tunebook read it. ");
  return element("p", "", [link, about]);
}
