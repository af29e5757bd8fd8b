/** Draws Vega-Lite specifications as pictures, without a browser. The libraries are large and loaded on first use. */
import { messageOf } from "../base/error.ts";
import { ChartError } from "./error.ts";
import type { Spec as VegaSpec } from "npm:vega@6.4.0";
import { printable } from "../base/printable.ts";
import type { Spec } from "./spec.ts";
import { fileURLToPath } from "node:url";

/** Loads the libraries that draw SVG. Call it early to avoid the wait at the first drawing. */
export async function loadDrawing() {
  const [vega, lite] = await Promise.all([import("npm:vega@6.4.0"), import("npm:vega-lite@6.4.0")]);
  // Without a canvas, Vega estimates 0.8, which leaves a wide margin beside each text.
  (vega as unknown as WithMetrics).textMetrics.width = (item, text) =>
    WIDTH * `${text}`.length * (item.fontSize ?? 11);
  return { vega, lite };
}

/** Compiles a Vega-Lite specification to a Vega specification. */
export async function vegaOf(spec: Spec): Promise<VegaSpec> {
  const { lite } = await loadDrawing();
  // Vega modifies the data that it draws, so it gets a copy.
  const own = shown(spec) as unknown as Parameters<typeof lite.compile>[0];
  try {
    return lite.compile(own, { logger: SILENT }).spec;
  } catch (e) {
    throw new ChartError(`expected a Vega-Lite specification, got one that can't be drawn (${messageOf(e)})`);
  }
}

/** Draws a specification as SVG text. */
export async function svgOf(spec: Spec): Promise<string> {
  const { vega } = await loadDrawing();
  const view = new vega.View(vega.parse(await vegaOf(spec)), { renderer: "none" });
  try {
    return await view.toSVG();
  } finally {
    view.finalize();
  }
}

/** Copies data with all texts made printable. One character that XML forbids would prevent the picture. */
function shown(x: unknown): unknown {
  if (typeof x === "string") return printable(x);
  if (typeof x !== "object" || x === null) return x;
  if (Array.isArray(x)) return x.map(shown);
  return Object.fromEntries(Object.entries(x).map(([key, value]) => [key, shown(value)]));
}

/** Pixels of a PNG for one pixel of the specification. */
export const SCALE = 2;

/** Draws a specification as PNG at twice its size, with the included font: none needs to be installed. */
export async function pngOf(spec: Spec): Promise<Uint8Array<ArrayBuffer>> {
  const [svg, { Resvg }, fonts] = await Promise.all([
    svgOf(spec),
    import("npm:@resvg/resvg-js@2.6.2"),
    fontFiles(),
  ]);
  const drawn = new Resvg(svg, {
    background: "white",
    fitTo: { mode: "zoom", value: SCALE },
    font: {
      fontFiles: fonts,
      loadSystemFonts: false,
      defaultFontFamily: "Roboto",
      sansSerifFamily: "Roboto",
    },
  }).render();
  return new Uint8Array(drawn.asPng());
}

/** Width of a character, as a share of the font size; Roboto's average is 0.52. */
const WIDTH = 0.56;

/** A part of Vega's exports for renderers that know their font, which its types leave out. */
interface WithMetrics {
  readonly textMetrics: { width: (item: { readonly fontSize?: number }, text: unknown) => number };
}

/** A logger that ignores everything: readers of a chart can't act on Vega-Lite's warnings. */
const SILENT = (() => {
  const self = {
    level: () => self,
    error: () => self,
    warn: () => self,
    info: () => self,
    debug: () => self,
  };
  return self as never;
})();

let written: Promise<string[]> | undefined;

/** Returns the path of the font file. A module that was imported over http fetches it to a temporary file. */
function fontFiles(): Promise<string[]> {
  return written ??= (async () => {
    const url = new URL("./fonts/Roboto-Regular.ttf", import.meta.url);
    if (url.protocol === "file:") return [fileURLToPath(url)];
    const path = await Deno.makeTempFile({ suffix: ".ttf" });
    await Deno.writeFile(path, new Uint8Array(await (await fetch(url)).arrayBuffer()));
    return [path];
  })();
}
