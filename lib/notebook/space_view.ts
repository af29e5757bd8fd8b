/** Shows a space, and one configuration of it. */
import { showValue } from "../space/knob.ts";
import type { ConfigSpace } from "../space/config_space.ts";
import type { Config } from "../space/knobs.ts";
import { printable, printableLine } from "../base/printable.ts";
import { counted, unfolding } from "./lines.ts";
import { escapeHtml, htmlOf, Sheet } from "./tables.ts";
import { View } from "./view.ts";

/** A space as a table of its knobs. The knobs that each constraint ties unfold. */
export class SpaceView extends View {
  /** Takes a space. */
  constructor(readonly space: ConfigSpace) {
    super();
  }

  /** Returns the size of the space and a table of its knobs as HTML. */
  override html(): string {
    const { constraints } = this.space;
    const cells = this.space.cells().map((row) => row.map((cell) => printableLine(cell)));
    const ties = constraints.map(({ knobs }) => `<li>${escapeHtml(printableLine(knobs.join(", ")))}</li>`);
    return `<p>${this.space.describe()}</p>${htmlOf(cells, { most: 80 })}` +
      (ties.length === 0 ? "" : unfolding(
        `${counted(ties.length, "constraint")}, and which knobs each ties`,
        `<ul>${ties.join("")}</ul>`,
      ));
  }

  /** Returns the space as text. */
  override text(): string {
    return printable(`${this.space}`);
  }
}

/** Makes a table of a configuration, one column a knob. */
export function configSheet(config: Config): Sheet {
  const entries = Object.entries(config);
  if (entries.length === 0) return new Sheet([["no knobs"]]);
  return new Sheet([
    entries.map(([knob]) => printableLine(knob)),
    entries.map(([, value]) => printableLine(showValue(value))),
  ], { most: 40 });
}

/** Whether a value is a configuration: a plain object with only the values of knobs. */
export function isConfig(x: unknown): x is Config {
  if (typeof x !== "object" || x === null || Object.getPrototypeOf(x) !== Object.prototype) return false;
  const isOne = (v: unknown) => ["string", "number", "boolean"].includes(typeof v);
  return Object.values(x).every((v) => isOne(v) || (Array.isArray(v) && v.every(isOne)));
}
