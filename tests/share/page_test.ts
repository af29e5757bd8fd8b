import { assert, assertEquals } from "@std/assert";
import { confirmed } from "../../lib/charts/confirmed.ts";
import { dataScript, pageOf } from "../../lib/share/page.ts";
import { smallSvg } from "../../lib/share/small_svg.ts";
import { confirmedTable } from "../charts/results.ts";

Deno.test("a page shows its tables and charts, and needs nothing else", async () => {
  const chart = confirmed(confirmedTable(), { title: "speeds" });
  const page = await pageOf("Results", "As measured.", [
    { title: "First", text: "a matrix product", parts: [chart, confirmedTable()] },
    { title: "Second", parts: [] },
  ]);
  assert(page.startsWith("<!doctype html>"));
  assertEquals(page.match(/<h[12]>[^<]*/g), ["<h1>Results", "<h2>First", "<h2>Second"]);
  assert(!page.includes("<nav"), "two sections need no contents");
  assert(page.includes("<p>a matrix product</p>") && page.includes("AutoTVM from DLight</td>"));
  const [, alt, svg] = /<img alt="([^"]*)" src="data:image\/svg\+xml;base64,([^"]+)"/.exec(page) ?? [];
  assertEquals(alt, chart.description);
  const picture = new TextDecoder().decode(Uint8Array.fromBase64(svg ?? ""));
  assertEquals(picture, smallSvg(await chart.toSVG()));
  assert(!/<(script|link|iframe)|url\(|src="(?!data:)|href=/.test(page));
});

Deno.test("every text of a page is escaped", async () => {
  const evil = `</title></pre><script>alert("1")</script>`;
  const chart = confirmed(confirmedTable(), { title: evil, subtitle: evil });
  const page = await pageOf(evil, evil, [{ title: evil, text: evil, parts: [chart] }]);
  assert(!page.includes("<script"));
  // Title, preview's title and text twice, heading, introduction, section's title and text, the picture's words, and twice in its data.
  assertEquals(page.match(/&lt;script&gt;/g)?.length, 11);
});

Deno.test("the charts of an interactive page come with their data and their pictures", async () => {
  const chart = confirmed(confirmedTable(), { title: "</script>" });
  const page = await pageOf("Live", "", [{ title: "First", parts: [chart] }], {
    interactive: true,
    foot: "<b>",
  });
  const [, data = ""] =
    /<figure class="chart" tabindex="0" role="group" aria-label="Chart: [^"]*"><div><\/div><script type="application\/json">(.*?)<\/script><img /
      .exec(page) ??
      [];
  const spec = JSON.parse(data);
  assertEquals([spec.$schema, spec.title.text], ["https://vega.github.io/schema/vega/v6.json", "</script>"]);
  assert(page.includes('</main><b><script type="text/plain" id="tunebook-charts">'));
});

Deno.test("data in a page never end their element, and come back as they were", () => {
  const data = { "</script>": ["<!--", "<script>", "a < b > c & d", "\u2028"] };
  const html = dataScript(data, "data");
  const [, text = ""] = /^<script type="application\/json" id="data">(.*)<\/script>$/.exec(html) ?? [];
  assert(!text.includes("<"));
  assertEquals(JSON.parse(text), data);
});
