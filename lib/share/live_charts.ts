/** The scripts that make the charts of a page interactive, without requests and without code from data. */
import { loadDrawing, vegaOf } from "../charts/picture.ts";
import type { Spec } from "../charts/spec.ts";
import { type PackedPageScript, packedScript } from "./script.ts";

/** The id of the element with the script that draws the charts. */
export const CHARTS = "tunebook-charts";

let loaded: Promise<PackedPageScript> | undefined;

/** Returns Vega, its expression interpreter, and what draws every chart, as one script. The packages are read once. */
export function chartScript(): Promise<PackedPageScript> {
  return loaded ??= (async () => {
    // A package's URL is that of a file only after the package is loaded.
    await Promise.all([loadDrawing(), import("npm:vega-interpreter@2.3.2")]);
    const [vega, interpreter] = await Promise.all([
      Deno.readTextFile(new URL("./vega.min.js", import.meta.resolve("npm:vega@6.4.0"))),
      Deno.readTextFile(new URL(import.meta.resolve("npm:vega-interpreter@2.3.2"))),
    ]);
    return await packedScript(CHARTS, [vega, asScript(interpreter), DRAW].join("\n"));
  })();
}

/** Compiles a chart for the page's script, with a tooltip for each mark. Its description speaks for all marks. */
export async function liveSpec(spec: Spec): Promise<unknown> {
  const { config } = spec as { readonly config?: { readonly mark?: object } };
  return await vegaOf({
    ...spec,
    config: { ...config, mark: { ...config?.mark, tooltip: true, aria: false } },
  });
}

/** Makes a script of the interpreter's module: its one import and its one export go through `vega`. */
function asScript(module: string): string {
  return "(() => {\n" +
    module.replace(/^import (\{[^}]*\}) from 'vega-util';$/m, "const $1 = vega;")
      .replace(/^export \{ (\w+) as expressionInterpreter \};$/m, "vega.expressionInterpreter = $1;") +
    "\n})();";
}

/**
 * Draws each chart from the data beside its picture; the picture is then used only for print. Expressions are
 * interpreted, so that the page's policy can forbid evaluating text as code.
 */
const DRAW = `"use strict";
const tip = document.body.appendChild(document.createElement("div"));
tip.id = "tip";
function shown(value) {
  return value !== "" && Number.isFinite(+value) ? String(+(+value).toPrecision(4)) : value;
}
function say(_, event, __, value) {
  const entries = value && typeof value === "object" ? Object.entries(value).filter(([k]) => !k.startsWith("_")) : [];
  const lines = entries.length ? entries.map(([k, v]) => k + ": " + shown(v)) : value ? [value] : [];
  tip.textContent = lines.join("\\n");
  tip.style.display = lines.length ? "block" : "none";
  const wide = document.documentElement.clientWidth;
  tip.style.left = Math.min(event.pageX + 12, wide - tip.offsetWidth - 8) + "px";
  tip.style.top = event.pageY + 14 + "px";
}
for (const figure of document.querySelectorAll("figure.chart")) {
  const spec = JSON.parse(figure.querySelector("script").textContent);
  const container = figure.querySelector("div");
  const runtime = vega.parse(spec, undefined, { ast: true });
  const options = { expr: vega.expressionInterpreter, renderer: "svg", container, hover: true, tooltip: say };
  const view = new vega.View(runtime, options);
  view.runAsync().then(() => {
    figure.classList.add("live");
    // On a narrow screen the plot gives up what its labels need.
    const over = (container.querySelector("svg")?.width.baseVal.value ?? 0) - figure.clientWidth;
    const narrow = Math.max(120, view.width() - over);
    return over > 0 && narrow < view.width() ? view.width(narrow).runAsync() : view;
  }).catch((e) => console.error(e));
}`;
