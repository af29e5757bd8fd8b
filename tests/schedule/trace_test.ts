import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import fc from "fast-check";
import { equalFunc } from "../../lib/ir/equal.ts";
import { fingerprint } from "../../lib/ir/fingerprint.ts";
import { ScheduleError } from "../../lib/schedule/error.ts";
import { Schedule } from "../../lib/schedule/schedule.ts";
import type { Step } from "../../lib/schedule/step.ts";
import { replay, STEP_LIMIT, Trace, type TraceJson } from "../../lib/schedule/trace.ts";
import { addOne, addOne2, addOneSymbolic, center, product } from "./programs.ts";
import { OPS } from "./random_steps.ts";

/** A schedule of `product` with a step of most kinds. */
function tiled(): Schedule {
  const sch = new Schedule(product(8, 8, 8));
  const copy = sch.cacheWrite("C", "local");
  const [i0, i1] = sch.split("i", [null, 4]);
  const [j0, j1] = sch.split("j", [2, 4]);
  sch.reorder(i0, j0, "k", i1, j1);
  sch.reverseComputeAt(copy, j0);
  sch.bind(sch.fuse(i0, j0), "blockIdx.x");
  sch.setScope("A", "texture");
  sch.decomposeReduction("C", "k");
  sch.annotate("k", "unroll", 4);
  return sch;
}

Deno.test("a trace says its steps as calls", () => {
  assertEquals(
    `${tiled().trace}`,
    [
      'sch.cacheWrite("C", "local")',
      'sch.split("i", [null, 4])',
      'sch.split("j", [2, 4])',
      'sch.reorder("i_0", "j_0", "k", "i_1", "j_1")',
      'sch.reverseComputeAt("C_local", "j_0")',
      'sch.fuse("i_0", "j_0")',
      'sch.bind("i_0_j_0_fused", "blockIdx.x")',
      'sch.setScope("A", "texture")',
      'sch.decomposeReduction("C", "k")',
      'sch.annotate("k", "unroll", 4)',
    ].join("\n"),
  );
  assertEquals(`${Trace.of(addOne(), [])}`, "");
});

Deno.test("a trace replays from itself, its data and its text", () => {
  const { func, trace } = tiled();
  const text = JSON.stringify(trace);
  for (const form of [trace, trace.toJSON(), text, JSON.parse(text) as TraceJson, Trace.fromJSON(text)]) {
    assert(equalFunc(replay(product(8, 8, 8), form), func));
  }
  assertEquals(JSON.stringify(Trace.fromJSON(text)), text);
  assert(equalFunc(replay(addOne(), Trace.of(addOne(), [])), addOne()));
});

Deno.test("a trace keeps what a step was asked, whatever the caller does with its lists", () => {
  const sch = new Schedule(center(4, 6));
  const factors = [null, 2], padding = [2, 4], order = [1, 0, 2];
  sch.padEinsum("T", padding);
  sch.transformLayout("A_pad", { split: [[2], []], order });
  sch.split("k", factors);
  factors[1] = 3;
  padding.push(7);
  order.pop();
  assertEquals(sch.trace.steps, [
    { op: "padEinsum", block: "T", padding: [2, 4] },
    { op: "transformLayout", buffer: "A_pad", map: { split: [[2], []], order: [1, 0, 2] } },
    { op: "split", loop: "k", factors: [null, 2] },
  ]);
  const { steps } = sch.trace;
  sch.unroll("k_1");
  assertEquals(steps.length, 3);
});

Deno.test("a refused step leaves no trace", () => {
  const sch = new Schedule(addOne());
  assertThrows(() => sch.split("i", [2, 2]), ScheduleError);
  assertThrows(() => sch.unroll("j"), ScheduleError);
  sch.unroll("i");
  assertEquals(sch.trace.steps.map((s) => s.op), ["unroll"]);
});

Deno.test("a trace of another program is refused, and says whose it is", () => {
  const text = JSON.stringify(new Schedule(addOne(10)).trace);
  const other = addOne(12);
  for (const f of [other, addOne2(), addOneSymbolic(), center(), addOne(10).with({ name: "same" })]) {
    assertThrows(
      () => replay(f, text),
      ScheduleError,
      `cannot replay a trace of add_one (${fingerprint(addOne(10))}) on ${f.name} (${fingerprint(f)}): ` +
        `a trace fits only the program that it was made for, with the same shapes and dtypes`,
    );
  }
});

Deno.test("a trace whose steps don't fit is refused as the step is", () => {
  const program = { name: "add_one", fingerprint: fingerprint(addOne()) };
  const replaying = (...steps: readonly Step[]) => () => replay(addOne(), { program, steps });
  assertThrows(
    replaying({ op: "unroll", loop: "k" }),
    ScheduleError,
    "no loop k in add_one: its loops are i",
  );
  assertThrows(
    replaying({ op: "split", loop: "i", factors: [2, 2] }, { op: "unroll", loop: "i_0" }),
    ScheduleError,
    "factors must multiply to at least 10",
  );
});

/** A step of each kind as JSON, legal in form. */
const SAMPLES: { readonly [Op in Step["op"]]: Extract<Step, { op: Op }> } = {
  split: { op: "split", loop: "i", factors: [null, 4] },
  fuse: { op: "fuse", loops: ["i", "j"] },
  mergeLoops: { op: "mergeLoops", loops: ["i", "j"] },
  reorder: { op: "reorder", loops: ["j", "i"] },
  bind: { op: "bind", loop: "i", thread: "threadIdx.z" },
  vectorize: { op: "vectorize", loop: "i" },
  unroll: { op: "unroll", loop: "i" },
  parallel: { op: "parallel", loop: "i" },
  addUnitLoop: { op: "addUnitLoop", block: "B" },
  cacheRead: { op: "cacheRead", block: "B", buffer: "A", scope: "shared" },
  cacheWrite: { op: "cacheWrite", block: "B", scope: "local" },
  computeAt: { op: "computeAt", block: "B", loop: "i" },
  reverseComputeAt: { op: "reverseComputeAt", block: "B", loop: "i" },
  computeInline: { op: "computeInline", block: "B" },
  reverseComputeInline: { op: "reverseComputeInline", block: "B" },
  decomposeReduction: { op: "decomposeReduction", block: "B", loop: "k" },
  rfactor: { op: "rfactor", loop: "k", axis: 0 },
  streamK: { op: "streamK", block: "B", tile: [4, 2], step: 8, workers: 3 },
  loopPartition: { op: "loopPartition", loop: "i", at: [4, 8] },
  decomposePadding: { op: "decomposePadding", block: "B", loop: "i" },
  blockize: { op: "blockize", loop: "i" },
  collapseAxes: { op: "collapseAxes" },
  padEinsum: { op: "padEinsum", block: "B", padding: [4, 1] },
  reindex: { op: "reindex", block: "B", buffer: "A" },
  transformLayout: { op: "transformLayout", buffer: "T", map: { split: [[2], []], order: [2, [0, 1]] } },
  transformBlockLayout: { op: "transformBlockLayout", block: "B", map: { split: [[]], order: [0] } },
  setScope: { op: "setScope", name: "A", scope: "texture" },
  storageAlign: { op: "storageAlign", block: "B", axis: 0, factor: 32, offset: 1 },
  doubleBuffer: { op: "doubleBuffer", block: "B" },
  annotate: { op: "annotate", name: "i", key: "pragma", value: 0.5 },
};
const PROGRAM = { name: "add_one", fingerprint: fingerprint(addOne()) };

/** What reading a trace of this one step says. */
function said(step: unknown): string {
  return assertThrows(
    () => Trace.fromJSON({ program: PROGRAM, steps: [SAMPLES.unroll, step] }),
    ScheduleError,
  )
    .message;
}

Deno.test("every kind of step is read back as it was written", () => {
  const text = JSON.stringify({ program: PROGRAM, steps: Object.values(SAMPLES) });
  assertEquals(Object.keys(SAMPLES).toSorted(), [...OPS].toSorted());
  assertEquals(JSON.stringify(Trace.fromJSON(text)), text);
  // The fields may come in any order.
  const turned = Object.values(SAMPLES).map((s) => Object.fromEntries(Object.entries(s).toReversed()));
  assertEquals(JSON.stringify(Trace.fromJSON({ program: PROGRAM, steps: turned })), text);
});

Deno.test("a step without one of its fields is refused", () => {
  for (const [op, step] of Object.entries(SAMPLES)) {
    for (const field of Object.keys(step).filter((f) => f !== "op")) {
      const rest = Object.fromEntries(Object.entries(step).filter(([f]) => f !== field));
      const missing = `cannot read step 1 of a trace of add_one: missing ${field} of ${op}: expected `;
      assertStringIncludes(said(rest), missing);
    }
  }
});

Deno.test("a step with a field of another kind is refused, and says what would be one", () => {
  const strange: readonly unknown[] = [null, undefined, {}, [[]], NaN, Infinity, ["x", null, 1], () => 1, 1n];
  for (const step of Object.values(SAMPLES)) {
    for (const field of Object.keys(step).filter((f) => f !== "op")) {
      for (const value of strange) said({ ...step, [field]: value });
    }
  }
  const wrong = <Op extends Step["op"]>(op: Op, fields: Readonly<Record<string, unknown>>) =>
    said({ ...SAMPLES[op], ...fields });
  assertStringIncludes(wrong("split", { factors: "x" }), 'finite numbers and nulls, got "x"');
  assertStringIncludes(wrong("split", { factors: [2, "x"] }), 'nulls, got [2, "x"]');
  assertStringIncludes(wrong("split", { factors: [2, undefined] }), "got [2, nothing]");
  assertStringIncludes(
    wrong("fuse", { loops: null }),
    "expected loops of fuse to be a list of up to 64 texts, got null",
  );
  assertStringIncludes(wrong("reorder", { loops: { length: 2 } }), "got an object with length");
  assertStringIncludes(wrong("bind", { thread: "threadIdx.w" }), "one of blockIdx.x, blockIdx.y");
  assertStringIncludes(
    wrong("cacheRead", { scope: "register" }),
    'one of global, shared, local, texture, uniform, got "reg',
  );
  assertStringIncludes(wrong("cacheWrite", { scope: "__proto__" }), 'got "__proto__"');
  assertStringIncludes(wrong("padEinsum", { padding: [1, null] }), "finite numbers, got [1, null]");
  const map =
    "expected map of transformLayout to be { split: a list of up to 64 lists of finite numbers, order: a list of";
  for (
    const bad of [
      { split: [[]] },
      { order: [0] },
      { split: [[]], order: [0], more: 1 },
      { split: [2], order: [0] },
      { split: [[null]], order: [0] },
      { split: [[]], order: ["0"] },
      { split: [[]], order: [[[0]]] },
      { split: [[]], order: Array(65).fill(0) },
      { split: { length: 1 }, order: [0] },
      Object.create({ split: [[]], order: [0] }),
      JSON.parse('{"split": [[]], "__proto__": {"order": [0]}}'),
    ]
  ) assertStringIncludes(wrong("transformLayout", { map: bad }), map);
  assertStringIncludes(wrong("annotate", { value: [1] }), "text, a finite number or a boolean, got [1]");
});

Deno.test("a step with a field of its own making is refused", () => {
  assertStringIncludes(
    said({ ...SAMPLES.split, axis: 1 }),
    'cannot read step 1 of a trace of add_one: split has no field "axis"; it takes loop, factors',
  );
  for (const key of ["__proto__", "constructor", "toString"]) {
    const step = JSON.parse(`{"op": "unroll", "loop": "i", "${key}": {"loop": "k"}}`);
    assertStringIncludes(said(step), `unroll has no field "${key}"`);
  }
  // What is inherited is not given.
  assertStringIncludes(said(Object.create(SAMPLES.unroll)), "unknown step nothing");
});

Deno.test("what is no step is refused, and the known ones are named", () => {
  for (const step of [null, 3, "unroll", [], ["unroll", "i"], true]) {
    assertStringIncludes(said(step), "expected a step as an object with an op, got ");
  }
  for (const op of ["explode", "__proto__", "constructor", "hasOwnProperty", "", 7, null, {}, ["unroll"]]) {
    const message = said({ op, loop: "i" });
    assertStringIncludes(message, "unknown step ");
    assertStringIncludes(message, `known are ${Object.keys(SAMPLES).slice(0, 1)}`);
  }
});

Deno.test("what is no trace is refused", () => {
  const needs = "it needs { program: { name, fingerprint }, steps: [] }";
  const bad: readonly unknown[] = [
    null,
    undefined,
    7,
    [],
    {},
    { steps: [] },
    { program: null, steps: [] },
    { program: PROGRAM },
    { program: PROGRAM, steps: {} },
    { program: PROGRAM, steps: "" },
    { program: { name: 1, fingerprint: "0" }, steps: [] },
    { program: { name: "f" }, steps: [] },
    { program: Object.create(PROGRAM), steps: [] },
    "null",
    "[]",
  ];
  for (const json of bad) assertThrows(() => Trace.fromJSON(json), ScheduleError, needs);
  assertThrows(() => Trace.fromJSON("{"), ScheduleError, "expected a trace as JSON, got text that is not");
  assertThrows(() => replay(addOne(), ""), ScheduleError, "expected a trace as JSON, got text that is not");
});

Deno.test("a trace that is too large in any way is refused at once", () => {
  const traceOf = (steps: readonly unknown[]) => () => Trace.fromJSON({ program: PROGRAM, steps });
  const trace = (step: unknown) => traceOf([step]);
  const long = "i".repeat(2000);
  assertThrows(
    traceOf(Array<unknown>(1e6).fill(SAMPLES.unroll)),
    ScheduleError,
    `expected a trace of up to ${STEP_LIMIT} steps, got one of 1000000 steps`,
  );
  assertThrows(trace({ op: "unroll", loop: long }), ScheduleError, "text of up to 1000 characters");
  assertThrows(trace({ op: long }), ScheduleError, "unknown step");
  const ones = Array<number>(1e6).fill(1);
  const { message } = assertThrows(trace({ op: "split", loop: "i", factors: ones }), ScheduleError);
  assertStringIncludes(message, "[1, 1, 1, 1, 1, 1, 1, 1, …], 1000000 in all");
  const deep = JSON.parse("[".repeat(1e5) + "]".repeat(1e5));
  assertThrows(trace({ op: "fuse", loops: deep }), ScheduleError, "got [[…]]");
  assertThrows(trace(deep), ScheduleError, "expected a step as an object");
  const huge = { op: "split", loop: "i", factors: [null, 1e300] } as const;
  assertThrows(
    () => replay(addOne(), { program: PROGRAM, steps: [huge] }),
    ScheduleError,
    "2^31 iterations or more",
  );
});

Deno.test("a schedule takes as many steps as a trace", () => {
  const sch = new Schedule(addOne());
  for (let k = 0; k < STEP_LIMIT; k++) sch.annotate("i", "step", k);
  assertThrows(
    () => sch.annotate("i", "step", -1),
    ScheduleError,
    `cannot annotate: expected at most ${STEP_LIMIT} steps in a schedule, got one more`,
  );
  assert(equalFunc(replay(addOne(), JSON.stringify(sch.trace)), sch.func));
});

Deno.test("any JSON for a trace is refused with our error, or replays in moments", () => {
  const name = fc.oneof(fc.constantFrom("i", "j", "k", "C", "A", "i_0", "__proto__"), fc.string());
  const field = fc.oneof(
    { weight: 3, arbitrary: name },
    { weight: 2, arbitrary: fc.array(fc.oneof(name, fc.constant(null), fc.integer(), fc.double())) },
    { weight: 2, arbitrary: fc.constantFrom("shared", "threadIdx.x", "blockIdx.y") },
    { weight: 1, arbitrary: fc.oneof(fc.integer(), fc.double(), fc.constantFrom(2 ** 31, 1e308, -0)) },
    { weight: 1, arbitrary: fc.jsonValue() },
  );
  const few = fc.array(fc.integer({ min: -1, max: 4 }), { maxLength: 3 });
  const map = fc.record({
    split: fc.array(few, { maxLength: 4 }),
    order: fc.array(fc.oneof(fc.nat(4), few), { maxLength: 5 }),
  });
  const sample = fc.constantFrom(...Object.values<Step>(SAMPLES));
  // A known step with some of its fields changed, so that many get as far as being applied.
  const step = fc.tuple(
    sample,
    fc.dictionary(
      fc.constantFrom("loop", "loops", "factors", "block", "axis", "buffer", "map"),
      fc.oneof({ weight: 3, arbitrary: field }, { weight: 1, arbitrary: map }),
    ),
  )
    .map(([known, others]) => {
      const own = Object.keys(known).filter((k) => Object.hasOwn(others, k));
      return { ...known, ...Object.fromEntries(own.map((k) => [k, others[k]])) };
    });
  const func = product(3, 4, 5);
  const program = { name: func.name, fingerprint: fingerprint(func) };
  const steps = fc.array(fc.oneof({ weight: 5, arbitrary: step }, { weight: 1, arbitrary: fc.jsonValue() }), {
    maxLength: 8,
  });
  fc.assert(
    fc.property(steps, (steps) => {
      try {
        replay(func, JSON.stringify({ program, steps }));
      } catch (e) {
        assert(e instanceof ScheduleError, `${e}`);
      }
    }),
    { numRuns: 1000 },
  );
});
