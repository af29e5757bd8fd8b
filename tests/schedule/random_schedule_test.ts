/**
 * Whatever sequence of steps is asked for, each is either refused and changes nothing, or gives a program that
 * is well formed and computes exactly the same.
 */
import fc from "fast-check";
import * as te from "../../lib/face/te.ts";
import { assert, assertEquals } from "@std/assert";
import { sub } from "../../lib/ir/build.ts";
import { equalFunc } from "../../lib/ir/equal.ts";
import type { PrimFunc } from "../../lib/ir/func.ts";
import { interpret, type Shapes } from "../../lib/interp/interpret.ts";
import type { For, Stmt } from "../../lib/ir/stmt.ts";
import { verifyFunc } from "../../lib/ir/verify.ts";
import { mapStmt } from "../../lib/ir/visit.ts";
import { substitute } from "../../lib/ir/substitute.ts";
import { ScheduleError } from "../../lib/schedule/error.ts";
import { Schedule } from "../../lib/schedule/schedule.ts";
import { replay, Trace } from "../../lib/schedule/trace.ts";
import { blocksOf } from "../../lib/schedule/find.ts";
import { reduceLoops } from "../../lib/schedule/reduce_loops.ts";
import { arbProgram, arbSymbolicProgram, randomInputs } from "../ir/random_program.ts";
import { updated } from "./programs.ts";
import { arbWishes, OPS, stepOf, take, type Wish } from "./random_steps.ts";

interface Subject {
  readonly func: PrimFunc;
  readonly shapes: Shapes;
}

const alone = (func: PrimFunc): Subject => ({ func, shapes: {} });

/** Operators with the indices that random programs don't have: strides, windows, batches. */
const OPERATORS: readonly Subject[] = [
  alone(te.matmul({ batch: 2, m: 3, n: 4, k: 5, transposeB: true })),
  { func: te.matmul({ m: "m", n: 4, k: 6 }), shapes: { m: 5 } },
  alone(te.gemv({ n: 5, k: 6 })),
  alone(te.conv2d({ height: 5, width: 4, channels: 2, filters: 3, kernel: 3, stride: 2, padding: 1 })),
  alone(updated()),
  alone(te.maxPool2d({ height: 5, width: 6, channels: 2, kernel: 2, stride: 2 })),
];

const arbSubject: fc.Arbitrary<Subject> = fc.oneof(
  { weight: 4, arbitrary: arbProgram.map(alone) },
  { weight: 3, arbitrary: arbSymbolicProgram },
  { weight: 1, arbitrary: fc.constantFrom(...OPERATORS) },
);

/** Takes the steps that are wished for, as far as they are legal. */
function follow(sch: Schedule, wishes: readonly Wish[], after: () => void): void {
  for (const wish of wishes) {
    const before = sch.func;
    const step = stepOf(sch, wish);
    if (!step) continue;
    try {
      take(sch, step);
    } catch (e) {
      if (!(e instanceof ScheduleError)) throw e;
      assert(sch.func === before, "a refused step changed the program");
      continue;
    }
    after();
  }
}

/** The program with the iterations of its parallel loops in the opposite order; reductions keep theirs. */
function backwards(func: PrimFunc): PrimFunc {
  const turned = (s: For, outer: readonly For[]) =>
    s.loop !== "serial" && s.loop !== "unrolled" &&
    !blocksOf(s, outer).some(({ block, loops }) => reduceLoops(block, loops).includes(s));
  const go = (s: Stmt, outer: readonly For[]): Stmt => {
    if (s.kind !== "for") return mapStmt(s, (x) => go(x, outer));
    const body = go(s.body, [...outer, s]);
    if (!turned(s, outer)) return { ...s, body };
    const by = new Map([[s.var, sub(sub(s.extent, 1), s.var)]]);
    const iteration = (x: Stmt): Stmt =>
      x.kind === "block"
        ? { ...x, bindings: x.bindings.map((e) => substitute(e, by)), where: substitute(x.where, by) }
        : mapStmt(x, iteration);
    return { ...s, body: iteration(body) };
  };
  return func.with({ body: go(func.body, []) });
}

Deno.test("random schedules keep results exactly, and their traces replay", () => {
  fc.assert(
    fc.property(arbSubject, arbWishes, fc.nat(100), ({ func, shapes }, wishes, seed) => {
      const inputs = randomInputs(func, seed, shapes);
      const expected = interpret(func, inputs, { shapes });
      const sch = new Schedule(func);
      follow(sch, wishes, () => {
        verifyFunc(sch.func);
        assertEquals(
          interpret(sch.func, inputs, { shapes }),
          expected,
          `after\n${sch.trace}\nit is\n${sch.func}`,
        );
      });
      const any = interpret(backwards(sch.func), inputs, { shapes });
      assertEquals(any, expected, `iterations of parallel loops depend on each other in\n${sch.func}`);
      const text = JSON.stringify(sch.trace);
      assert(equalFunc(replay(func, text), sch.func), text);
      assertEquals(JSON.stringify(Trace.fromJSON(text)), text);
    }),
    { numRuns: 700 },
  );
});

Deno.test("every primitive is legal at least every fourth time that random schedules ask for it", () => {
  const asked = new Map(OPS.map((op) => [op, 0])), done = new Map(OPS.map((op) => [op, 0]));
  const cases = fc.sample(fc.tuple(arbSubject, arbWishes), { numRuns: 900, seed: 11 });
  for (const [{ func }, wishes] of cases) {
    const sch = new Schedule(func);
    for (const wish of wishes) {
      const before = sch.func;
      if (!stepOf(sch, wish)) continue;
      asked.set(wish.op, (asked.get(wish.op) ?? 0) + 1);
      follow(sch, [wish], () => done.set(wish.op, (done.get(wish.op) ?? 0) + +(sch.func !== before)));
    }
  }
  const rare = OPS.filter((op) =>
    (done.get(op) ?? 0) < 0.25 * (asked.get(op) ?? 0) || (asked.get(op) ?? 0) < 20
  );
  assertEquals(rare, [], [...done].map(([op, n]) => `${op} ${n} of ${asked.get(op)}`).join(", "));
});

Deno.test("a trace of one program is refused by every other", () => {
  const distinct = fc.tuple(arbSubject, arbSubject).filter(([a, b]) => `${a.func}` !== `${b.func}`);
  fc.assert(
    fc.property(distinct, arbWishes, ([{ func }, other], wishes) => {
      const sch = new Schedule(func);
      follow(sch, wishes, () => {});
      try {
        replay(other.func, JSON.stringify(sch.trace));
      } catch (e) {
        return e instanceof ScheduleError && e.message.startsWith(`cannot replay a trace of ${func.name} (`);
      }
      return false;
    }),
    { numRuns: 100 },
  );
});
