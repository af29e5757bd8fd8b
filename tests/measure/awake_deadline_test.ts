/** A deadline that a pause does not use up. */
import { assertEquals } from "@std/assert";
import { awakeDeadline } from "../../lib/measure/awake_deadline.ts";

Deno.test("a process that was paused for longer than its deadline is not late", async () => {
  using deadline = awakeDeadline(1500);
  let late = false;
  deadline.late.then(() => late = true);
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 3000);
  await new Promise((resolve) => setTimeout(resolve, 100));
  assertEquals(late, false);
  await deadline.late;
});

Deno.test("a deadline shorter than a look at the clock", async () => {
  using deadline = awakeDeadline(20);
  await deadline.late;
});
