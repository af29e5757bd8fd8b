import { pngOf, SCALE, svgOf } from "./picture.ts";
import type { Spec } from "./spec.ts";

/** A chart that shows itself in a notebook cell, and as a picture where nothing renders Vega-Lite. */
export class Chart {
  constructor(readonly spec: Spec) {}

  toSVG(): Promise<string> {
    return svgOf(this.spec);
  }

  toPNG(): Promise<Uint8Array<ArrayBuffer>> {
    return pngOf(this.spec);
  }

  /** Writes `path`.png or .svg or .json, by its ending. */
  async save(path: string): Promise<void> {
    if (path.endsWith(".json")) return await Deno.writeTextFile(path, JSON.stringify(this.spec, null, 2));
    if (path.endsWith(".svg")) return await Deno.writeTextFile(path, await this.toSVG());
    await Deno.writeFile(path, await this.toPNG());
  }

  /** In words. */
  toString(): string {
    return `Chart: ${
      (this.spec as { readonly title?: { readonly text?: string } }).title?.text ?? "untitled"
    }`;
  }
}

/** The width at which a picture of a chart, in base64, is to be shown: it is drawn larger, for sharp screens. */
export function shownWidth(png: string): number {
  const header = Uint8Array.fromBase64(png.slice(0, 32));
  return Math.round(new DataView(header.buffer).getUint32(16) / SCALE);
}
