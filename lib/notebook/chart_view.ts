/** Shows a chart: interactive where Vega-Lite is rendered, as a picture elsewhere, as its title in a terminal. */
import { printable } from "../base/printable.ts";
import { Chart } from "../charts/chart.ts";
import { type Bundle, inCell } from "./jupyter.ts";
import { inConsole } from "./view.ts";

/**
 * Makes the formats for Jupyter. It omits image/svg+xml and text/html: nbconvert would prefer them, and lose the
 * interactive chart or the picture.
 */
async function chartBundle(chart: Chart): Promise<Bundle> {
  return {
    "application/vnd.vegalite.v5+json": chart.spec,
    "image/png": (await chart.toPNG()).toBase64(),
    "text/plain": `${chart}`,
  };
}

Object.defineProperties(Chart.prototype, {
  [inCell]: {
    configurable: true,
    value(this: Chart) {
      return chartBundle(this);
    },
  },
  [inConsole]: {
    configurable: true,
    value(this: Chart) {
      return printable(`${this}`);
    },
  },
});
