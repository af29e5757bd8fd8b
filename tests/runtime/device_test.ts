/** Programs on devices: what goes in comes out right, stays apart from everything else, and fails in words. */
import * as te from "../../lib/face/te.ts";
import { assert, assertEquals, assertNotStrictEquals, assertRejects } from "@std/assert";
import { compile } from "../../lib/codegen/compile.ts";
import type { Executable, TextureSpec } from "../../lib/codegen/executable.ts";
import { fallback } from "../../lib/dlight/fallback/fallback.ts";
import { schedule } from "../../lib/dlight/schedule.ts";
import { binary, cast, constant, mul, not, select } from "../../lib/ir/build.ts";
import type { ScalarType } from "../../lib/ir/dtype.ts";
import type { PrimFunc } from "../../lib/ir/func.ts";
import { randomInputs } from "../../lib/measure/random_inputs.ts";
import type { Inputs } from "../../lib/runtime/arguments.ts";
import { Device } from "../../lib/runtime/device.ts";
import {
  CompileError,
  DeviceLostError,
  LaunchLimitError,
  RunError,
  RuntimeError,
} from "../../lib/runtime/error.ts";
import type { Program } from "../../lib/runtime/program.ts";
import { Schedule } from "../../lib/schedule/schedule.ts";
import { compute } from "../../lib/te/compute.ts";
import { placeholder } from "../../lib/te/tensor.ts";
import { primFunc } from "../../lib/te/prim_func.ts";
import { devices } from "../devices.ts";
import { subjectOf, wrongOn, wrongResults } from "../lower/checked_run.ts";

function load(device: Device, func: PrimFunc): Promise<Program> {
  return device.load(compile(schedule(func, device.target, [fallback]).func, device.target));
}

/** `B = A + A` for any dtype: booleans turn around. */
function twice(dtype: ScalarType, shape: readonly number[]): PrimFunc {
  const A = placeholder("A", shape, dtype);
  const B = compute(
    "B",
    shape,
    (...at) => dtype === "bool" ? not(A.at(...at)) : binary("add", A.at(...at), A.at(...at)),
  );
  return primFunc("twice", [A, B]);
}

/** A workgroup for each turn of the outermost loop of each block, and nothing more. */
function spread(func: PrimFunc, tag: "blockIdx.x" | "blockIdx.y" = "blockIdx.x"): Schedule {
  const sch = new Schedule(func);
  for (const block of sch.blocks()) sch.bind(sch.loops(block)[0] as string, tag);
  return sch;
}

const ones = (n: number) => new Float32Array(n).fill(1);

for (const device of devices) {
  const { target } = device;
  const test = (name: string, body: () => Promise<void>) => Deno.test(`${name} (${target.name})`, body);

  test("results of one run are no other run's", async () => {
    using program = await load(device, te.add({ shape: [5] }));
    const A = ones(5);
    using bound = await program.bind({ A, B: A });
    await bound.run(1);
    const { C: first } = await bound.read();
    const { C: second } = await bound.read();
    assertNotStrictEquals(first, second);
    first?.fill(7);
    bound.poison();
    const { C: poisoned } = await bound.read();
    assertEquals([first, second, poisoned].map((c) => c?.[4]), [7, 2, NaN]);
    assertEquals([...A], [1, 1, 1, 1, 1]);
  });

  test("arguments are those of the time of binding", async () => {
    using program = await load(device, te.add({ shape: [3] }));
    const A = ones(3);
    using bound = await program.bind({ A, B: A });
    A.fill(50);
    await bound.run(1);
    assertEquals((await bound.read()).C, new Float32Array([2, 2, 2]));
  });

  test("a view of a part of an array is taken as that part", async () => {
    using program = await load(device, te.add({ shape: [3] }));
    const all = new Float32Array([9, 1, 2, 3, 9]);
    const { C } = await program.run({ A: all.subarray(1, 4), B: all.subarray(1, 4) });
    assertEquals(C, new Float32Array([2, 4, 6]));
  });

  test("a program runs as many times as it is asked to", async () => {
    using program = await load(device, te.add({ shape: [3] }));
    using bound = await program.bind({ A: ones(3), B: ones(3) });
    bound.poison();
    await bound.run(0);
    assert(Number.isNaN((await bound.read()).C?.[0]));
    const spent = await bound.run(20);
    assert(spent.wall > 0 && spent.cpu >= 0);
    assertEquals((await bound.read()).C, new Float32Array([2, 2, 2]));
  });

  test("several programs share a device, also at the same time", async () => {
    using sum = await load(device, te.add({ shape: [64] }));
    using product = await load(device, te.mul({ shape: ["n"] }));
    const runs = Array.from({ length: 8 }, async (_, k) => {
      const A = ones(64).fill(k), B = ones(64).fill(3);
      const { C } = await (k % 2 ? sum : product).run({ A, B });
      return C?.every((c) => c === (k % 2 ? k + 3 : k * 3));
    });
    assertEquals(await Promise.all(runs), Array(8).fill(true));
  });

  test("programs of one source are each their own", async () => {
    const func = te.gelu({ shape: [16] });
    const both = await Promise.all([load(device, func), load(device, func)]);
    using third = await load(device, func);
    for (const program of both) {
      program[Symbol.dispose]();
      program[Symbol.dispose]();
    }
    assertEquals((await third.run({ A: new Float32Array(16) })).B, new Float32Array(16));
  });

  for (const dtype of ["f32", "f16", "i32", "u32", "bool"] as const) {
    test(`${dtype} of any length goes in and out, from buffers and from textures`, async () => {
      for (const shape of [[1], [3], [4], [5], [2, 7], [3, 2, 5]]) {
        const func = twice(dtype, shape);
        const scheduled = spread(func);
        assertEquals(await wrongOn(device, subjectOf(func, {}, 1), scheduled.func), undefined);
        if (dtype === "bool") continue;
        scheduled.setScope("A", "texture");
        for (
          const textures of target.textures === "none" ? ["none"] as const : ["sampled", "storage"] as const
        ) {
          const executable = compile(scheduled.func, { ...target, textures });
          assertEquals(await wrongResults(device, subjectOf(func, {}, 2), executable), undefined);
        }
      }
    });
  }

  test("booleans are 0 and 1, and any word that is not 0 is true", async () => {
    using program = await load(device, twice("bool", [4]));
    const { B } = await program.run({ A: new Uint32Array([0, 1, 2, 2 ** 32 - 1]) });
    assertEquals(B, new Uint32Array([1, 0, 0, 0]));
  });

  test("words keep all their bits", async () => {
    const A = placeholder("A", [3], "u32");
    const B = compute("B", [3], (i) => binary("bitxor", A.at(i), constant(2 ** 32 - 1, "u32")));
    using program = await load(device, primFunc("flip", [A, B]));
    const given = new Uint32Array([0, 2 ** 31, 0xdeadbeef]);
    assertEquals((await program.run({ A: given })).B, given.map((v) => ~v));
  });

  test("a program without arguments has results", async () => {
    const B = compute("B", [5], (i) => cast("f32", i));
    using program = await load(device, primFunc("count", [B]));
    assertEquals((await program.run({})).B, new Float32Array([0, 1, 2, 3, 4]));
  });

  test("rows lie side by side in a texture that is not high enough, and are cut where it is not wide enough", async () => {
    const small = { ...target, limits: { ...target.limits, maxTextureSize: 24 } };
    const rows = (pack: number) => ({ kind: "rows", pack } as const),
      flat = { kind: "flat", width: 16 } as const;
    for (
      const [dtype, shape, layout] of [
        ["f32", [70, 5], rows(4)],
        ["f16", [3, 30, 8], rows(4)],
        ["u32", [91, 1], rows(4)],
        ["i32", [24, 96], rows(1)],
        ["f32", [1003], flat],
        ["f16", [5, 128], flat],
        ["i32", [1, 3, 100], flat],
      ] as const
    ) {
      const func = twice(dtype, shape);
      const scheduled = spread(func);
      scheduled.setScope("A", "texture");
      const executable = compile(scheduled.func, small);
      if (target.kind === "webgpu") {
        assertEquals((executable.buffers[0]?.storage as TextureSpec).layout, layout);
      }
      assertEquals(await wrongResults(device, subjectOf(func, {}, 3), executable), undefined);
    }
  });

  test("small inputs in uniform buffers, read as vectors and one by one", async () => {
    for (const [dtype, shape] of [["f32", [7, 5]], ["i32", [3, 8]], ["u32", [4096, 4]]] as const) {
      const func = twice(dtype, shape);
      const scheduled = spread(func);
      scheduled.setScope("A", "uniform");
      const executable = compile(scheduled.func, target);
      assertEquals(executable.buffers[0]?.storage.kind, target.kind === "webgpu" ? "uniform" : "buffer");
      assertEquals(await wrongResults(device, subjectOf(func, {}, 3), executable), undefined);
    }
  });

  test("a tensor of symbolic length lies flat in a texture", async () => {
    const func = te.add({ shape: ["n"] });
    const scheduled = spread(func);
    for (const name of ["A", "B"]) scheduled.setScope(name, "texture");
    for (const n of [1, 70_000, 131_071]) {
      assertEquals(await wrongOn(device, subjectOf(func, { n }, 4), scheduled.func), undefined, `${n}`);
    }
  });

  test("more workgroups than a dimension takes are folded", async () => {
    const func = te.add({ shape: ["n"] });
    const scheduled = spread(func).func;
    for (const n of [65_535, 65_536, 70_000, 131_071]) {
      assertEquals(await wrongOn(device, subjectOf(func, { n }, 4), scheduled), undefined, `${n}`);
    }
    const constant = te.add({ shape: [70_001, 2] });
    const sch = spread(constant);
    sch.bind("j", "blockIdx.y");
    assertEquals(await wrongOn(device, subjectOf(constant, {}, 5), sch.func), undefined);
  });

  test("threads past the end write nothing", async () => {
    const A = placeholder("A", [37], "f16");
    const B = compute("B", [37], (i) => mul(A.at(i), constant(2, "f16")));
    const C = compute("C", [37], (i) => select(binary("lt", i, 36), A.at(i), constant(9, "f16")));
    const func = primFunc("tails", [A, B, C]);
    const sch = new Schedule(func);
    for (const block of sch.blocks()) {
      const [grid, thread] = sch.split(sch.loops(block)[0] as string, [null, 64]);
      sch.bind(grid, "blockIdx.x");
      sch.bind(thread, "threadIdx.x");
    }
    assertEquals(await wrongOn(device, subjectOf(func, {}, 6), sch.func), undefined);
  });

  test("arguments that don't fit are refused, and the program goes on", async () => {
    using program = await load(device, te.add({ shape: [3] }));
    await assertRejects(
      () => program.run({ A: ones(3) }),
      RuntimeError,
      "expected argument B: f32[3], got nothing",
    );
    await assertRejects(
      () => program.bind({ A: ones(3), B: ones(2) }),
      RuntimeError,
      "expected 3 elements of B: f32[3], got 2",
    );
    assertEquals((await program.run({ A: ones(3), B: ones(3) })).C, new Float32Array([2, 2, 2]));
  });

  test("what is disposed is not used again", async () => {
    const program = await load(device, te.add({ shape: [3] }));
    const bound = await program.bind({ A: ones(3), B: ones(3) });
    bound[Symbol.dispose]();
    bound[Symbol.dispose]();
    const gone = "cannot run add: its arguments are disposed; bind them again";
    await assertRejects(() => bound.run(1), RuntimeError, gone);
    await assertRejects(() => bound.read(), RuntimeError, gone);
    assertEquals((await program.run({ A: ones(3), B: ones(3) })).C, new Float32Array([2, 2, 2]));
    program[Symbol.dispose]();
    const message = "cannot run add: the program is disposed; load it again";
    await assertRejects(() => program.run({ A: ones(3), B: ones(3) }), RuntimeError, message);
  });

  test("a source that is none is refused with its place", async () => {
    const broken = withSource(compile(spread(te.add({ shape: [3] })).func, target), "let x = ;\n");
    const { message } = await assertRejects(() => device.load(broken), CompileError, "cannot compile add: ");
    if (target.kind === "webgpu") {
      assert(message.includes("1:"), message);
      assert(message.endsWith("\n  | let x = ;"), message);
    }
  });

  test("an executable of the other language is refused", async () => {
    const other = devices.find((d) => d !== device)?.target ?? target;
    if (other === target) return;
    const executable = compile(spread(te.add({ shape: [3] })).func, other);
    await assertRejects(
      () => device.load(executable),
      RuntimeError,
      `it is compiled to ${executable.language}`,
    );
  });

  test("a device that is disposed loads nothing", async () => {
    const own = await Device.open({ backend: target.kind });
    const executable = compile(spread(te.add({ shape: [3] })).func, own.target);
    own[Symbol.dispose]();
    await assertRejects(
      () => own.load(executable),
      DeviceLostError,
      "the device is lost (it was disposed): open a new",
    );
  });
}

function withSource(executable: Executable, source: string): Executable {
  const launches = executable.launches.map(({ module: _, ...l }) => ({ ...l, source }));
  return { ...executable, launches };
}

for (const device of devices.filter((d) => d.target.kind === "webgpu")) {
  const { target } = device;
  const sum = te.add({ shape: [3] });
  const executable = compile(spread(sum).func, target);
  const inputs: Inputs = randomInputs(sum, 1);
  const launch = (more: Partial<Executable["launches"][number]>): Executable => ({
    ...withSource(executable, "this is no WGSL: it must not reach the driver"),
    launches: executable.launches.map((l) => ({ ...l, source: "not for a driver", ...more })),
  });

  Deno.test("launches past a limit are refused before a driver sees their source", async () => {
    const many = launch({ workgroupSize: [target.limits.maxInvocations, 2, 1] });
    await assertRejects(
      () => device.load(many),
      LaunchLimitError,
      `cannot launch add with ${2 * target.limits.maxInvocations} threads in a workgroup: the device takes ` +
        target.limits.maxInvocations,
    );
    const bytes = target.limits.maxSharedBytes + 4;
    await assertRejects(
      () => device.load(launch({ sharedBytes: bytes })),
      LaunchLimitError,
      `cannot launch add with ${bytes} bytes of workgroup memory: the device has ${target.limits.maxSharedBytes}`,
    );
  });

  Deno.test("grids, buffers and textures past a limit are refused when the shapes are known", async () => {
    const most = target.limits.maxWorkgroups;
    const grid = {
      ...executable,
      launches: executable.launches.map((l) => ({ ...l, grid: [1, most + 1, 1] as const })),
    };
    using wide = await device.load(grid);
    await assertRejects(
      () => wide.bind(inputs),
      LaunchLimitError,
      `cannot launch add with 1 x ${most + 1} x 1 workgroups: the device takes ${most} in a dimension`,
    );
    const large = executable.buffers.map((b) =>
      b.role === "output" ? { ...b, shape: [2 ** 20, 2 ** 20] } : b
    );
    using huge = await device.load({ ...executable, buffers: large });
    await assertRejects(
      () => huge.bind(inputs),
      LaunchLimitError,
      `cannot bind C of ${2 ** 42} bytes: the device takes`,
    );
    const rows = target.limits.maxTextureSize + 1;
    const shape = [rows, 4],
      storage = { kind: "texture", layout: { kind: "rows", pack: 1 }, access: "sample" } as const;
    const flat = executable.buffers.map((b) => b.name === "A" ? { ...b, shape, storage } : b);
    using high = await device.load({ ...executable, buffers: flat });
    await assertRejects(
      () => high.bind({ ...inputs, A: ones(rows * 4) }),
      LaunchLimitError,
      `cannot hold A in a texture of 1 x ${rows} texels: the device takes ${rows - 1} each way`,
    );
    // None of them has left anything that keeps the next from running.
    assertEquals(await wrongResults(device, subjectOf(sum, {}, 1), executable), undefined);
  });

  Deno.test("what the driver reports of one run is not told to another", async () => {
    // Bound as read and written at once, which a validation refuses.
    const [l] = executable.launches;
    assert(l);
    const twisted = {
      ...executable,
      launches: [{ ...l, bindings: [l.bindings[2], l.bindings[1], l.bindings[2]] }],
    };
    using bad = await device.load(twisted as Executable);
    using good = await device.load(executable);
    const runs = [bad, good, bad, good, good].map((p) => p.run(inputs).then(() => "right", (e) => e));
    const [first, second, third, ...rest] = await Promise.all(runs);
    assertEquals([second, ...rest], ["right", "right", "right"]);
    for (const e of [first, third]) assert(e instanceof RunError, `${e}`);
  });

  Deno.test("a device that is lost fails everything on it with a typed error", async () => {
    const own = await Device.open({ backend: "webgpu" });
    const program = await own.load(executable);
    const bound = await program.bind(inputs);
    const running = bound.run(1);
    own[Symbol.dispose]();
    await assertRejects(() => running, DeviceLostError, "open a new one");
    await assertRejects(() => bound.run(1), DeviceLostError);
    await assertRejects(() => bound.read(), DeviceLostError);
    await assertRejects(() => program.run(inputs), DeviceLostError);
    bound[Symbol.dispose]();
    program[Symbol.dispose]();
    // Another device is not concerned.
    assertEquals(await wrongResults(device, subjectOf(sum, {}, 1), executable), undefined);
  });
}

if (devices.length > 1) {
  Deno.test("subgroups are there where the adapter lists them or they are asked for, within its sizes", async () => {
    const adapter = await navigator.gpu?.requestAdapter() as GPUAdapter;
    const listed = adapter.features.has("subgroups" as GPUFeatureName);
    using plain = await Device.open({ backend: "webgpu" });
    if (!listed) assertEquals(plain.target.subgroups, undefined);
    using asked = await Device.open({ backend: "webgpu", subgroups: true });
    const { subgroups, ...rest } = asked.target;
    if (!listed) assertEquals(rest, plain.target);
    const { subgroupMinSize: minSize, subgroupMaxSize: maxSize } = adapter.info;
    if (subgroups) assertEquals([subgroups.minSize, subgroups.maxSize], [minSize, maxSize]);
    // Mesa's software driver has them.
    if (asked.target.profile === "llvmpipe") assert(subgroups !== undefined);
  });
}
