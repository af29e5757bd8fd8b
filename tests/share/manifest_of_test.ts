/** What a manifest says of searches: their counts, their device, and which trials are whose. */
import { assertEquals } from "@std/assert";
import * as te from "../../lib/face/te.ts";
import { Device } from "../../lib/runtime/device.ts";
import { Shared } from "../../lib/share/shared.ts";
import { failure, ok } from "../tuning/simulated_measuring.ts";
import { matmul } from "../tuning/programs.ts";
import { searched } from "./shared_results.ts";

const device = await Device.open({ backend: "cpu" });
const softmax = te.softmax({ rows: "n", columns: 16 });

Deno.test("a search whose other trials failed is shared with their number", async () => {
  const failing = await searched(matmul, device, {}, (_, n) => n === 0 ? ok(1) : failure("run", "odd"));
  const [rule, won] = Shared.of(failing).manifest.tasks[0]?.results ?? [];
  assertEquals([won?.failed, won?.won?.ms, rule?.won?.ms], [5, 1, 1]);
  assertEquals([rule?.trials, rule?.failed, won?.trials], [1, 0, 6]);
  assertEquals(won?.seconds, failing.records.at(-1)?.secondsSinceStart);
  assertEquals(rule?.seconds, failing.records[0]?.secondsSinceStart);
});

Deno.test("two programs that look alike keep their own trials apart", async () => {
  const program = (op: typeof te.add) => {
    const func = op({ shape: [64] });
    return func.with({ name: "alike" });
  };
  const [sums, products] = [
    await searched(program(te.add), device, { budget: { trials: 2 } }),
    await searched(program(te.mul), device, { budget: { trials: 3 } }),
  ];
  const specsOf = (logs: readonly (typeof sums)[]) => Shared.of(logs).charts.map((c) => c.spec);
  assertEquals(sums.records[0]?.task, products.records[0]?.task);
  // The first chart is that of both.
  assertEquals(specsOf([sums, products]).slice(1), [...specsOf([sums]), ...specsOf([products])]);
});

Deno.test("the shared device has its peaks, whichever search came after they were measured", async () => {
  using other = await Device.open({ backend: "cpu" });
  const before = await searched(matmul, other, { budget: { trials: 2 } });
  const peaks = await other.probe();
  const after = await searched(softmax, other, { shapes: { n: 4 }, budget: { trials: 2 } });
  assertEquals(Shared.of([before]).manifest.device.peaks, undefined);
  for (const logs of [[before, after], [after, before]]) {
    assertEquals(Shared.of(logs).manifest.device.peaks, peaks);
  }
});
