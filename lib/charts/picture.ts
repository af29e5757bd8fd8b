/** Vega-Lite specifications as pictures, without a browser. The libraries are heavy and loaded on first use. */
import type { Spec as VegaSpec } from "vega";
import { printable } from "../base/printable.ts";
import type { Spec } from "./spec.ts";

/** Loads what draws SVG, for whoever wants to wait for it at another time than the first drawing's. */
export async function loadDrawing() {
  const [vega, lite] = await Promise.all([import("vega"), import("vega-lite")]);
  // Vega's own guess without a canvas is 0.8, which leaves a wide margin beside each text.
  (vega as unknown as WithMetrics).textMetrics.width = (item, text) =>
    WIDTH * `${text}`.length * (item.fontSize ?? 11);
  return { vega, lite };
}

/** The specification in Vega's terms, of which Vega-Lite's are short forms. */
export async function vegaOf(spec: Spec): Promise<VegaSpec> {
  const { lite } = await loadDrawing();
  // Vega writes into the data that it draws.
  const own = shown(spec) as unknown as Parameters<typeof lite.compile>[0];
  return lite.compile(own, { logger: SILENT }).spec;
}

/** The specification drawn as SVG. */
export async function svgOf(spec: Spec): Promise<string> {
  const { vega } = await loadDrawing();
  const view = new vega.View(vega.parse(await vegaOf(spec)), { renderer: "none" });
  try {
    return await view.toSVG();
  } finally {
    view.finalize();
  }
}

/** A copy whose texts all show: one letter that no XML may hold, and there is no picture. */
function shown(x: unknown): unknown {
  if (typeof x === "string") return printable(x);
  if (typeof x !== "object" || x === null) return x;
  if (Array.isArray(x)) return x.map(shown);
  return Object.fromEntries(Object.entries(x).map(([key, value]) => [key, shown(value)]));
}

/** Pixels of a PNG for one of the specification. */
export const SCALE = 2;

/** The specification drawn as PNG at twice its size, with the font that comes along: no font need be installed. */
export async function pngOf(spec: Spec): Promise<Uint8Array<ArrayBuffer>> {
  const [svg, { Resvg }, fonts] = await Promise.all([svgOf(spec), import("@resvg/resvg-js"), fontFiles()]);
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

/** Of a letter, in font sizes: Roboto's average is 0.52. */
const WIDTH = 0.56;

/** What Vega exports for renderers that know their font, and its types leave out. */
interface WithMetrics {
  readonly textMetrics: { width: (item: { readonly fontSize?: number }, text: unknown) => number };
}

/** Vega-Lite warns of nothing that a reader of the chart could mend. */
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

/** The font as a file: it is one already where this module is, else it is fetched next to its peers. */
function fontFiles(): Promise<string[]> {
  return written ??= (async () => {
    const url = new URL("./fonts/Roboto-Regular.ttf", import.meta.url);
    if (url.protocol === "file:") return [decodeURIComponent(url.pathname)];
    const path = await Deno.makeTempFile({ suffix: ".ttf" });
    await Deno.writeFile(path, new Uint8Array(await (await fetch(url)).arrayBuffer()));
    return [path];
  })();
}
