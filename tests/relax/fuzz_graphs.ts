/**
 * Builds random graphs at levels 0 and 1 and with random schedules, and holds them against the interpreter, which runs them
 * operator by operator: `deno task fuzz:graphs 5000 --cpu`. It prints the first graph that is wrong, made small, and ends
 * with status 1.
 */
import fc from "fast-check";
import { interpretGraph } from "../../lib/relax/interpret_graph.ts";
import { Device } from "../../lib/runtime/device.ts";
import { checkGraph, WAYS } from "../tuning/checked_graph.ts";
import { arbGraph } from "./random_graph.ts";

const numRuns = Number(Deno.args.find((a) => /^\d+$/.test(a)) ?? 5000);
const seed = Number(Deno.args.find((a) => a.startsWith("--seed="))?.slice(7) ?? Date.now() % 2 ** 31);
using device = await Device.open({ backend: Deno.args.includes("--cpu") ? "cpu" : "webgpu" });
console.log(`${numRuns} graphs on ${device.target.name}, seed ${seed}`);
let done = 0;
const result = await fc.check(
  fc.asyncProperty(arbGraph, async (g) => {
    const want = interpretGraph(g.graph, g.arrays, g.shapes);
    for (const way of WAYS) await checkGraph(g, device, way, want);
    if (++done % 100 === 0) console.log(`${done} right`);
  }),
  { numRuns, seed },
);
if (result.failed) {
  console.log(fc.defaultReportMessage(result));
  Deno.exit(1);
}
console.log(`${numRuns} graphs, 0 wrong`);
