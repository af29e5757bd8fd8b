/** What every test of a primitive asks: its golden, the results, and what a refusal says. */
import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import type { PrimFunc } from "../../lib/ir/func.ts";
import { interpret, type Shapes } from "../../lib/interp/interpret.ts";
import { verifyFunc } from "../../lib/ir/verify.ts";
import { ScheduleError } from "../../lib/schedule/error.ts";
import { Schedule } from "../../lib/schedule/schedule.ts";
import { randomInputs } from "../ir/random_program.ts";
import { center } from "./programs.ts";
import { golden } from "../golden.ts";

/** The program that `act` makes of `func`, which is well formed and computes the same. */
export function scheduled(func: PrimFunc, act: (sch: Schedule) => void, shapes: Shapes = {}): PrimFunc {
  const sch = new Schedule(func);
  act(sch);
  keepsResults(func, sch.func, shapes);
  return sch.func;
}

/** The same, with before, steps and after in goldens/schedule/`name`.txt. */
export function shows(
  name: string,
  func: PrimFunc,
  act: (sch: Schedule) => void,
  shapes: Shapes = {},
): void {
  const sch = new Schedule(func);
  act(sch);
  golden(`schedule/${name}.txt`, `${func}\n\n${sch.trace}\n\n${sch.func}`);
  keepsResults(func, sch.func, shapes);
}

/** Holds that `after` is well formed, and computes what `before` does. */
export function keepsResults(before: PrimFunc, after: PrimFunc, shapes: Shapes = {}): void {
  verifyFunc(after);
  for (const seed of [1, 2, 3]) {
    const inputs = randomInputs(before, seed, shapes);
    assertEquals(interpret(after, inputs, { shapes }), interpret(before, inputs, { shapes }));
  }
}

/**
 * Holds that `act` is refused with a message that says all of `says` and ends with the program's text around
 * the place, and that it changes nothing.
 */
export function refuses(sch: Schedule, act: (sch: Schedule) => void, ...says: readonly string[]): void {
  const before = sch.func, steps = sch.trace.steps;
  const { message } = assertThrows(() => act(sch), ScheduleError);
  const [said = "", ...place] = message.split("\n");
  for (const part of says) assertStringIncludes(said, part);
  assert(place.length > 0 && place.every((line) => line.startsWith("  | ")), `no place in: ${message}`);
  assert(sch.func === before, "the program changed");
  assertEquals(sch.trace.steps, steps);
}

/** Holds that a call is refused for its arguments alone, before it meets the program. */
export function refusesCall(sch: Schedule, act: (sch: Schedule) => void, says: string): void {
  const before = sch.func, steps = sch.trace.steps;
  assertStringIncludes(assertThrows(() => act(sch), ScheduleError).message, says);
  assert(sch.func === before, "the program changed");
  assertEquals(sch.trace.steps, steps);
}

/** Holds that `act` is refused for a reduction T of axes i and k, and B after it, however their loops have changed. */
export function refusesChangedLoops(act: (sch: Schedule) => void, says: string): void {
  const changes: readonly ((sch: Schedule) => void)[] = [
    (sch) => sch.split("k", [null, 2]),
    (sch) => sch.reorder("k", "i"),
    (sch) => sch.parallel("i"),
    (sch) => sch.addUnitLoop("T"),
    (sch) => sch.decomposeReduction("T", "k"),
    // B would be lost with the loop that it shares.
    (sch) => sch.reverseComputeAt("B", "i"),
    (sch) => sch.computeAt("T", "i_1"),
  ];
  for (const change of changes) {
    const sch = new Schedule(center(3, 5));
    change(sch);
    refuses(sch, act, says);
  }
}
