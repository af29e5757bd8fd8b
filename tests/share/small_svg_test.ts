import { assert, assertEquals } from "@std/assert";
import { Resvg } from "@resvg/resvg-js";
import { bestSoFar } from "../../lib/charts/best_so_far.ts";
import { overview } from "../../lib/charts/overview.ts";
import { smallSvg } from "../../lib/share/small_svg.ts";
import { confirmedTable, trialTable } from "../charts/results.ts";

const textsOf = (svg: string) => [...svg.matchAll(/<text[^>]*>([^<]*)/g)].map(([, text]) => text);
const pixelsOf = (svg: string) => new Resvg(svg, { background: "white" }).render().pixels;

Deno.test("a small picture looks as before: the same texts, and pixels that differ by nothing that can be seen", async () => {
  for (const chart of [bestSoFar(trialTable(), { title: "0.12345 > 0.1234" }), overview(confirmedTable())]) {
    const svg = await chart.toSVG(), small = smallSvg(svg);
    assert(small.length < 0.8 * svg.length, `${small.length} of ${svg.length} characters`);
    assertEquals(textsOf(small), textsOf(svg));
    assert(!/<[^>]*(aria-|\d\.\d{3})/.test(small));
    const [before, after] = [pixelsOf(svg), pixelsOf(small)];
    assertEquals(after.length, before.length);
    // A hundredth of a pixel may move a letter to the next of the places that it is drawn at.
    const off = before.reduce((n, value, k) => n + (Math.abs(value - (after[k] ?? NaN)) <= 8 ? 0 : 1), 0);
    assert(off <= before.length / 1000, `${off} of ${before.length} channels differ`);
  }
});
