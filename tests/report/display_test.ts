import { assert, assertEquals } from "@std/assert";
import { tableToRecords } from "../../lib/records/table.ts";
import { Chart, shownWidth } from "../../lib/report/chart.ts";
import { confirmed } from "../../lib/report/charts.ts";
import { display, type Showable } from "../../lib/report/display.ts";
import { inCell, jupyter, shownAs } from "../../lib/report/jupyter.ts";
import { tableBundle } from "../../lib/report/tables.ts";
import { Schedule } from "../../lib/schedule/schedule.ts";
import { ConfigSpace } from "../../lib/space/config_space.ts";
import { flagKnob } from "../../lib/space/knob.ts";
import { matmul } from "../../lib/te/matmul.ts";
import { reduceSum } from "../../lib/te/rows.ts";
import { fakeJupyter } from "./fake_jupyter.ts";
import { confirmedTable, trials, trialTable } from "./results.ts";

const func = reduceSum({ rows: 2, columns: 2 });
const schedule = new Schedule(func);
schedule.unroll("k");
const space = new ConfigSpace([flagKnob("vectorize", true)]);

/** The lines that a terminal gets. */
async function printed(...things: readonly Showable[]): Promise<readonly string[]> {
  const lines: string[] = [];
  const { log } = console;
  console.log = (text: string) => lines.push(text);
  try {
    await display(...things);
  } finally {
    console.log = log;
  }
  return lines;
}

Deno.test("outside of a notebook there is no Jupyter, and things are shown as text", async () => {
  assertEquals(jupyter(), undefined);
  const table = confirmedTable();
  const chart = new Chart(confirmed(table, { title: "speeds" }));
  assertEquals(await printed("words", func, schedule.trace, space, table, chart, new Chart({})), [
    "words",
    `${func}`,
    'sch.unroll("k")',
    `${space}`,
    tableBundle(table)["text/plain"],
    "Chart: speeds",
    "Chart: untitled",
  ]);
});

Deno.test("in a notebook things come in order, in the formats that it shows, and have left when it is over", async () => {
  using fake = fakeJupyter();
  const chart = new Chart(confirmed(confirmedTable()));
  const begin = performance.now();
  await display("words", func, schedule.trace, confirmedTable(), chart);
  assert(performance.now() - begin > 60);
  assertEquals(fake.messages.map((m) => [m.type, m.id]), Array(5).fill(["display_data", undefined]));
  assertEquals(fake.messages.slice(0, 3).map((m) => m.data), [
    { "text/plain": "words" },
    { "text/plain": `${func}` },
    { "text/plain": 'sch.unroll("k")' },
  ]);
  assertEquals(fake.messages[3]?.data, tableBundle(confirmedTable()));
  const drawn = fake.messages[4];
  assertEquals(Object.keys(drawn?.data ?? {}), [
    "application/vnd.vegalite.v5+json",
    "image/png",
    "text/plain",
  ]);
  assertEquals(drawn?.metadata, { "image/png": { width: shownWidth(drawn?.data["image/png"] ?? "") } });
});

Deno.test("long lines are broken between words in a notebook, and programs between parameters", async () => {
  using fake = fakeJupyter();
  const word = "a".repeat(49);
  await display(`  ${word} ${word} ${word} ${word}\nshort\n${"b".repeat(200)}`);
  assertEquals(fake.messages[0]?.data["text/plain"]?.split("\n"), [
    `  ${word} ${word}`,
    `          ${word}`,
    `          ${word}`,
    "short",
    "b".repeat(200),
  ]);
  await display(matmul({ m: 256, n: 256, k: 256 }));
  assertEquals(fake.messages[1]?.data["text/plain"]?.split("\n").slice(1, 3), [
    'def matmul(A: T.Buffer((256, 256), "float32"), B: T.Buffer((256, 256), "float32"),',
    '        C: T.Buffer((256, 256), "float32")):',
  ]);
});

Deno.test("programs, traces and spaces show themselves as the last value of a cell", () => {
  const bundle = (x: unknown) =>
    (x as Readonly<Record<symbol, () => unknown>>)[Symbol.for("Jupyter.display")]?.call(x);
  assertEquals(bundle(func), { "text/plain": `${func}` });
  assertEquals(bundle(schedule.trace), { "text/plain": 'sch.unroll("k")' });
  assertEquals(bundle(space), { "text/plain": `${space}` });
});

Deno.test("a value that was given a look is the same value otherwise", () => {
  const table = trialTable();
  const shown = shownAs(table, () => tableBundle(table));
  assert(shown === table);
  assertEquals(tableToRecords(shown), trials);
  assertEquals(Object.keys(shown), Object.keys(trialTable()));
  const look = (shown as unknown as Readonly<Record<typeof inCell, () => unknown>>)[inCell];
  assertEquals(look(), tableBundle(table));
});
