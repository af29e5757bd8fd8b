/** Inputs that are prepared once and shared: right results, room and errors. */
import * as te from "../../lib/face/te.ts";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { compile } from "../../lib/codegen/compile.ts";
import { fallback } from "../../lib/dlight/fallback/fallback.ts";
import { match, schedule } from "../../lib/dlight/schedule.ts";
import { add, constant, mul } from "../../lib/ir/build.ts";
import type { PrimFunc } from "../../lib/ir/func.ts";
import { readOnlyOf } from "../../lib/ir/parameters.ts";
import { randomInputs } from "../../lib/measure/random_inputs.ts";
import type { Shapes } from "../../lib/runtime/arguments.ts";
import type { Arrays as Inputs } from "../../lib/runtime/backend.ts";
import { Device } from "../../lib/runtime/device.ts";
import { DeviceLostError, LaunchLimitError, RuntimeError } from "../../lib/runtime/error.ts";
import type { Program } from "../../lib/runtime/program.ts";
import { Schedule } from "../../lib/schedule/schedule.ts";
import { Rng } from "../../lib/base/random.ts";
import { instantiate, spaceOf } from "../../lib/space/template.ts";
import { compute } from "../../lib/te/compute.ts";
import { placeholder } from "../../lib/te/tensor.ts";
import { primFunc } from "../../lib/te/prim_func.ts";
import { CASES } from "../dlight/operators.ts";
import { devices } from "../devices.ts";
import { type Subject, subjectOf, wrongAmong, wrongBound } from "../lower/checked_run.ts";

/** Of these a GPU prepares inputs: one for each number and kind of them. */
const OPERATORS = new Set(["matmul", "gemv", "softmax", "attention", "embedding", "conv2d strided NCHW"]);

const floats = (n: number) => new Float32Array(n);

/** The inputs of those names, and the others. */
function parted(inputs: Inputs, names: readonly string[]): readonly [Inputs, Inputs] {
  const of = (some: boolean) =>
    Object.fromEntries(Object.entries(inputs).filter(([name]) => names.includes(name) === some));
  return [of(true), of(false)];
}

/** Subjects with the same inputs `names`, and all else different. */
function subjects(func: PrimFunc, names: readonly string[], shapes: readonly Shapes[]): readonly Subject[] {
  const [shared] = parted(randomInputs(func, 1, shapes[0]), names);
  return shapes.map((s, k) => subjectOf(func, s, k, { ...randomInputs(func, k + 10, s), ...shared }));
}

/** What is wrong where `names` are prepared once, for runs and binds in turn and at the same time. */
async function wrongPrepared(
  program: Program,
  names: readonly string[],
  all: readonly Subject[],
): Promise<readonly string[]> {
  const wrong: (string | undefined)[] = [];
  const [first] = all as [Subject];
  using weights = await program.prepare(parted(first.inputs, names)[0], first.shapes);
  const rest = (s: Subject) => parted(s.inputs, names)[1];
  for (const s of all) {
    wrong.push(wrongAmong(s, await weights.run(rest(s), s.shapes)));
    using bound = await weights.bind(rest(s), s.shapes);
    wrong.push(await wrongBound(s, bound));
  }
  const runs = [...all, ...all].map(async (s) => wrongAmong(s, await weights.run(rest(s), s.shapes)));
  return [...wrong, ...await Promise.all(runs)].filter((w) => w !== undefined);
}

/** A product whose B is made of two inputs in steps: `A @ (2B + D)`. */
function stepwise(): PrimFunc {
  const A = placeholder("A", [4, 8]), B = placeholder("B", [8, 8]), D = placeholder("D", [8, 8]);
  const twice = compute("P", [8, 8], (i, j) => mul(B.at(i, j), constant(2, "f32")));
  const both = compute("Q", [8, 8], (i, j) => add(twice.at(i, j), D.at(i, j)));
  const C = compute("C", [4, 8], (i, j) => mul(A.at(i, j), both.at(j, i)));
  return primFunc("stepwise", [A, B, D, C]);
}

function prepares(func: PrimFunc, blocks: readonly string[]): PrimFunc {
  const sch = new Schedule(func);
  for (const b of sch.blocks()) sch.bind(sch.loops(b)[0] as string, "blockIdx.x");
  for (const b of blocks) sch.annotate(b, "prepare", true);
  return sch.func;
}

for (const device of devices) {
  const { target } = device;
  const test = (name: string, body: () => Promise<void>) => Deno.test(`${name} (${target.name})`, body);

  test("weights in another layout are made once, and kept in that layout alone", async () => {
    for (const shape of [{ m: 16, n: 24, k: 32 }, { m: 13, n: 20, k: 7, transposeB: true }]) {
      const func = te.matmul(shape);
      const { template } = match(func, target);
      const space = spaceOf(func, template);
      for (const b_layout of ["transposed", "packed"]) {
        const config = { ...space.at(space.preset), b_layout, b_path: "buffer" };
        using program = await device.load(compile(instantiate(func, template, space, config).func, target));
        assertEquals(program.executable.launches.map((l) => l.prepares), [true, false]);
        assertEquals(await wrongPrepared(program, ["B"], subjects(func, ["B"], [{}, {}, {}])), []);
        using weights = await program.prepare({ B: floats(shape.k * shape.n) });
        const { before, after } = weights.bytes;
        const prepared = program.executable.buffers.find((b) => b.role === "prepared");
        const elements = prepared?.shape.reduce((n: number, d) => n * Number(d), 1) ?? NaN;
        assertEquals([before, after], [4 * shape.k * shape.n, 4 * elements]);
        for (const spent of [weights.upload, weights.preparing]) assert(spent.wall > 0 && spent.cpu >= 0);
      }
    }
  });

  test("weights that the program reads as they are cost no preparing", async () => {
    const func = te.matmul({ m: "m", n: 12, k: 20 });
    using program = await device.load(compile(schedule(func, target).func, target));
    const all = subjects(func, ["B"], [{ m: 5 }, { m: 1 }, { m: 33 }]);
    using weights = await program.prepare({ B: all[0]?.inputs.B as Float32Array<ArrayBuffer> });
    assertEquals(weights.preparing, { wall: 0, cpu: 0 });
    assertEquals(weights.bytes.before, weights.bytes.after);
    for (const s of all) {
      assertEquals(
        wrongAmong(s, await weights.run({ A: s.inputs.A as Float32Array<ArrayBuffer> })),
        undefined,
      );
    }
  });

  test("every argument may be prepared, or none", async () => {
    const func = te.matmul({ m: 6, n: 8, k: 4 });
    using program = await device.load(compile(schedule(func, target).func, target));
    for (const names of [[], ["A"], ["A", "B"]]) {
      assertEquals(await wrongPrepared(program, names, subjects(func, names, [{}, {}])), []);
    }
  });

  test("any inputs of any operator may be prepared", async () => {
    const isCpu = target.kind === "cpu";
    const some = CASES.filter((c) =>
      c.dtype !== "f16" && c.sort === (isCpu ? "symbolic" : "odd") && (isCpu || OPERATORS.has(c.operator))
    );
    assert(some.length > 5);
    const seed = Date.now() % 1e6, rng = Rng.of(seed);
    for (const c of some) {
      using program = await device.load(compile(schedule(c.func, target).func, target));
      const inputs = readOnlyOf(c.func).map((b) => b.name);
      const names = inputs.filter(() => rng.int(2) === 1);
      const all = subjects(c.func, names, [c.shapes, c.shapes]);
      assertEquals(
        await wrongPrepared(program, names, all),
        [],
        `${c.operator} ${c.dtype} with ${names}, seed ${seed}`,
      );
    }
  });

  test("quantized weights are prepared, in textures too", async () => {
    const func = te.gemv({ n: 16, k: 64, weights: "q4f32_1" });
    const sch = new Schedule(schedule(func, target).func);
    for (const scheduled of [sch.func, (sch.setScope("W_scale", "texture"), sch.func)]) {
      using program = await device.load(compile(scheduled, target));
      const names = ["W_q", "W_scale"];
      assertEquals(await wrongPrepared(program, names, subjects(func, names, [{}, {}, {}])), []);
    }
  });

  test("what is made in steps is made as far as the inputs go", async () => {
    const func = stepwise();
    const cases = [
      { blocks: ["P"], names: ["B"], after: 256, made: true },
      { blocks: ["P", "Q"], names: ["B"], after: 256, made: true },
      { blocks: ["P", "Q"], names: ["D"], after: 256, made: false },
      { blocks: ["P", "Q"], names: ["B", "D"], after: 256, made: true },
      { blocks: ["P", "Q"], names: ["A", "B", "D"], after: 256 + 128, made: true },
      { blocks: [], names: ["B", "D"], after: 512, made: false },
    ];
    for (const { blocks, names, after, made } of cases) {
      using program = await device.load(compile(prepares(func, blocks), target));
      const all = subjects(func, names, [{}, {}]);
      assertEquals(await wrongPrepared(program, names, all), []);
      using weights = await program.prepare(parted(all[0]?.inputs as Inputs, names)[0]);
      assertEquals([weights.bytes.after, weights.preparing.wall > 0], [after, made]);
    }
  });

  test("several sets of weights of one program are each their own, also at the same time", async () => {
    const func = stepwise();
    using program = await device.load(compile(prepares(func, ["P", "Q"]), target));
    using stack = new DisposableStack();
    const sets = await Promise.all([1, 2, 3].map(async (seed) => {
      const [given] = parted(randomInputs(func, seed), ["B", "D"]);
      return { given, weights: stack.use(await program.prepare(given)) };
    }));
    const runs = Array.from({ length: 12 }, async (_, k) => {
      const { given, weights } = sets[k % 3] as typeof sets[0];
      const subject = subjectOf(func, {}, 0, { ...randomInputs(func, 100 + k), ...given });
      return wrongAmong(subject, await weights.run({ A: subject.inputs.A as Float32Array<ArrayBuffer> }));
    });
    assertEquals(await Promise.all(runs), Array(12).fill(undefined));
  });

  test("weights are those of the time of preparing", async () => {
    using program = await device.load(compile(schedule(te.add({ shape: [3] }), target).func, target));
    const B = floats(3).fill(1);
    using weights = await program.prepare({ B });
    B.fill(50);
    assertEquals((await weights.run({ A: floats(3) })).C, floats(3).fill(1));
  });

  test("shapes follow from weights, and hold for what comes later", async () => {
    const func = te.matmul({ m: "m", n: "n", k: "k" });
    using program = await device.load(compile(schedule(func, target, [fallback]).func, target));
    const says = (run: () => Promise<unknown>, message: string) => assertRejects(run, RuntimeError, message);
    const open = (name: string) => `shape variable ${name} does not follow from the arguments' lengths`;
    await says(() => program.prepare({ B: floats(12) }), `cannot prepare matmul: ${open("k")}`);
    await says(
      () => program.prepare({ B: floats(13) }, { k: 3 }),
      "matmul: expected shape variable n to be a positive integer, got 4.333",
    );
    await says(
      () => program.prepare({ B: floats(13) }, { k: 3, n: 4 }),
      "cannot prepare matmul: expected 12 elements of B: f32[k, n], got 13",
    );
    await says(
      () => program.prepare({ B: floats(12) }, { q: 3 }),
      "cannot prepare matmul: expected its shape variables (m, k, n), got q",
    );
    using weights = await program.prepare({ B: floats(12).fill(1) }, { k: 3 });
    const { C } = await weights.run({ A: floats(6).fill(1) });
    assertEquals(C, floats(8).fill(3));
    await says(
      () => weights.run({ A: floats(7) }),
      "cannot run matmul: expected shape variable m to be a positive integer, got 2.333",
    );
    await says(
      () => weights.run({ A: floats(6) }, { k: 2 }),
      "cannot run matmul with k = 2: what is prepared is for k = 3",
    );
    assertEquals((await weights.run({ A: floats(6) }, { k: 3, m: 2 })).C, floats(8));
  });

  test("weights that don't fit are refused", async () => {
    using program = await device.load(compile(schedule(te.add({ shape: [3] }), target).func, target));
    const says = (run: () => Promise<unknown>, message: string) => assertRejects(run, RuntimeError, message);
    await says(
      () => program.prepare({ W: floats(3) }),
      "cannot prepare add: expected its arguments, got W; it takes A: f32[3], B: f32[3]",
    );
    await says(
      () => program.prepare({ C: floats(3) }),
      "cannot prepare add: expected its arguments, got C; it takes",
    );
    await says(
      () => program.prepare({ B: new Int32Array(3) }),
      "cannot prepare add: expected B: f32[3] as a Float32Array, got Int32Array",
    );
    await says(
      () => program.prepare({ B: floats(4) }),
      "cannot prepare add: expected 3 elements of B: f32[3], got 4",
    );
    using weights = await program.prepare({ B: floats(3) });
    await says(
      () => weights.run({ A: floats(3), B: floats(3) }),
      "cannot run add with argument B: it is prepared already; leave it out, or prepare another",
    );
    await says(
      () => weights.bind({}),
      "cannot run add: expected argument A: f32[3], got nothing; it takes A: f32[3]",
    );
    await says(
      () => weights.run({ A: floats(3), D: floats(3) }),
      "cannot run add: expected its arguments, got D",
    );
    using both = await program.prepare({ A: floats(3), B: floats(3) });
    await says(
      () => both.run({ D: floats(3) }),
      "cannot run add: expected its arguments, got D; it takes no arguments",
    );
  });

  test("in whatever order things are disposed, the rest says what is gone", async () => {
    const program = await device.load(compile(prepares(stepwise(), ["P"]), target));
    const [given, others] = parted(randomInputs(stepwise(), 5), ["B"]);
    const says = (run: () => Promise<unknown>, message: string) => assertRejects(run, RuntimeError, message);
    const gone = "cannot run stepwise: its prepared inputs are disposed; prepare them again";
    const weights = await program.prepare(given), other = await program.prepare(given);
    const bound = await weights.bind(others), kept = await other.bind(others);
    const running = weights.run(others);
    weights[Symbol.dispose]();
    weights[Symbol.dispose]();
    const { C } = await running;
    await says(() => weights.run(others), gone);
    await says(() => weights.bind(others), gone);
    await says(() => bound.run(1), gone);
    await says(() => bound.read(), gone);
    bound[Symbol.dispose]();
    await says(() => bound.run(1), "cannot run stepwise: its arguments are disposed; bind them again");
    // Others of the same program are not concerned.
    assertEquals((await other.run(others)).C, C);
    program[Symbol.dispose]();
    await says(() => other.run(others), "cannot run stepwise: the program is disposed; load it again");
    await says(() => program.prepare(given), "cannot prepare stepwise: the program is disposed");
    kept.poison();
    await kept.run(1);
    assertEquals((await kept.read()).C, C);
    other[Symbol.dispose]();
    kept[Symbol.dispose]();
  });
}

for (const device of devices.filter((d) => d.target.kind === "webgpu")) {
  const { target } = device;

  Deno.test("weights past the device's limits are refused, and leave nothing behind", async () => {
    const func = te.add({ shape: ["n"] });
    const executable = compile(schedule(func, target).func, target);
    const storage = { kind: "texture", layout: { kind: "rows", pack: 1 }, access: "sample" } as const;
    const flat = executable.buffers.map((b) => b.name === "B" ? { ...b, storage } : b);
    using program = await device.load({ ...executable, buffers: flat });
    const B = floats(4 * (target.limits.maxTextureSize + 1));
    await assertRejects(() => program.prepare({ B }), LaunchLimitError, "cannot hold B in a texture");
    using fine = await device.load(executable);
    using weights = await fine.prepare({ B: floats(5) });
    assertEquals((await weights.run({ A: floats(5).fill(2) })).C, floats(5).fill(2));
  });

  Deno.test("weights of a device that is lost say so", async () => {
    const own = await Device.open({ backend: "webgpu" });
    const program = await own.load(compile(schedule(te.add({ shape: [3] }), own.target).func, own.target));
    const weights = await program.prepare({ B: floats(3) });
    own[Symbol.dispose]();
    await assertRejects(() => weights.run({ A: floats(3) }), DeviceLostError, "open a new one");
    await assertRejects(() => program.prepare({ B: floats(3) }), DeviceLostError, "open a new one");
    weights[Symbol.dispose]();
    program[Symbol.dispose]();
  });
}
