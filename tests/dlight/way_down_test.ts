/** Where a rule's template fails at its presets, the next rule that matches schedules, and the reason is kept. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { fallback } from "../../lib/dlight/fallback/fallback.ts";
import type { Rule } from "../../lib/dlight/rule.ts";
import { match, rules, schedule, scheduleThen } from "../../lib/dlight/schedule.ts";
import * as op from "../../lib/face/op.ts";
import * as te from "../../lib/face/te.ts";
import { LimitError } from "../../lib/lower/error.ts";
import { ScheduleError } from "../../lib/schedule/error.ts";
import { SpaceError } from "../../lib/space/error.ts";
import { targetOf } from "../../lib/target/profiles.ts";
import { build, buildAmong } from "../../lib/tuning/build.ts";
import { devices } from "../devices.ts";

/** The mean of each plane of a convolution with an epilogue. GeneralReduction matches it, and can't place the epilogue. */
function planes() {
  const A = te.placeholder("A", [1, 2, 6, 6]), W = te.placeholder("W", [3, 2, 3, 3]);
  const R = te.placeholder("R", [1, 3, 6, 6]);
  const sum = op.add(op.conv2d(A, W, { padding: 1 }), R);
  return te.primFunc("head", [A, W, R, op.globalAvgPool2d(op.relu(sum), { name: "mean" })]);
}

const broken: Rule = {
  name: "Broken",
  match: () => ({
    template: () => {
      throw new ScheduleError("nothing goes\nhere");
    },
    because: "it takes anything",
  }),
};
const target = targetOf("generic-webgpu");
const matmul = te.matmul({ m: 32, n: 32, k: 32 });

Deno.test("the next rule schedules what a rule's template fails at, and why says what failed", () => {
  const { rule, why } = schedule(matmul, target, [broken, ...rules]);
  assertEquals(rule, "Matmul");
  assertEquals(why.map((w) => [w.rule, w.matched]), [["Broken", false], ["Matmul", true]]);
  assert(why[0]?.failed?.endsWith("nothing goes"), why[0]?.failed);
  assert(why[0]?.because.startsWith("it takes anything; but its template fails: "));
  assertEquals(match(matmul, target, [broken, ...rules]).why, why);
});

Deno.test("a rule whose result can't be compiled has failed too", () => {
  const refuse = (name: string) => {
    if (name === "scheduled") throw new LimitError("no room");
    return name;
  };
  let asked = 0;
  const { ruled, made } = scheduleThen(
    matmul,
    target,
    rules,
    () => refuse(asked++ === 0 ? "scheduled" : "fits"),
  );
  assertEquals([ruled.rule, made, ruled.why[0]?.failed], ["Fallback", "fits", "no room"]);
});

Deno.test("where every template fails, the last rule's own error is thrown", () => {
  assertThrows(() => schedule(matmul, target, [broken]), SpaceError, "nothing goes");
  assertThrows(
    () =>
      scheduleThen(matmul, target, [broken, fallback], () => {
        throw new LimitError("no room");
      }),
    LimitError,
    "no room",
  );
});

for (const device of devices) {
  Deno.test(`build takes the next rule, and says so, on ${device.target.name}`, async () => {
    using program = await buildAmong(matmul, device, {}, [broken, ...rules]);
    assertEquals(program.built.rule, "Matmul");
    assert(program.built.because.startsWith("Broken failed: "), program.built.because);
    using head = await build(planes(), device);
    const said = `${head.built.rule}: ${head.built.because}`;
    assert(said.includes("GeneralReduction failed: cannot declare the space of head"), said);
  });
}
