import { assert, assertEquals } from "@std/assert";
import { Desk, missingForBrowser } from "./browser.ts";
import { jupyterTest, notebookOf } from "./jupyter.ts";
import { normalized } from "./notebook.ts";

const CELLS = [
  `import { compare, createReporter, Device, display, te } from "tunebook";

const device = await Device.open();
const func = te.matmul({ m: 128, n: 128, k: 128 });
const kept = Math.random();`,
  `const result = await compare(func, device, { methods: ["dlight", "autotvm+dlight"], budget: { seconds: 600 }, path: "search.arrows", reporter: createReporter() });`,
  "console.log(`in all: ${result.trials.numRows} trials, kept ${kept}`);",
  "await display(result.charts.bestSoFar, result.charts.confirmed, result.summary);",
];

const trialsIn = (text: string) => Number(/: (\d+) trials/.exec(text)?.[1] ?? NaN);

jupyterTest("in a browser: run all, watch, stop, go on, see the chart", async () => {
  const folder = await Deno.makeTempDir();
  await Deno.writeTextFile(`${folder}/search.ipynb`, JSON.stringify(normalized(notebookOf(...CELLS))));
  {
    await using desk = await Desk.open(folder);
    await desk.openNotebook("search.ipynb");
    await desk.menu("Cell", "#run_all_cells");

    // The bar is there, and changes where it is.
    const early = await desk.textIs(1, (text) => trialsIn(text) > 0);
    await desk.shoot("running");
    const later = await desk.textIs(1, (text) => trialsIn(text) > trialsIn(early) + 3);
    assert(/best [\d.]+ GFLOP\/s/.test(later) && / left, /.test(later), later);
    await desk.page.waitForSelector('.code_cell img[alt="best so far"]', { timeout: 60_000 });
    await desk.shoot("running_with_chart");
    assertEquals(await desk.page.locator(".code_cell").nth(1).locator(".output_area").count(), 1);

    await desk.interrupt();
    await desk.shoot("stopping");
    const said = await desk.textIs(2, (text) => text.includes("kept"));
    const trials = trialsIn(said), kept = /kept (\S+)/.exec(said)?.[1];
    assert(trials > trialsIn(later), said);
    assert((await desk.textUnder(1)).endsWith("; stopped"), await desk.textUnder(1));
    await chartUnder(desk, 3);
    await desk.shoot("stopped");

    // The kernel has its state, and the cell goes on where it was.
    await desk.runCell(1);
    await desk.textIs(1, (text) => trialsIn(text) > trials + 2);
    await desk.shoot("going_on");
    await desk.interrupt();
    await desk.textIs(1, (text) => text.endsWith("; stopped"));
    await desk.runCell(2);
    const again = await desk.textIs(2, (text) => text.includes("kept") && text !== said);
    assertEquals(/kept (\S+)/.exec(again)?.[1], kept);
    assert(trialsIn(again) >= trials + 2, again);
    await desk.runCell(3);
    await chartUnder(desk, 3);
    await desk.shoot("in_the_end");
    assertEquals(await desk.page.locator(".output_error, .output_stderr, .modal.in").count(), 0);
  }
  await Deno.remove(folder, { recursive: true });
}, await missingForBrowser());

/** A picture that is there, and not the sign for a missing one. */
async function chartUnder(desk: Desk, n: number): Promise<void> {
  const image = desk.page.locator(".code_cell").nth(n).locator(".output_png img, .output_area img").first();
  await image.waitFor({ timeout: 60_000 });
  await image.scrollIntoViewIfNeeded();
  const width = await image.evaluate((e: { readonly naturalWidth: number }) => e.naturalWidth);
  assert(width > 300, `the chart is ${width} pixels wide`);
}
