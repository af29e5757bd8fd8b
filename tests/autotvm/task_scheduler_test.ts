import { assertAlmostEquals, assertEquals, assertGreater } from "@std/assert";
import { expectedGain, type TaskState } from "../../lib/autotvm/task_scheduler.ts";

const standing = (parts: Partial<TaskState> = {}): TaskState => ({
  weight: 1,
  bestMs: Array(16).fill(10),
  leastMs: 0,
  seconds: 16,
  ...parts,
});

Deno.test("a search that has no success yet comes first", () => {
  assertEquals(expectedGain(standing({ bestMs: [] })), Infinity);
});

Deno.test("gain goes with how often a program runs, and with how long it takes", () => {
  const one = expectedGain(standing());
  assertAlmostEquals(expectedGain(standing({ weight: 24 })), 24 * one);
  assertAlmostEquals(expectedGain(standing({ bestMs: Array(16).fill(30) })), 3 * one);
});

Deno.test("a search that has gained lately comes before one that has not, and dear trials after cheap ones", () => {
  const falling = [...Array(8).fill(20), ...Array(8).fill(10)];
  assertGreater(expectedGain(standing({ bestMs: falling })), expectedGain(standing()));
  assertGreater(expectedGain(standing()), expectedGain(standing({ seconds: 60 })));
});

Deno.test("nothing is expected beyond the roofline, and less after more trials", () => {
  assertEquals(expectedGain(standing({ leastMs: 10 })), 0);
  assertGreater(expectedGain(standing({ leastMs: 5 })), 0);
  const many = expectedGain(standing({ bestMs: Array(160).fill(10), seconds: 160 }));
  assertGreater(expectedGain(standing()), many);
});
