import { checkArgument, isPlainObject, type Kind } from "../base/check_options.ts";
import { passing } from "../base/option_kinds.ts";
import { pathKind } from "../records/kinds.ts";
import { pngOf, SCALE, svgOf } from "./picture.ts";
import type { Spec } from "./spec.ts";

const SPEC: Kind<Spec> = passing("a Vega-Lite specification, an object", isPlainObject);

/** A chart. It shows itself in a notebook's cell, as a picture where Vega-Lite is not rendered. */
export class Chart {
  /** Takes a Vega-Lite specification, which `spec` returns. */
  constructor(readonly spec: Spec) {
    checkArgument("new Chart", "spec", spec, SPEC);
  }

  /** Draws the chart as SVG text. */
  toSVG(): Promise<string> {
    return svgOf(this.spec);
  }

  /** Draws the chart as the bytes of a PNG, two pixels for each one of the specification. */
  toPNG(): Promise<Uint8Array<ArrayBuffer>> {
    return pngOf(this.spec);
  }

  /** Writes the chart to a file: Vega-Lite if `path` ends in .json, SVG if it ends in .svg, otherwise PNG. */
  async save(path: string): Promise<void> {
    checkArgument("chart.save", "path", path, pathKind);
    if (path.endsWith(".json")) return await Deno.writeTextFile(path, JSON.stringify(this.spec, null, 2));
    if (path.endsWith(".svg")) return await Deno.writeTextFile(path, await this.toSVG());
    await Deno.writeFile(path, await this.toPNG());
  }

  /** Returns the chart's title: `Chart: …`. */
  toString(): string {
    const { title } = this.spec as { readonly title?: { readonly text?: string } };
    return `Chart: ${title?.text ?? "untitled"}`;
  }

  /** What the chart shows, in words: its title, and its results where it has them as text. Screen readers read it. */
  get description(): string {
    const { description } = this.spec as { readonly description?: string };
    return description === undefined ? `${this}` : `${this}. ${description}`;
  }
}

/**
 * Reads the display width of a chart's picture, pixels, from its PNG in base64. The picture itself is larger, for sharp
 * screens.
 */
export function shownWidth(png: string): number {
  const header = Uint8Array.fromBase64(png.slice(0, 32));
  return Math.round(new DataView(header.buffer).getUint32(16) / SCALE);
}
