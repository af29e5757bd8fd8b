import { pngOf, svgOf } from "./picture.ts";
import type { Spec } from "./charts.ts";

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

  /**
   * What Jupyter gets. No image/svg+xml and no text/html: nbconvert prefers them, and then loses the
   * interactive chart or the picture.
   */
  async [Symbol.for("Jupyter.display")](): Promise<Record<string, unknown>> {
    return {
      "application/vnd.vegalite.v5+json": this.spec,
      "image/png": base64(await this.toPNG()),
      "text/plain": `Chart: ${(this.spec as { title?: { text?: string } }).title?.text ?? ""}`,
    };
  }
}

export function base64(bytes: Uint8Array<ArrayBuffer>): string {
  return bytes.toBase64();
}
