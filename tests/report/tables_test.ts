import { assert, assertEquals } from "@std/assert";
import { type Table, tableFromArrays } from "apache-arrow";
import fc from "fast-check";
import { type SummaryRow, summaryTable } from "../../lib/records/summary.ts";
import { recordsToTable } from "../../lib/records/table.ts";
import { cellsOf, escapeHtml, htmlOf, tableBundle, textOf } from "../../lib/report/tables.ts";
import { golden } from "../golden.ts";
import { confirmedTable, rowOf, rows, trialOf, trials, trialTable } from "./results.ts";

const plain = (table: Table) => tableBundle(table)["text/plain"];

Deno.test("tables of results are readable as text and as HTML", () => {
  for (const [name, table] of [["summary", confirmedTable()], ["trials", trialTable()]] as const) {
    const bundle = tableBundle(table);
    golden(
      `report/${name}.txt`,
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

Deno.test("a long table says how much of it is not shown", () => {
  const many = (n: number) =>
    plain(recordsToTable(Array.from({ length: n }, (_, trial) => trialOf({ trial }))));
  assertEquals(many(20).split("\n").length, 21);
  assertEquals(many(21).split("\n").at(-1), "… 1 more row");
  assertEquals(many(50).split("\n").at(-1), "… 30 more rows");
  assert(
    tableBundle(recordsToTable([...trials, ...trials, ...trials]))["text/html"].endsWith(
      "<p>… 4 more rows</p>",
    ),
  );
});

Deno.test("any other table is shown as it is: parts of results, and tables of others", () => {
  assertEquals(plain(trialTable().select(["contestant", "secondsSinceStart"])).split("\n").slice(0, 2), [
    "contestant      secondsSinceStart",
    "fallback                    0.400",
  ]);
  const other = tableFromArrays({ n: new Float64Array([1, 2.34567]), s: ["x".repeat(50), "y"] });
  assertEquals(cellsOf(other), [["n", "s"], ["1.00", `${"x".repeat(39)}…`], ["2.35", "y"]]);
  assertEquals(cellsOf(other, 1).length, 2);
});

Deno.test("a table without rows shows its columns", () => {
  assert(plain(summaryTable([])).startsWith("operator"));
  assert(plain(recordsToTable([])).startsWith("contestant"));
  assertEquals(textOf([]), "");
});

Deno.test("numbers stand to the right, words to the left", () => {
  const cells = [["name", "ms"], ["a", "1.5"], ["bcdefg", "10.25"], ["h", "–"]];
  assertEquals(textOf(cells), "name       ms\na         1.5\nbcdefg  10.25\nh           –");
  assertEquals(htmlOf(cells).match(/text-align:\w+/g)?.slice(0, 2), ["text-align:left", "text-align:right"]);
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
      ..."table tr th th tr tr td td tr table".split(" "),
    ]);
    const inside = [...html.matchAll(/<t[hd][^>]*>(.*?)<\/t[hd]>/g)].map((m) => unescaped(m[1] ?? ""));
    assertEquals(inside, [head, cell]);
  }));
});

Deno.test("nothing that a record holds can break out of its cell", () => {
  const evil = "<script>alert(1)</script>";
  const html = tableBundle(recordsToTable([trialOf({ contestant: evil, config: evil })]))["text/html"];
  const both = html + tableBundle(summaryTable([rowOf({ contestant: evil, rule: evil })]))["text/html"];
  assert(!both.includes("<script") && both.includes("&lt;script&gt;"));
});
