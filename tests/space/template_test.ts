import { assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import { add, block, buffer, forLoop, iterVar, load, store, variable } from "../../lib/ir/build.ts";
import { PrimFunc } from "../../lib/ir/func.ts";
import { ScheduleError } from "../../lib/schedule/error.ts";
import { SpaceError } from "../../lib/space/error.ts";
import { type Factors, RejectedConfig } from "../../lib/space/knobs.ts";
import { instantiate, runAtPresets, spaceOf, type Template } from "../../lib/space/template.ts";

/** `B[i] = A[i] + 1` over 64 elements. */
function addOne(): PrimFunc {
  const a = buffer("A", [64]), b = buffer("B", [64]);
  const i = variable("i"), vi = variable("vi");
  const body = store(b, [vi], add(load(a, vi), { kind: "const", dtype: "f32", value: 1 }));
  return new PrimFunc("add_one", [a, b], [], [], forLoop(i, 64, block("B", [iterVar(vi, 64)], [i], body)));
}

const template: Template = (sch, knobs) => {
  const [, threads = 1] = knobs.split("threads", 64, { parts: 2, preset: [16] });
  const order = knobs.choice("loop", ["serial", "unroll"], "serial");
  knobs.require(["threads"], ([, n]: Factors[2]) => n > 32 ? `${n} threads: the device takes 32` : undefined);
  const [outer, inner] = sch.split("i", [null, threads]);
  sch.bind(inner, "threadIdx.x");
  if (order === "unroll") sch.unroll(outer);
};

Deno.test("a template's space and its preset", () => {
  const space = spaceOf(addOne(), template);
  assertEquals(space.size, 14);
  const { schedule, space: same } = runAtPresets(addOne(), template);
  assertEquals(same.at(same.preset), { threads: [16], loop: "serial" });
  assertEquals(schedule.trace.steps.map((s) => s.op), ["split", "bind"]);
});

Deno.test("instantiating follows the configuration", () => {
  const space = spaceOf(addOne(), template);
  const { trace } = instantiate(addOne(), template, space, { threads: [8], loop: "unroll" });
  assertEquals(trace.steps.map((s) => s.op), ["split", "bind", "unroll"]);
  assertEquals(trace.steps[0], { op: "split", loop: "i", factors: [null, 8] });
});

Deno.test("the preset's index instantiates what runAtPresets makes", () => {
  const { schedule, space } = runAtPresets(addOne(), template);
  const again = instantiate(addOne(), template, space, space.at(space.preset));
  assertEquals(again.trace.steps, schedule.trace.steps);
});

Deno.test("a rejected configuration says the template's reason", () => {
  const space = spaceOf(addOne(), template);
  assertThrows(
    () => instantiate(addOne(), template, space, { threads: [64], loop: "serial" }),
    RejectedConfig,
    "64 threads: the device takes 32",
  );
});

Deno.test("presets that the template rejects still have a space, and don't run", () => {
  const picky: Template = (sch, knobs) => {
    template(sch, knobs);
    knobs.require([], () => "no such device");
  };
  assertEquals(spaceOf(addOne(), picky).size, 14);
  assertThrows(
    () => runAtPresets(addOne(), picky),
    RejectedConfig,
    "add_one, threads=16 loop=serial: no such device",
  );
});

Deno.test("a template that fails at its presets says after which knobs, and why", () => {
  const broken: Template = (sch, knobs) => {
    knobs.flag("any", true);
    sch.split("nowhere", [null, 4]);
  };
  const error = assertThrows(() => spaceOf(addOne(), broken), SpaceError, "it failed after 1 knobs");
  assertInstanceOf(error.cause, ScheduleError);
});

Deno.test("a step that is illegal at a configuration throws what the schedule throws", () => {
  const bold: Template = (sch, knobs) => {
    const doubled = knobs.flag("bind_twice", false);
    const [outer, inner] = sch.split("i", [null, 8]);
    sch.bind(inner, "threadIdx.x");
    if (doubled) sch.bind("no_such_loop", "threadIdx.x");
    sch.unroll(outer);
  };
  const space = spaceOf(addOne(), bold);
  assertThrows(() => instantiate(addOne(), bold, space, { bind_twice: true }), ScheduleError);
});

Deno.test("a template that forgets a knob at some configuration is told so", () => {
  const moody: Template = (_sch, knobs) => {
    if (knobs.flag("first", false)) return;
    knobs.flag("second", false);
  };
  const space = spaceOf(addOne(), moody);
  assertThrows(
    () => instantiate(addOne(), moody, space, { first: true, second: false }),
    SpaceError,
    "must declare the same knobs at every configuration",
  );
});

Deno.test("errors that are none of ours pass through", () => {
  const crash: Template = () => {
    throw new RangeError("a bug of the template");
  };
  assertThrows(() => spaceOf(addOne(), crash), RangeError, "a bug of the template");
});
