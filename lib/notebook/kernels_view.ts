/** Shows a compiled program: each kernel's launch in words, and its source. */
import { printable, printableLine } from "../base/printable.ts";
import { counted } from "./lines.ts";
import { inkOf, type Kernels, Source } from "./source.ts";
import { escapeHtml } from "./tables.ts";
import { View } from "./view.ts";

/** The facts that are shown of a kernel. */
interface Launched {
  readonly name: string;
  readonly source: string;
  readonly module?: string;
  readonly workgroupSize?: readonly number[];
  readonly sharedBytes?: number;
  readonly prepares?: boolean;
}

/** A compiled program as HTML and as text. */
export class KernelsView extends View {
  /** Takes a compiled program. */
  constructor(readonly kernels: Kernels) {
    super();
  }

  /** Returns the launch and the source of each kernel as HTML. */
  override html(): string {
    return this.#told().map(({ title, source }) => `<p>${escapeHtml(title)}</p>${source.html()}`).join("");
  }

  /** Returns the launch and the source of each kernel; `colors` adds a terminal's colours, default false. */
  override text(colors = false): string {
    return this.#told().map(({ title, source }) => `${title}\n\n${source.text(colors)}`).join("\n\n");
  }

  #told() {
    const { launches, language } = this.kernels;
    return launches.map((launch: Launched, k) => {
      const place = launches.length > 1 ? ` (kernel ${k + 1} of ${launches.length})` : "";
      const facts = [
        language === "wgsl" && launch.workgroupSize
          ? `workgroups of ${launch.workgroupSize.join(" × ")}`
          : "",
        launch.sharedBytes ? `${counted(launch.sharedBytes, "byte")} of workgroup memory` : "",
        language === "wasm" && launch.module === undefined ? "JavaScript, as WebAssembly can't hold it" : "",
        launch.prepares ? "runs once, to prepare what the others read" : "",
      ].filter((fact) => fact !== "");
      const title = `${printableLine(launch.name)}${place}${facts.length > 0 ? `: ${facts.join(", ")}` : ""}`;
      return { title, source: new Source(printable(launch.source), inkOf(language)) };
    });
  }
}
