/** Shows sentences beside charts and tables. */
import { printable } from "../base/printable.ts";
import { escapeHtml } from "./tables.ts";
import { View } from "./view.ts";

/** Sentences, one per paragraph. */
export class Words extends View {
  /** Takes the sentences. */
  constructor(readonly lines: readonly string[]) {
    super();
  }

  /** Returns one HTML paragraph a sentence. */
  override html(): string {
    return this.lines.map((line) => `<p>${escapeHtml(printable(line))}</p>`).join("");
  }

  /** Returns one line a sentence. */
  override text(): string {
    return printable(this.lines.join("\n"));
  }
}
