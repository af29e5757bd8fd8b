/** What a measurer makes of candidates as searches and users give them: traces and sources. */
import * as dlight from "../../lib/dlight/schedule.ts";
import * as te from "../../lib/face/te.ts";
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { TunebookError } from "../../lib/base/error.ts";
import { add, constant, mul } from "../../lib/ir/build.ts";
import type { ScalarType } from "../../lib/ir/dtype.ts";
import type { PrimFunc } from "../../lib/ir/func.ts";
import type { KernelSource } from "../../lib/measure/kernel_source.ts";
import { Measurer } from "../../lib/measure/measurer.ts";
import type { Candidate, MeasuringOptions } from "../../lib/measure/measuring.ts";
import { responseFromJson, sessionFromJson, sessionToJson } from "../../lib/measure/protocol.ts";
import type { TypedArray } from "../../lib/runtime/arrays.ts";
import { Trace, type TraceJson } from "../../lib/schedule/trace.ts";
import { compute } from "../../lib/te/compute.ts";
import { placeholder } from "../../lib/te/tensor.ts";
import { primFunc } from "../../lib/te/prim_func.ts";
import { devices } from "../devices.ts";

const quick = { repeats: 2, minSampleMs: 10 };
const SIZE = 256;
const gpu = devices.find((d) => d.target.kind === "webgpu");
const [cpu] = devices;
assert(cpu);

/** `B[i] = X[i]·2 + Y[i]`: its parameters can't be exchanged. */
const X = placeholder("X", [SIZE]), Y = placeholder("Y", [SIZE]);
const sum = primFunc("sum", [
  X,
  Y,
  compute("B", [SIZE], (i) => add(mul(X.at(i), constant(2, "f32")), Y.at(i))),
]);

async function measured(options: MeasuringOptions, candidate: Candidate) {
  await using measurer = await Measurer.open(options);
  return (await measurer.measure({ candidate, ...quick })).measurement;
}

const traceOf = (func: PrimFunc, target: MeasuringOptions["target"]) =>
  dlight.schedule(func, target).trace.toJSON();

for (const { target } of devices) {
  Deno.test(`${target.kind}: a trace is replayed, lowered, compiled and measured`, async (t) => {
    const func = te.matmul({ m: 32, n: 32, k: 32 });
    await using measurer = await Measurer.open({ func, target });
    const ask = async (candidate: Candidate) => (await measurer.measure({ candidate, ...quick })).measurement;
    const trace = traceOf(func, target);
    const m = await ask({ trace });
    assert(m.status === "ok" && m.maxError < 1e-5 && m.samples.length === 2, JSON.stringify(m));
    assert(m.compileMs > 0);

    await t.step("one of a program of its own", async () => {
      const program = te.matmul({ m: 32, n: 32, k: 32 }).with({ name: "other" });
      assertEquals((await ask({ trace: traceOf(program, target), program })).status, "ok");
      const unscheduled = dlight.schedule(func, target).func;
      const none = Trace.of(unscheduled, []).toJSON();
      assertEquals((await ask({ trace: none, program: unscheduled })).status, "ok");
    });

    await t.step("one that can't be compiled is a failure that says where", async () => {
      const foreign = traceOf(te.add({ shape: [64] }), target);
      const steps = (json: unknown) => ({ ...trace, steps: json }) as TraceJson;
      const cases: readonly (readonly [TraceJson, string, RegExp])[] = [
        [foreign, "instantiate", /add/],
        [steps([{ op: "unroll", loop: "nowhere" }]), "instantiate", /nowhere/],
        [steps([{ op: "conjure" }]), "instantiate", /conjure/],
        [steps([{ op: "bind", loop: "k", thread: "blockIdx.x" }]), "instantiate", /block C reduces over it/],
        [steps([]), "lower", /./],
      ];
      const { pid } = measurer;
      for (const [trace, status, says] of cases) {
        const m = await ask({ trace });
        assertEquals(m.status, status, JSON.stringify(m));
        assert(m.status !== "ok");
        assertMatch(m.message, says);
        // JSON has no NaN, and records hold no null.
        assertEquals(m.compileMs, NaN);
      }
      assertEquals(measurer.pid, pid, "a candidate took the process with it");
    });

    await t.step("a race of one that compiles and one that does not", async () => {
      const bad = { ...trace, steps: [{ op: "unroll", loop: "nowhere" }] } as TraceJson;
      const raced = await measurer.race([{ trace: bad }, { trace }], 3, { minSampleMs: 10 });
      assertEquals(raced.map((m) => m.status), ["instantiate", "ok"]);
      assertEquals(raced[0]?.compileMs, NaN);
      assert(raced[1]?.status === "ok" && raced[1].samples.length === 3);
    });
  });

  Deno.test(`${target.kind}: a limit of the given target stands against a candidate, not the process's device`, async () => {
    const func = te.matmul({ m: 32, n: 32, k: 32 });
    const trace = traceOf(func, target);
    const narrow = { ...target, limits: { ...target.limits, maxInvocations: 1, maxSharedBytes: 1 } };
    const threads = {
      ...trace,
      steps: [{ op: "bind", loop: "j", thread: "threadIdx.x" }],
    } as unknown as TraceJson;
    const m = await measured({ func, target: narrow }, { trace: threads });
    assert(m.status === "verify", JSON.stringify(m));
    assertMatch(m.message, /limit is 1/);
    assertEquals(m.compileMs, NaN);
  });

  Deno.test(`${target.kind}: given inputs are what results are checked on`, async () => {
    const trace = traceOf(sum, target);
    const inputs = { X: new Float32Array(SIZE).fill(3), Y: new Float32Array(SIZE).fill(-6) };
    // All right, and so is the reference: it is zero throughout, as it is for no random inputs.
    const zero = primFunc("zero", [X, Y, compute("B", [SIZE], () => constant(0, "f32"))]);
    const program = { trace: traceOf(zero, target), program: zero };
    assertEquals((await measured({ func: sum, target, inputs }, { trace })).status, "ok");
    assertEquals((await measured({ func: sum, target, inputs }, program)).status, "ok");
    assertEquals((await measured({ func: sum, target }, program)).status, "wrongAnswer");
    // One alone: the other one is random.
    const one = await measured({ func: sum, target, inputs: { X: inputs.X } }, program);
    assertEquals(one.status, "wrongAnswer");
  });
}

Deno.test("inputs reach the process bit for bit, in every type", () => {
  const view = new Float32Array([9, -0, 1 / 3, Number.MIN_VALUE, 3.4028235e38, Infinity, NaN, 9]);
  const inputs: Record<string, TypedArray> = {
    f32: view.subarray(1, 7),
    f16: new Float16Array([-0, 1 / 3, 65504, 6e-8, -Infinity, NaN]),
    i32: new Int32Array([0, -1, 2 ** 31 - 1, -(2 ** 31)]),
    u32: new Uint32Array([0, 2 ** 32 - 1, 2 ** 31]),
  };
  // A NaN with bits of its own.
  new Uint32Array(view.buffer)[6] = 0x7fc12345;
  const tensors = Object.keys(inputs).map((dtype) => placeholder(dtype, [1], dtype as ScalarType));
  const every = primFunc("every", [...tensors, compute("B", [1], () => constant(0, "f32"))]);
  const json = JSON.parse(JSON.stringify(sessionToJson({ func: every, target: cpu.target, inputs })));
  const read = sessionFromJson(json);
  const bits = (a: TypedArray) => [
    a.constructor.name,
    ...new Uint8Array(a.buffer as ArrayBuffer, a.byteOffset, a.byteLength),
  ];
  assertEquals(Object.keys(read.inputs), Object.keys(inputs));
  for (const [name, array] of Object.entries(inputs)) {
    assertEquals(bits(read.inputs[name] as TypedArray), bits(array), name);
  }
  assertEquals(read.target, cpu.target);
});

Deno.test("ranges reach the process, and draw what results are checked on", async () => {
  const W = placeholder("W", [50]), ids = placeholder("ids", [SIZE], "i32");
  const gather = primFunc("gather", [W, ids, compute("B", [SIZE], (i) => W.at(ids.at(i)))]);
  const options = { func: gather, target: cpu.target, inputs: { ids: { below: 50 } } };
  assertEquals(sessionFromJson(JSON.parse(JSON.stringify(sessionToJson(options)))).inputs, options.inputs);
  const m = await measured(options, { trace: traceOf(gather, cpu.target) });
  assert(m.status === "ok" && (m.checkedRuns ?? 0) >= 10, JSON.stringify(m));
  for (const inputs of [{ id: { below: 50 } }, { ids: { below: 0 } }, { ids: { below: 1.5 } }]) {
    await assertRejects(
      () => Measurer.open({ ...options, inputs: inputs as unknown as typeof options.inputs }),
      TunebookError,
      "expected ",
    );
  }
});

Deno.test("an output that is one number for all random inputs is refused, and not where inputs are given", async () => {
  const never = primFunc("never", [X, compute("B", [SIZE], (i) => mul(X.at(i), 0))]);
  const trace = traceOf(never, cpu.target);
  await assertRejects(
    () => measured({ func: never, target: cpu.target }, { trace }),
    TunebookError,
    "expected an output that depends on its inputs, got 0 in every element of B",
  );
  const inputs = { X: new Float32Array(SIZE).fill(1) };
  assertEquals((await measured({ func: never, target: cpu.target, inputs }, { trace })).status, "ok");
});

Deno.test("an input of a type that no parameter has is refused", async () => {
  const inputs = { X: new Float64Array(SIZE) } as unknown as NonNullable<MeasuringOptions["inputs"]>;
  await assertRejects(
    () => Measurer.open({ func: sum, target: cpu.target, inputs }),
    TunebookError,
    "expected a Float32Array, Float16Array, Int32Array or Uint32Array, got Float64Array, as input X",
  );
});

Deno.test("an answer's missing compileMs is NaN again", () => {
  const failed = { status: "lower", message: "", compileMs: NaN } as const;
  const ok = { status: "ok", samples: [1], clock: "cpu", compileMs: 2, maxError: 0 } as const;
  const through = (response: unknown) => responseFromJson(JSON.stringify(response));
  const one = { kind: "measured", measurement: failed, promoted: false, busyMs: 1 };
  assertEquals(through(one), one as unknown as ReturnType<typeof through>);
  const two = { kind: "raced", measurements: [ok, failed] };
  assertEquals(through(two), two as unknown as ReturnType<typeof through>);
});

const SOURCE = `@group(0) @binding(0) var<storage, read> X: array<f32>;
@group(0) @binding(1) var<storage, read> Y: array<f32>;
@group(0) @binding(2) var<storage, read_write> B: array<f32>;
@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  B[id.x] = 2.0 * X[id.x] + Y[id.x];
}`;

Deno.test("the CPU refuses WGSL in words", async () => {
  const candidate = { source: { source: SOURCE, workgroups: [4, 1, 1] } } as const;
  const m = await measured({ func: sum, target: cpu.target }, candidate);
  assert(m.status === "compile", JSON.stringify(m));
  assertEquals(
    m.message,
    `expected a WebGPU device for WGSL source, got ${cpu.target.name}, running sum; open the device with ` +
      `backend: "webgpu", or give a template`,
  );
});

Deno.test({
  name: "WGSL of the user's own is checked and timed, and what is wrong with it is said",
  ignore: !gpu,
  fn: async (t) => {
    assert(gpu);
    await using measurer = await Measurer.open({ func: sum, target: gpu.target });
    const ask = async (source: Partial<KernelSource>) => {
      const candidate = { source: { source: SOURCE, workgroups: [4, 1, 1], ...source } as const };
      return (await measurer.measure({ candidate, ...quick })).measurement;
    };
    const renamed = SOURCE.replace("fn main", "fn twice");
    // Binding 0 is Y, 1 is B, 2 is X.
    const reordered = SOURCE.replace("binding(0)", "binding(x)").replace("binding(1)", "binding(0)")
      .replace("binding(2)", "binding(1)").replace("binding(x)", "binding(2)");
    for (
      const [what, source] of Object.entries<Partial<KernelSource>>({
        "in the program's order": {},
        "with an entry point of its own": { source: renamed, entryPoint: "twice" },
        "with bindings in another order": { source: reordered, bindings: ["Y", "B", "X"] },
      })
    ) {
      await t.step(`right ${what}`, async () => {
        const m = await ask(source);
        assert(m.status === "ok" && m.maxError < 1e-6 && m.samples.length === 2, JSON.stringify(m));
      });
    }
    const { pid } = measurer;
    const wrong: Readonly<Record<string, readonly [Partial<KernelSource>, string, RegExp]>> = {
      "a wrong result": [
        { source: SOURCE.replace("2.0", "2.1") },
        "wrongAnswer",
        /^B\[0\] is .* elements are wrong/,
      ],
      "too few workgroups": [{ workgroups: [3, 1, 1] }, "wrongAnswer", /^B\[192\] is NaN .*; 64 of 256/],
      "source that does not compile": [
        { source: SOURCE.replace("id.x]", "nowhere]") },
        "compile",
        /^cannot compile sum: 5:5: [^]*nowhere/,
      ],
      "an entry point that is not there": [{ entryPoint: "twice" }, "compile", /twice/],
      "bindings that are not the source's": [{ bindings: ["Y", "X", "B"] }, "wrongAnswer", /^B\[0\]/],
      "an unknown parameter": [
        { bindings: ["X", "Y", "C"] },
        "compile",
        /^expected bindings among X, Y, B, got C, running source for sum$/,
      ],
      "more workgroups than there may be": [
        { workgroups: [2 ** 20, 1, 1] },
        "verify",
        /1048576 x 1 x 1 workgroups/,
      ],
    };
    for (const [what, [source, status, says]] of Object.entries(wrong)) {
      await t.step(what, async () => {
        const m = await ask(source);
        assertEquals(m.status, status, JSON.stringify(m));
        assert(m.status !== "ok");
        assertMatch(m.message, says);
      });
    }
    assertEquals(measurer.pid, pid, "a candidate took the process with it");
    assertEquals((await ask({})).status, "ok");
  },
});

Deno.test({
  name: "WGSL reads shape variables from a uniform buffer",
  ignore: !gpu,
  fn: async () => {
    assert(gpu);
    const func = te.softmax({ rows: "n", columns: 4 });
    const source = `@group(0) @binding(0) var<storage, read> A: array<f32>;
@group(0) @binding(1) var<storage, read_write> B: array<f32>;
@group(0) @binding(2) var<uniform> shape: vec4<i32>;
@compute @workgroup_size(16) fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let i = id.x;
  if (i >= u32(shape.x)) { return; }
  // Without the largest it would overflow on the second set of inputs.
  var largest = A[4u * i];
  for (var j = 1u; j < 4u; j++) { largest = max(largest, A[4u * i + j]); }
  var total = 0.0;
  for (var j = 0u; j < 4u; j++) { total += exp(A[4u * i + j] - largest); }
  for (var j = 0u; j < 4u; j++) { B[4u * i + j] = exp(A[4u * i + j] - largest) / total; }
}`;
    const options = { func, target: gpu.target, shapes: { n: 37 } };
    const right = { source, workgroups: [3, 1, 1], uniforms: ["n"] } as const;
    const m = await measured(options, { source: right });
    assert(m.status === "ok", JSON.stringify(m));
  },
});
