import { assertEquals } from "@std/assert";
import { progressOf, sinceBest } from "../../lib/tuning/search_state.ts";
import { trialOf } from "../charts/results.ts";
import { matmul } from "./programs.ts";

const ok = (medianMs: number) => trialOf({ medianMs, status: "ok" });
const failed = (status: "run" | "timeout") => trialOf({ status });

Deno.test("trials since the best are counted from the first of those as fast", () => {
  assertEquals(sinceBest([]), 0);
  assertEquals(sinceBest([failed("run"), failed("run")]), 2);
  assertEquals(sinceBest([ok(3)]), 0);
  assertEquals(sinceBest([ok(3), ok(2), failed("run"), ok(2), ok(5)]), 3);
});

Deno.test("progress has the trials, the failures of each kind, and the best so far", () => {
  const records = [failed("run"), ok(4), failed("timeout"), ok(2), failed("run"), ok(3)];
  const progress = progressOf({ func: matmul, method: "autotvm" }, records, { trials: 20 }, 7);
  assertEquals(progress, {
    task: matmul.name,
    method: "autotvm",
    trials: 6,
    failed: 3,
    failures: { run: 2, timeout: 1 },
    secondsSpent: 7,
    bestGflops: 10,
    bestGbps: 2,
    bestMs: 2,
    trialsTotal: 20,
  });
});
