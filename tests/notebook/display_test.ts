import { assert, assertEquals } from "@std/assert";
import { tableFromArrays } from "apache-arrow";
import { Chart, shownWidth } from "../../lib/charts/chart.ts";
import { confirmed } from "../../lib/charts/confirmed.ts";
import { display, type Showable } from "../../lib/notebook/display.ts";
import { type Bundle, inCell, jupyter } from "../../lib/notebook/jupyter.ts";
import { showArrowTables, viewOf } from "../../lib/notebook/view_registry.ts";
import { sourceOf } from "../../lib/notebook/source.ts";
import { steps } from "../../lib/notebook/steps.ts";
import { tableBundle } from "../../lib/notebook/tables.ts";
import { Schedule } from "../../lib/schedule/schedule.ts";
import { ConfigSpace } from "../../lib/space/config_space.ts";
import { flagKnob } from "../../lib/space/knob.ts";
import { reduceSumProgram as reduceSum } from "../../lib/op/reduce_sum.ts";
import { fakeJupyter } from "./fake_jupyter.ts";
import { confirmedTable } from "../charts/results.ts";

const func = reduceSum({ rows: 2, columns: 2 });
const schedule = new Schedule(func);
schedule.unroll("k");
const space = new ConfigSpace([flagKnob("vectorize", true)]);

/** What a terminal gets, as Deno's console prints it there. */
async function printed(...things: readonly Showable[]): Promise<readonly string[]> {
  const lines: string[] = [];
  const { log } = console;
  console.log = (thing: unknown) => lines.push(typeof thing === "string" ? thing : Deno.inspect(thing));
  try {
    await display(...things);
  } finally {
    console.log = log;
  }
  return lines;
}

/** What a cell shows of its last value. */
function lastValue(thing: object): Promise<Bundle> {
  return Promise.resolve((thing as { readonly [inCell]: () => Bundle })[inCell]());
}

Deno.test("outside of a notebook there is no Jupyter, and things are shown as text", async () => {
  assertEquals(jupyter(), undefined);
  const table = confirmedTable();
  const chart = confirmed(table, { title: "speeds" });
  const config = { tile: [8, 4], pad: 0 };
  assertEquals(
    await printed("words", 7, func, schedule.trace, schedule, space, table, config, chart, new Chart({})),
    [
      "words",
      "7",
      `${func}`,
      'sch.unroll("k")',
      `${steps(schedule)}`,
      `${space}`,
      tableBundle(table)["text/plain"],
      "tile  pad\n8x4     0",
      "Chart: speeds",
      "Chart: untitled",
    ],
  );
});

Deno.test("in a notebook things come in order, in the formats that it shows, and have left when it is over", async () => {
  using fake = fakeJupyter();
  const chart = confirmed(confirmedTable());
  const begin = performance.now();
  await display("words", func, schedule.trace, confirmedTable(), chart);
  // At least as long as Jupyter needs; on a slow machine longer.
  assert(performance.now() - begin > 60);
  assertEquals(fake.messages.map((m) => [m.type, m.id]), Array(5).fill(["display_data", undefined]));
  assertEquals(fake.messages.slice(0, 4).map((m) => m.data), [
    { "text/plain": "words" },
    { "text/html": sourceOf(func).html(), "text/plain": `${func}` },
    { "text/html": sourceOf(schedule.trace).html(), "text/plain": 'sch.unroll("k")' },
    tableBundle(confirmedTable()),
  ]);
  const drawn = fake.messages[4];
  assertEquals(Object.keys(drawn?.data ?? {}), [
    "application/vnd.vegalite.v5+json",
    "image/png",
    "text/plain",
  ]);
  const width = shownWidth(drawn?.data["image/png"] ?? "");
  assertEquals(drawn?.metadata, { "image/png": { width, alt: chart.description } });
});

Deno.test("long lines of text are broken between words in a notebook", async () => {
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
});

Deno.test("the last value of a cell shows as if it were displayed, and so it prints", async () => {
  const other = tableFromArrays({ n: new Int32Array([1, 2]) });
  assertEquals(inCell in other, false, "importing the module changes no other library's class");
  // As a kernel's prelude does.
  showArrowTables();
  for (const thing of [func, schedule, schedule.trace, space, confirmedTable(), other]) {
    using fake = fakeJupyter();
    await display(thing);
    assertEquals(await lastValue(thing), fake.messages[0]?.data);
    assertEquals(Object.keys(fake.messages[0]?.data ?? {}), ["text/html", "text/plain"]);
    assertEquals(Deno.inspect(thing), fake.messages[0]?.data["text/plain"]);
  }
});

Deno.test("nothing is shown as nothing", async () => {
  using fake = fakeJupyter();
  await display(...[null, undefined] as unknown as readonly Showable[]);
  assertEquals(fake.messages.map((m) => m.data["text/plain"]), ["null", "undefined"]);
});

Deno.test("colours are for terminals that want them", () => {
  for (const thing of [func, schedule, schedule.trace]) {
    assert(Deno.inspect(thing, { colors: true }).includes("\x1b["));
    assert(!Deno.inspect(thing).includes("\x1b["));
  }
});

Deno.test("a space says what its constraints tie, a configuration is one row, and other things are shown as they are", () => {
  const flags = [flagKnob("a", true), flagKnob("<b>", false)];
  const tied = new ConfigSpace(flags, [{
    knobs: ["a", "<b>"],
    refuse: (a, b) => a === b ? "no" : undefined,
  }]);
  const { html, text } = { html: viewOf(tied).html(), text: viewOf(tied).text() };
  assert(html.startsWith("<p>4 configurations, 2 that its constraints accept</p><table>"));
  assert(html.includes("<ul><li>a, &lt;b&gt;</li></ul>") && !html.includes("<b>"));
  assertEquals(text, `${tied}`);
  assertEquals(viewOf(space.at(0)).text(), "vectorize\nfalse");
  assertEquals(viewOf({}).text(), "no knobs");
  assertEquals(viewOf(new Map([[1, new Date(0)]])).text(), Deno.inspect(new Map([[1, new Date(0)]])));
});

Deno.test("what a program was compiled to shows kernel by kernel", () => {
  const launch = { name: "<i>", source: "fn f() {}\n", workgroupSize: [8, 4, 1], sharedBytes: 1024 };
  const kernels = {
    name: "f",
    language: "wgsl",
    launches: [launch, { ...launch, name: "g", sharedBytes: 0 }],
  };
  for (const thing of [kernels, { executable: kernels }]) {
    assertEquals(
      viewOf(thing).text(),
      "<i> (kernel 1 of 2): workgroups of 8 × 4 × 1, 1,024 bytes of workgroup memory\n\nfn f() {}\n\n" +
        "g (kernel 2 of 2): workgroups of 8 × 4 × 1\n\nfn f() {}",
    );
    assert(!viewOf(thing).html().includes("<i>"));
  }
});
