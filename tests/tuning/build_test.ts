import * as te from "../../lib/face/te.ts";
import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { build, type BuildOptions, type BuiltProgram } from "../../lib/tuning/build.ts";
import { buildDispatch } from "../../lib/tuning/dispatch.ts";
import { match, schedule } from "../../lib/dlight/schedule.ts";
import { TunebookError } from "../../lib/base/error.ts";
import type { PrimFunc } from "../../lib/ir/func.ts";
import { specialize } from "../../lib/arith/specialize.ts";
import { interpret } from "../../lib/interp/interpret.ts";
import { checkOutput } from "../../lib/measure/check.ts";
import { randomInputs } from "../../lib/measure/random_inputs.ts";
import { TuningDatabase } from "../../lib/records/database.ts";
import type { TrialRecord } from "../../lib/records/record.ts";
import { ConfigSpace } from "../../lib/space/config_space.ts";
import { choiceKnob, flagKnob, splitKnob } from "../../lib/space/knob.ts";
import { spaceOf } from "../../lib/space/template.ts";
import { nearestConfig } from "../../lib/tuning/transfer.ts";
import { compile } from "../../lib/codegen/compile.ts";
import { replay } from "../../lib/schedule/trace.ts";
import { devices } from "../devices.ts";
import { recordsOf } from "../records/records_of.ts";
import { type Answer, byText, failure, ok, SimulatedMeasuring } from "./simulated_measuring.ts";

const cpu = devices[0]!;
const matmul = te.matmul({ m: 32, n: 32, k: 32 });
const softmax = te.softmax({ rows: "n", columns: 16 });

/** The program's results are the reference's. */
async function isRight(program: BuiltProgram, func: PrimFunc, shapes = {}): Promise<void> {
  const inputs = randomInputs(func, 3, shapes);
  const results = await program.run(inputs, shapes);
  for (const [name, reference] of Object.entries(interpret(func, inputs, { shapes }))) {
    const result = results[name];
    assert(result);
    assertEquals(checkOutput(name, result, reference, "f32").wrong, undefined, program.built.because);
  }
}

function databaseOf(...records: readonly (readonly TrialRecord[])[]): TuningDatabase {
  const database = TuningDatabase.memory();
  for (const list of records) assertEquals(database.add(list).refused, []);
  return database;
}

const last = (records: readonly TrialRecord[]) => records.at(-1) as TrialRecord;

for (const device of devices) {
  const { target } = device;

  Deno.test(`${target.profile}: levels build differently, and all are right`, async () => {
    const tuned = recordsOf(matmul, target, [3, 2, 1]);
    const database = databaseOf(tuned);
    const sim = new SimulatedMeasuring(byText);
    const search: BuildOptions = { budget: { trials: 6 }, open: sim.open };
    const programs: BuiltProgram[] = [];
    for (const options of [{ level: 0 }, {}, { level: 2, database }, { level: 3, ...search }] as const) {
      programs.push(await build(matmul, device, options));
    }
    const [zero, one, two, three] = programs as [BuiltProgram, BuiltProgram, BuiltProgram, BuiltProgram];
    const again = programs.map((p) => compile(replay(matmul, p.built.trace), target).launches);
    assertEquals(again, programs.map((p) => p.executable.launches), "its trace is the schedule");
    assertEquals(programs.map((p) => [p.built.level, p.built.how, p.built.rule]), [
      [0, "rule", "Fallback"],
      [1, "rule", "Matmul"],
      [2, "record", "Matmul"],
      [3, "search", "Matmul"],
    ]);
    assertNotEquals(zero.source, one.source);
    assertNotEquals(one.source, two.source);
    assertEquals(two.built.found?.record, last(tuned));
    const { launches } = compile(replay(matmul, last(tuned).trace), target);
    assertEquals(two.source, launches.map((l) => l.source).join("\n"));
    assertEquals(sim.asked.length, 6);
    const best = sim.asked.map(byText).map((m) => m.status === "ok" ? m.samples[0] as number : Infinity);
    assertEquals(three.built.found?.record.medianMs, Math.min(...best));
    for (const p of programs) {
      await isRight(p, matmul);
      const { search, schedule, compile, load } = p.built.seconds;
      // A stage may end within one tick of the clock.
      assert(Math.min(schedule, compile, load) >= 0 && schedule + compile + load > 0);
      assertEquals(search > 0, p === three);
      p[Symbol.dispose]();
    }
  });
}

Deno.test("level 3 writes what it finds to the database, and takes the best that is known then", async () => {
  const database = TuningDatabase.memory();
  const sim = new SimulatedMeasuring(byText);
  const options = { level: 3, database, open: sim.open, budget: { trials: 5 } } as const;
  using first = await build(matmul, cpu, options);
  assertEquals(first.built.how, "search");
  // The three best, and the rule's own point where it isn't one of them, as they were measured again.
  const count = database.records.length;
  assert(count === 3 || count === 4, `${count}`);
  assert(first.built.because.startsWith(`a search of 5 trials, ended by trials, added ${count} records; `));
  assertEquals(database.records.map((r) => r.samples.length), Array(count).fill(11));
  using again = await build(matmul, cpu, { level: 2, database });
  assertEquals([again.built.how, again.source], ["record", first.source]);

  const better = recordsOf(matmul, cpu.target, [0.9]);
  database.add(better);
  using third = await build(matmul, cpu, {
    ...options,
    seed: 1,
    open: new SimulatedMeasuring(byText).open,
  });
  assertEquals([third.built.how, third.built.found?.record], ["record", better[0]]);
});

Deno.test("a search in which nothing ran leaves the rule", async () => {
  const sim = new SimulatedMeasuring(() => failure("run", "out of memory"));
  using program = await build(matmul, cpu, { level: 3, open: sim.open, budget: { trials: 3 } });
  assertEquals([program.built.how, program.built.rule], ["rule", "Matmul"]);
  assert(
    program.built.because.startsWith(
      "a search of 3 trials, ended by trials, added 0 records; the database has nothing near",
    ),
  );
});

Deno.test("a symbolic program is searched and looked up for the shapes that are given, and runs with any", async () => {
  const database = TuningDatabase.memory();
  const shapes = { n: 8 };
  // The rule's own point, which is the first, is slower than any that a search finds.
  const answer: Answer = (asked, n) => n === 0 ? ok(1e6) : byText(asked);
  const sim = new SimulatedMeasuring(answer);
  using program = await build(softmax, cpu, {
    level: 3,
    database,
    shapes,
    open: sim.open,
    budget: { trials: 4 },
  });
  assertEquals(program.built.how, "search");
  for (const n of [1, 8, 21]) await isRight(program, softmax, { n });
  using near = await build(softmax, cpu, { level: 2, database, shapes: { n: 16 } });
  assertEquals([near.built.how, near.built.found?.how, near.built.found?.distance], ["record", "shape", 1]);
  await assertRejects(
    () => build(softmax, cpu, { level: 2, database }),
    TunebookError,
    "give shapes { n: … }",
  );
});

Deno.test("for other shapes the record's configuration is taken to the nearest point of their space", async () => {
  const larger = te.matmul({ m: 48, n: 64, k: 32 });
  const tuned = recordsOf(matmul, cpu.target, [3, 2, 1]);
  using program = await build(larger, cpu, { level: 2, database: databaseOf(tuned) });
  assertEquals([program.built.how, program.built.found?.record], ["record", last(tuned)]);
  assertNotEquals(program.source, compile(schedule(larger, cpu.target).func, cpu.target).launches[0]?.source);
  await isRight(program, larger);
});

Deno.test("where nothing beat the rule on the nearest shapes, the rule is taken", async () => {
  const larger = te.matmul({ m: 64, n: 64, k: 32 });
  const database = databaseOf(recordsOf(matmul, cpu.target, [1, 2, 3]));
  using program = await build(larger, cpu, { level: 2, database });
  assertEquals(program.built.how, "rule");
  assert(program.built.because.includes("nothing beat the rule"), program.built.because);
  using exact = await build(matmul, cpu, { level: 2, database });
  assertEquals(exact.built.found?.record.medianMs, 1);
});

Deno.test("records that don't fit are passed over, and the rule is taken where none does", async () => {
  const [own, next, best] = recordsOf(matmul, cpu.target, [3, 2, 1]) as [
    TrialRecord,
    TrialRecord,
    TrialRecord,
  ];
  const { program: of } = JSON.parse(best.trace);
  const broken = (steps: readonly unknown[]) => ({ ...best, trace: JSON.stringify({ program: of, steps }) });
  const nowhere = broken([{ op: "unroll", loop: "nowhere" }]);
  // Legal steps that make too large a workgroup: lowering stands against it.
  const huge = broken([
    { op: "split", loop: "i", factors: [1, 32] },
    { op: "bind", loop: "i_1", thread: "threadIdx.x" },
    { op: "bind", loop: "j", thread: "threadIdx.y" },
    { op: "split", loop: "k", factors: [1, 32] },
    { op: "bind", loop: "i_0", thread: "threadIdx.z" },
  ]);
  const small = { ...cpu.target, limits: { ...cpu.target.limits, maxInvocations: 512 } };
  for (const bad of [nowhere, huge]) {
    const device = { target: small, load: cpu.load.bind(cpu) } as unknown as typeof cpu;
    using passed = await build(matmul, device, { level: 2, database: databaseOf([own, next, bad]) });
    assertEquals(passed.built.found?.record.medianMs, 2);
    using rule = await build(matmul, device, { level: 2, database: databaseOf([bad]) });
    assertEquals(rule.built.how, "rule");
    assert(rule.built.because.startsWith("the record of matmul("), rule.built.because);
    await isRight(rule, matmul);
  }
});

Deno.test("a program that has a schedule is built as it is at any level", async () => {
  const { func } = schedule(matmul, cpu.target);
  const source = compile(func, cpu.target).launches.map((l) => l.source).join("\n");
  const database = TuningDatabase.memory();
  for (const level of [0, 1, 2, 3] as const) {
    using program = await build(func, cpu, { level, database, budget: { trials: 1 } });
    assertEquals([program.built.how, program.source], ["given", source]);
  }
});

Deno.test("a level without what it needs is refused", async () => {
  const refused = (options: object, says: string) =>
    assertRejects(() => build(matmul, cpu, options), TunebookError, says);
  await refused({ level: 2 }, "level 2: it has no database to ask; give one, or take level 1");
  await refused({ level: 3 }, "level 3: its search has no budget; give budget");
  await refused({ level: 3, budget: {} }, "expected a budget with a limit, got none");
  await refused({ level: 4 }, "expected level of build to be one of 0, 1, 2, 3, got 4");
});

Deno.test("buckets are built at a level, each for its rows", async () => {
  const linear = te.matmul({ m: "m", n: 40, k: 64 });
  using naive = await buildDispatch(linear, cpu, { level: 0 });
  assertEquals(naive.buckets.map((b) => [b.upTo, b.rule]), [[Infinity, "Fallback"]]);
  const tuned = recordsOf(linear, cpu.target, [3, 2], { m: 64 });
  const vector = recordsOf(specialize(linear, { m: 1 }), cpu.target, [3, 2]);
  const database = databaseOf(tuned, vector);
  using dispatch = await buildDispatch(linear, cpu, {
    level: 2,
    database,
    buckets: [1, 2],
    shapes: { m: 64 },
  });
  assertEquals(dispatch.buckets.map((b) => [b.upTo, b.program.built.how, b.program.built.found?.how]), [
    [1, "record", "exact"],
    [2, "rule", undefined],
    [Infinity, "record", "exact"],
  ]);
  for (const m of [1, 2, 30]) {
    const inputs = randomInputs(linear, m, { m });
    const { C } = await dispatch.run(inputs);
    assertEquals(checkOutput("C", C!, interpret(linear, inputs).C!, "f32").wrong, undefined);
  }
});

Deno.test("the nearest configuration: the same value, or the fewest doublings, or the preset", () => {
  const space = new ConfigSpace([
    splitKnob("tile", 48, { parts: 3, preset: [1, 1] }),
    choiceKnob("threads", [32, 64, 128], 64),
    choiceKnob("path", ["buffer", "texture"], "buffer"),
    flagKnob("vectorize", false),
  ]);
  const config = { tile: [8, 4], threads: 256, path: "texture", vectorize: true };
  assertEquals(nearestConfig(space, config), {
    tile: [6, 4],
    threads: 128,
    path: "texture",
    vectorize: true,
  });
  assertEquals(nearestConfig(space, { tile: [12, 4] }), {
    tile: [12, 4],
    threads: 64,
    path: "buffer",
    vectorize: false,
  });
  assertEquals(
    nearestConfig(space, { tile: [8, 4, 2], threads: -1, path: "disk", vectorize: 1, constructor: 3 }),
    { tile: [1, 1], threads: 64, path: "buffer", vectorize: false },
  );
  assertEquals(nearestConfig(space, { tile: "8", threads: "64" }), space.at(space.preset));
});

Deno.test("a point that its template refuses elsewhere leaves the rule", async () => {
  const { template } = match(matmul, cpu.target);
  const largest = spaceOf(matmul, template).knobs.map((k) => [k.name, k.candidates.at(-1)]);
  const tuned = last(recordsOf(matmul, cpu.target, [3, 2]));
  const database = databaseOf([{ ...tuned, config: JSON.stringify(Object.fromEntries(largest)) }]);
  const other = te.matmul({ m: 256, n: 256, k: 32 });
  using program = await build(other, cpu, { level: 2, database });
  assertEquals(program.built.how, "rule");
  assert(program.built.because.includes("does not fit (the template rejects"), program.built.because);
  await isRight(program, other);
});
