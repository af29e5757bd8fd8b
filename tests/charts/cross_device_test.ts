import { assertEquals } from "@std/assert";
import { OWN_PRESET, type RerunRow } from "../../lib/records/rerun.ts";
import { rerunTable } from "../../lib/records/rerun_table.ts";
import { svgOf } from "../../lib/charts/picture.ts";
import { crossDevice } from "../../lib/charts/cross_device.ts";
import { golden } from "../golden.ts";
import { tableBundle } from "../../lib/notebook/tables.ts";
import { chartShows } from "./facts.ts";

/** A row of so many times DLight's speed there and here, with DLight at 2 ms there and 4 ms here. */
function rowOf(contestant: string, there: number, here: number, parts: Partial<RerunRow> = {}): RerunRow {
  return {
    task: "matmul(A: f32[8, 8], B: f32[8, 8], C: f32[8, 8])",
    contestant,
    rule: "Matmul",
    thereMs: 2 / there,
    thereLowMs: 1.9 / there,
    thereHighMs: 2.1 / there,
    thereTimes: there,
    thereTimesLow: there * 0.95,
    thereTimesHigh: there * 1.05,
    hereMs: 4 / here,
    hereLowMs: 3.6 / here,
    hereHighMs: 4.4 / here,
    hereTimes: here,
    hereTimesLow: here * 0.9,
    hereTimesHigh: here * 1.1,
    status: "ok",
    message: "",
    trace: "{}",
    maxError: 0,
    samples: [4 / here],
    ...parts,
  };
}

const nothing = {
  hereMs: NaN,
  hereLowMs: NaN,
  hereHighMs: NaN,
  hereTimes: NaN,
  hereTimesLow: NaN,
  hereTimesHigh: NaN,
};
const nowhere = { thereMs: NaN, thereLowMs: NaN, thereHighMs: NaN };
const rows = [
  rowOf("fallback", 0.25, 0.5, { rule: "Fallback" }),
  rowOf("dlight", 1, 0.7),
  rowOf("autotvm", 1.8, NaN, { ...nothing, status: "verify", message: "256 threads: the device takes 128" }),
  rowOf("autotvm+dlight", 2.5, 1.4),
  rowOf(OWN_PRESET, NaN, 1, nowhere),
];
const devices = { there: "a discrete GPU", here: "llvmpipe (LLVM 15.0.6, 256 bits)" };

Deno.test("the chart of schedules on two devices is as it was", async () => {
  const spec = crossDevice(rerunTable(rows, devices), { title: "matmul", subtitle: "on two devices" }).spec;
  await chartShows("there_and_here", spec);
});

Deno.test("the table of schedules on two devices is as it was", () => {
  golden("notebook/there_and_here.txt", tableBundle(rerunTable(rows, devices))["text/plain"]);
});

Deno.test("of several programs the rows say which", async () => {
  const other = rows.map((r) => ({ ...r, task: "softmax(X: f32[8, 8], Y: f32[8, 8])" }));
  const svg = await svgOf(crossDevice(rerunTable([...rows, ...other], devices)).spec);
  for (
    const label of ["matmul: DLight, for here", "softmax: DLight, for there", "does not run here: verify"]
  ) {
    assertEquals(svg.includes(label), true, label);
  }
});

Deno.test("without a preset there, and without rows, there is a chart all the same", async () => {
  const lonely = rows.map((r) => ({ ...r, thereTimes: NaN }));
  const svg = await svgOf(crossDevice(rerunTable(lonely, devices)).spec);
  assertEquals([svg.includes("1.40 × here"), svg.includes("× there")], [true, false]);
  await svgOf(crossDevice(rerunTable([], devices)).spec);
});
