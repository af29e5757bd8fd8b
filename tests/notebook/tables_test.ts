import { assert, assertEquals } from "@std/assert";
import { type Table, tableFromArrays } from "apache-arrow";
import fc from "fast-check";
import type { SummaryRow } from "../../lib/records/summary.ts";
import { summaryTable } from "../../lib/records/summary_table.ts";
import { recordsToTable } from "../../lib/records/table.ts";
import { escapeHtml, htmlOf, sheet, tableBundle, textOf } from "../../lib/notebook/tables.ts";
import { golden } from "../golden.ts";
import { confirmedTable, rowOf, rows, trialOf, trials, trialTable } from "../charts/results.ts";

const plain = (table: Table) => tableBundle(table)["text/plain"];

Deno.test("tables of results are readable as text and as HTML", () => {
  for (const [name, table] of [["summary", confirmedTable()], ["trials", trialTable()]] as const) {
    const bundle = tableBundle(table);
    golden(
      `notebook/${name}.txt`,
      `${bundle["text/plain"]}\n\n${bundle["text/html"].replaceAll("<tr>", "\n<tr>")}`,
    );
  }
});

Deno.test("a summary of several operators says which", () => {
  const two = summaryTable(["a(x: f32[1])", "b()"].map((task) => rowOf({ task })));
  assertEquals(plain(two).split("\n").map((line) => line.split(" ")[0]), ["operator", "a", "b"]);
  assert(!plain(confirmedTable()).includes("operator"));
});

Deno.test("a speed that nobody has is left out", () => {
  const moved = (r: SummaryRow) => ({ ...r, gflops: 0 });
  assert(!plain(summaryTable(rows.map(moved))).includes("GFLOP/s"));
  assert(plain(summaryTable([...rows, moved(rows[0] as SummaryRow)])).includes("GFLOP/s"));
  const still = trials.map((r) => ({ ...r, gflops: r.status === "ok" ? 0 : NaN }));
  assert(/GB\/s/.test(plain(recordsToTable(still))) && !/GFLOP/.test(plain(recordsToTable(still))));
});

Deno.test("whoever could not be confirmed has dashes for numbers", () => {
  const lost = rowOf({ medianMs: NaN, lowMs: NaN, highMs: NaN, failed: 1 });
  assertEquals(
    plain(summaryTable([...rows, lost])).split("\n").at(-1)?.split(/ {2,}/),
    ["DLight (rule)", "Matmul", ...Array(6).fill("–"), "1", "1", "–"],
  );
});

Deno.test("of a long table the middle is left out, and unfolds where it is not too long", () => {
  const many = (n: number) => recordsToTable(Array.from({ length: n }, (_, trial) => trialOf({ trial })));
  const trialsIn = (text: string) =>
    text.split("\n").map((line) => line.match(/\) +(\d+) /)?.[1] ?? line.slice(0, 14));
  assertEquals(plain(many(20)).split("\n").length, 21);
  assert(!tableBundle(many(20))["text/html"].includes("<details>"));
  const shown = ["method        ", ..."0 1 2 3 4 5 6 7 8 9 10 11 12 13 14".split(" ")];
  assertEquals(trialsIn(plain(many(21))), [...shown, "… 1 more row", ..."16 17 18 19 20".split(" ")]);
  assertEquals(trialsIn(plain(many(300))), [...shown, "… 280 more row", ..."295 296 297 298 299".split(" ")]);

  const html = tableBundle(many(50))["text/html"];
  const [head = "", rest = ""] = html.split("<details>");
  const rowsIn = (part: string) => part.split("<tr>").length - 1;
  assertEquals([rowsIn(head), rowsIn(rest)], [22, 51]);
  assert(head.includes("… 30 more rows") && rest.includes("all 50 rows"));
  const long = tableBundle(many(300))["text/html"];
  assertEquals([rowsIn(long), long.includes("<details>")], [22, false]);
});

Deno.test("any other table is shown as it is: parts of results, and tables of others", () => {
  assertEquals(plain(trialTable().select(["contestant", "secondsSinceStart"])).split("\n").slice(0, 2), [
    "contestant      secondsSinceStart",
    "fallback                    0.400",
  ]);
  const long = "x".repeat(50);
  const other = tableFromArrays({
    n: new Float64Array([1, 2.34567]),
    whole: new Int32Array([1, 12345]),
    big: new BigInt64Array([1n, 2n ** 60n]),
    s: [long, "y"],
  });
  assertEquals(plain(other).split("\n"), [
    "   n  whole                  big  s",
    `1.00      1                    1  ${"x".repeat(39)}…`,
    "2.35  12345  1152921504606846976  y",
  ]);
  assert(
    tableBundle(other)["text/html"].includes(
      `<td title="${long}" style="text-align:left;white-space:nowrap">${"x".repeat(39)}…</td>`,
    ),
  );
});

Deno.test("rows of one's own are a table, too", () => {
  const own = sheet([{ "a": 1, "<b>": "x" }, { "a": 2.5, "c": [1.5, 2.25, 3] }, { "a": NaN, "c": true }, {
    "c": null,
  }]);
  assertEquals(own.text().split("\n"), [
    "   a  <b>  c",
    "1.00  x",
    "2.50       1.50, 2.25, 3.00",
    "   –       true",
    "           –",
  ]);
  assert(own.html().includes("&lt;b&gt;") && !own.html().includes("<b>"));
  assertEquals(sheet([]).text(), "");
});

Deno.test("a table without rows shows its columns", () => {
  assert(plain(summaryTable([])).startsWith("operator"));
  assert(plain(recordsToTable([])).startsWith("method"));
  assertEquals(textOf([]), "");
});

Deno.test("numbers stand to the right, words to the left", () => {
  const cells = [["name", "ms"], ["a", "1.5"], ["bcdefg", "10.25"], ["h", "–"]];
  assertEquals(textOf(cells), "name       ms\na         1.5\nbcdefg  10.25\nh           –");
  assertEquals(htmlOf(cells).match(/text-align:\w+/g)?.slice(0, 2), ["text-align:left", "text-align:right"]);
  const sides = (column: readonly string[]) =>
    /text-align:(\w+)/.exec(htmlOf([["x"], ...column.map((c) => [c])]))?.[1];
  for (
    const numbers of [["1.80–2.20"], ["2.00 (1.80–2.20)", "–"], ["1e-7", "–"], ["40%", "2 ×"], ["-1", "+2"]]
  ) {
    assertEquals(sides(numbers), "right");
  }
  for (const words of [["8x4"], ["1x1, 1x2"], ["2 of 3"], ["1", "none"]]) assertEquals(sides(words), "left");
});

Deno.test("whatever a cell holds is text in HTML", () => {
  assertEquals(escapeHtml(`<a href="x">'&'</a>`), "&lt;a href=&quot;x&quot;&gt;&#39;&amp;&#39;&lt;/a&gt;");
  const unescaped = (html: string) =>
    html.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&quot;", '"').replaceAll("&#39;", "'")
      .replaceAll("&amp;", "&");
  const arb = fc.string({ unit: fc.constantFrom(..."<>&\"'/ab;#lt") });
  fc.assert(fc.property(arb, arb, (head, cell) => {
    const html = htmlOf([[head], [cell]]);
    assertEquals(html.match(/<[^>]*>/g)?.map((tag) => /\w+/.exec(tag)?.[0]), [
      ..."table thead tr th th tr thead tbody tr td td tr tbody table".split(" "),
    ]);
    const inside = [...html.matchAll(/<t[hd]\b[^>]*>(.*?)<\/t[hd]>/g)].map((m) => unescaped(m[1] ?? ""));
    assertEquals(inside, [head, cell]);
  }));
});

Deno.test("nothing that a record holds can break out of its cell", () => {
  const evil = "<script>alert(1)</script>";
  const html = tableBundle(recordsToTable([trialOf({ contestant: evil, config: evil })]))["text/html"];
  const both = html + tableBundle(summaryTable([rowOf({ contestant: evil, rule: evil })]))["text/html"];
  assert(!both.includes("<script") && both.includes("&lt;script&gt;"));
});
