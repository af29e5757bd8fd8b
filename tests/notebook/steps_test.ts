import { assert, assertEquals, assertThrows } from "@std/assert";
import { steps } from "../../lib/notebook/steps.ts";
import { ScheduleError } from "../../lib/schedule/error.ts";
import { Schedule } from "../../lib/schedule/schedule.ts";
import { walk } from "../../lib/schedule/walk.ts";
import { matmulProgram as matmul } from "../../lib/op/matmul.ts";
import { reduceSumProgram as reduceSum } from "../../lib/op/reduce_sum.ts";
import { golden } from "../golden.ts";

const func = matmul({ m: 8, n: 8, k: 8 });
const schedule = new Schedule(func);
const [, inner = ""] = schedule.split("j", [null, 4]);
schedule.vectorize(inner);
schedule.unroll("k");

Deno.test("each step says what it changed, and what only moved further in is left out", () => {
  const shown = steps(func, schedule.trace);
  golden("notebook/steps.txt", `${shown}\n\n${shown.html()}`);
  assertEquals(shown.html().split("<details>").length - 1, 3);
  assertEquals(`${steps(schedule)}`, `${shown}`);
  assertEquals(`${steps(func, JSON.stringify(schedule.trace))}`, `${shown}`);
  assert(shown.text(true).includes("\x1b[36m+"));
});

Deno.test("the steps begin with the program, end with the schedule's, and follow from one another", () => {
  const walked = walk(func, schedule.trace);
  assertEquals(walked.map((s) => s.step), schedule.trace.steps);
  assertEquals([walked[0]?.before, walked.at(-1)?.after], [`${func}`, `${schedule.func}`]);
  walked.slice(1).forEach((s, k) => assertEquals(s.before, walked[k]?.after));
});

Deno.test("a schedule without steps says so, and one of another program is refused", () => {
  assertEquals(`${steps(new Schedule(func))}`, "no steps");
  assertThrows(
    () => steps(reduceSum({ rows: 2, columns: 2 }), schedule.trace),
    ScheduleError,
    "a trace fits only the program that it was made for",
  );
});
