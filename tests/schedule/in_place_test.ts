/** Schedules of programs that update a parameter in place: nothing moves across the update. */
import { assertEquals, assertThrows } from "@std/assert";
import { ScheduleError } from "../../lib/schedule/error.ts";
import { Schedule } from "../../lib/schedule/schedule.ts";
import { updated } from "./programs.ts";

Deno.test("what reads or writes across an update stays where it is", () => {
  const says = "cache is updated in place, and";
  const refused = (take: (sch: Schedule) => void, more = says) => {
    const sch = new Schedule(updated()), before = sch.func;
    assertThrows(() => take(sch), ScheduleError, more);
    assertEquals(sch.func, before);
  };
  assertEquals(new Schedule(updated()).blocks(), ["T", "Y", "cache", "R"]);
  const loop = (sch: Schedule, name: string) => sch.loops(name)[0] as string;
  refused((sch) => sch.computeInline("T"));
  refused((sch) => sch.computeAt("T", loop(sch, "cache")));
  refused((sch) => sch.reverseComputeAt("R", loop(sch, "cache")));
  refused((sch) => sch.reverseComputeAt("cache", loop(sch, "T")));
  refused((sch) => sch.mergeLoops(loop(sch, "Y"), loop(sch, "cache")));
  refused((sch) => sch.reverseComputeInline("cache"));
  refused((sch) => void sch.cacheWrite("cache", "shared"), "a copy would not have its other elements");
  refused((sch) => void sch.reindex("cache", "cache"), "a copy would not have its other elements");
  refused((sch) => sch.setScope("cache", "texture"), "cache is an output and stays global");
});

Deno.test("what has nothing to do with the updated parameter moves", () => {
  const sch = new Schedule(updated());
  sch.computeInline("Y");
  assertEquals(sch.blocks(), ["T", "cache", "R"]);
});
