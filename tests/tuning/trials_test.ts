import { assertEquals } from "@std/assert";
import { scoreOf } from "../../lib/tuning/trials.ts";
import { trialOf } from "../charts/results.ts";

Deno.test("a score is the rate of arithmetic, or of traffic where there is none; a failure has none", () => {
  assertEquals(scoreOf(trialOf({ status: "ok", gflops: 3, gbps: 7 })), 3);
  assertEquals(scoreOf(trialOf({ status: "ok", gflops: 0, gbps: 7 })), 7);
  assertEquals(scoreOf(trialOf({ status: "wrongAnswer", gflops: 3, gbps: 7 })), undefined);
});
