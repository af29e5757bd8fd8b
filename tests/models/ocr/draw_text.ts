/** Draws lines of text as a picture. */
import { Resvg } from "@resvg/resvg-js";
import { fileURLToPath } from "node:url";
import type { Picture } from "./picture.ts";

const FONT = fileURLToPath(new URL("../../../lib/charts/fonts/Roboto-Regular.ttf", import.meta.url));

/** Draws lines below each other, in black on white. */
export function drawText(lines: readonly string[], { width = 320, size = 24, step = 48 } = {}): Picture {
  const texts = lines.map((line, k) => {
    const escaped = line.replace(/[&<>]/g, (c) => `&#${c.charCodeAt(0)};`);
    return `<text x="16" y="${k * step + (step + size * 0.7) / 2}">${escaped}</text>`;
  });
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${lines.length * step}" ` +
    `font-family="Roboto" font-size="${size}">${texts.join("")}</svg>`;
  const drawn = new Resvg(svg, {
    background: "white",
    font: { fontFiles: [FONT], loadSystemFonts: false, defaultFontFamily: "Roboto" },
  }).render();
  return { width: drawn.width, height: drawn.height, pixels: new Uint8Array(drawn.pixels) };
}
