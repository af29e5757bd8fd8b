/** Comparisons with methods of the user's own, and of several programs. */
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { TunebookError } from "../../lib/base/error.ts";
import type { PrimFunc } from "../../lib/ir/func.ts";
import { readLog } from "../../lib/records/log.ts";
import { namedTemplate, type Template } from "../../lib/space/template.ts";
import { targetOf } from "../../lib/target/profiles.ts";
import { compare } from "../../lib/tuning/compare.ts";
import type { CompareOptions } from "../../lib/tuning/compare_options.ts";
import type { Progress } from "../../lib/tuning/reporter.ts";
import type { TunableDevice } from "../../lib/tuning/tunable_device.ts";
import * as te from "../../lib/face/te.ts";
import { devices } from "../devices.ts";
import { add, matmul, small } from "./programs.ts";
import { byText, SimulatedMeasuring } from "./simulated_measuring.ts";

const [cpu] = devices;
assert(cpu);
/** A WebGPU device whose candidates are compiled and never run. */
const device: TunableDevice = {
  target: targetOf("llvmpipe"),
  probe: () => Promise.reject(new Error("it is not asked for")),
};

const SOURCE = `@group(0) @binding(0) var<storage, read> A: array<f32>;
@group(0) @binding(1) var<storage, read> B: array<f32>;
@group(0) @binding(2) var<storage, read_write> C: array<f32>;
@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  C[id.x] = A[id.x] + B[id.x];
}`;
const source = { source: SOURCE, workgroups: [1, 1, 1] } as const;
/** Fused, and bound to the threads of one workgroup. */
const oneWorkgroup: Template = (sch) => {
  const [block = ""] = sch.blocks();
  sch.bind(sch.loops(block)[0] ?? "", "threadIdx.x");
};

for (const device of devices) {
  const { kind } = device.target;
  Deno.test(`${kind}: a kernel and a template of the user's own have their rows beside the others`, async () => {
    const also = { mine: source, wrong: { ...source, source: SOURCE.replace("+", "-") }, hand: small };
    const options = { budget: {}, methods: ["dlight"], also, rounds: 3 } as const;
    const { rows, records, trials, summary } = await compare(add, device, options);
    assertEquals(rows.map((r) => r.contestant), ["dlight", "mine", "wrong", "hand"]);
    assertEquals([trials.numRows, summary.numRows], [4, 4]);
    const [rule, mine, wrong, hand] = rows;
    assert(rule && mine && wrong && hand);
    assertEquals([mine.rule, wrong.rule, hand.rule], ["source", "source", "small"]);
    for (const r of [rule, hand]) assert(r.medianMs > 0 && r.samples.length === 3 && r.failed === 0);
    assertEquals(wrong.failed, 1);
    assertEquals(wrong.medianMs, NaN);
    const [, own, bad] = records;
    if (kind === "cpu") {
      assert(own?.status === "compile");
      assertMatch(
        own.message,
        /^expected a WebGPU device for WGSL source, got .*, running add; open the device/,
      );
      assertEquals(own.compileMs, NaN);
      return;
    }
    assertEquals([own?.status, own?.message, own?.trace], ["ok", "", ""]);
    assert(mine.medianMs > 0 && mine.samples.length === 3 && mine.speedupVsDlight > 0);
    assertEquals(bad?.status, "wrongAnswer");
    assertMatch(bad?.message ?? "", /^C\[\d+\] is .* elements are wrong$/);
  });
}

Deno.test("methods of the user's own are recorded once, each source for itself", async () => {
  const path = `${await Deno.makeTempDir()}/log.arrows`;
  const run = async (also: CompareOptions["also"]) => {
    const sim = new SimulatedMeasuring(byText);
    const { records } = await compare(add, device, {
      budget: {},
      methods: [],
      also: also ?? {},
      path,
      open: sim.open,
      rounds: 2,
    });
    return { records, measured: sim.asked.length, raced: sim.raced.length };
  };
  const first = await run({ mine: source, hand: oneWorkgroup });
  assertEquals([first.measured, first.raced], [2, 2]);
  assertEquals(first.records.map((r) => [r.contestant, r.rule]), [["mine", "source"], [
    "hand",
    "oneWorkgroup",
  ]]);
  const again = await run({ mine: source, hand: oneWorkgroup });
  assertEquals([again.measured, again.raced], [0, 2]);
  assertEquals(again.records, first.records);
  assertEquals((await readLog(path)).length, 2);
  for (
    const other of [
      { ...source, source: `${SOURCE}\n` },
      { ...source, workgroups: [2, 1, 1] },
      { ...source, entryPoint: "other" },
      { ...source, bindings: ["B", "A", "C"] },
    ] as const
  ) {
    assertEquals((await run({ mine: other })).measured, 1);
    assertEquals((await run({ mine: other })).measured, 0);
  }
  assertEquals((await readLog(path)).length, 6);
});

Deno.test("a template is recorded by its own name, or by the method's where it has none", async () => {
  const { open } = new SimulatedMeasuring(byText);
  const rulesOf = async (also: CompareOptions["also"]) =>
    (await compare(add, device, { budget: {}, methods: [], also: also ?? {}, open, rounds: 1 })).rows
      .map((r) => r.rule);
  assertEquals(await rulesOf({ a: namedTemplate("by hand", small), b: oneWorkgroup }), [
    "by hand",
    "oneWorkgroup",
  ]);
  const nameless = [(...[sch, knobs]: Parameters<Template>) => small(sch, knobs)];
  assertEquals(await rulesOf({ c: nameless[0] as Template }), ["c"]);
});

Deno.test("workgroups may be a function of the shapes", async () => {
  const func = te.softmax({ rows: "n", columns: 16 });
  const sim = new SimulatedMeasuring(byText);
  const grids: unknown[] = [];
  await compare(func, device, {
    budget: {},
    methods: [],
    also: {
      mine: {
        source: "// made up",
        workgroups: (shapes) => {
          grids.push(shapes);
          return [Math.ceil((shapes.n ?? 0) / 8), 2, 1];
        },
        uniforms: ["n"],
      },
    },
    shapes: { n: 37 },
    open: sim.open,
    rounds: 1,
  });
  assertEquals(grids, [{ n: 37 }]);
  const [launch] = sim.asked[0]?.executable.launches ?? [];
  assertEquals([launch?.grid, launch?.uniforms], [[5, 2, 1], ["n"]]);
});

Deno.test("a method of the user's own that can't be is refused before anything is measured", async () => {
  const sim = new SimulatedMeasuring(byText);
  const refuses = async (also: unknown, says: string | RegExp) => {
    const error = await assertRejects(
      () => compare(add, device, { budget: {}, methods: [], also, open: sim.open } as CompareOptions),
      TunebookError,
    );
    assertMatch((error as Error).message, typeof says === "string" ? new RegExp(says) : says);
  };
  await refuses({ dlight: source }, "expected a name of your own in also, got dlight");
  for (const workgroups of [[1, 1], [0, 1, 1], [1.5, 1, 1], undefined, () => [1, NaN, 1]]) {
    await refuses(
      { mine: { ...source, workgroups } },
      /also\.mine\.workgroups/,
    );
  }
  await refuses({ mine: { workgroups: [1, 1, 1] } }, /also\.mine\.source/);
  assertEquals(sim.opened, []);
});

Deno.test("several programs are compared one after the other, and a folder holds their logs", async () => {
  const path = `${await Deno.makeTempDir()}/logs`;
  const funcs = [matmul, add.with({ name: "../add" })];
  const run = async (trials: number, more: Partial<CompareOptions> = {}) => {
    const sim = new SimulatedMeasuring(byText);
    const result = await compare(funcs, device, {
      budget: { trials },
      methods: ["dlight", "autotvm+dlight"],
      rounds: 2,
      path,
      open: sim.open,
      ...more,
    });
    return { result, sim };
  };
  const { result, sim } = await run(3);
  assertEquals(result.each.map((c) => c.rows.length), [2, 2]);
  assertEquals(result.each.map((c) => c.records.length), [4, 4]);
  assertEquals(result.rows, result.each.flatMap((c) => c.rows));
  assertEquals(result.records, result.each.flatMap((c) => c.records));
  assertEquals([result.trials.numRows, result.summary.numRows, result.budget], [8, 4, { trials: 3 }]);
  assertEquals(Object.keys(result.charts), ["overview"]);
  assertEquals(sim.opened.map((o) => o.func), funcs);
  assertEquals(sim.closed, 2);
  const files = [...Deno.readDirSync(path)].map((e) => e.name).toSorted();
  assertEquals(files, ["0_matmul.arrows", "1__add.arrows"]);

  const more = await run(5);
  assertEquals(more.sim.asked.length, 4);
  assertEquals(more.result.each.map((c) => c.records.length), [6, 6]);
  for (const [k, { records }] of result.each.entries()) {
    const now = more.result.each[k]?.records ?? [];
    assert(records.every((r) => now.some((o) => o.time === r.time && o.config === r.config)));
  }
});

Deno.test("a comparison of several programs that is stopped has rows for all of them", async () => {
  const stop = new AbortController();
  const reporter = {
    update: ({ task, stage }: Progress) => task === "matmul" && stage === "done" ? stop.abort() : undefined,
    done: () => Promise.resolve(),
  };
  const { open } = new SimulatedMeasuring(byText);
  const { each, rows } = await compare([matmul, add], device, {
    budget: { trials: 2 },
    methods: ["autotvm+dlight"],
    rounds: 1,
    open,
    signal: stop.signal,
    reporter,
  });
  assertEquals(each.map((c) => c.records.length), [2, 0]);
  assertEquals(rows.map((r) => Number.isNaN(r.medianMs)), [false, true]);
});

Deno.test("no program to compare is refused", async () => {
  const none: readonly PrimFunc[] = [];
  await assertRejects(
    () => compare(none, device, { budget: { trials: 1 } }),
    TunebookError,
    "expected at least one program to compare, got none",
  );
});
