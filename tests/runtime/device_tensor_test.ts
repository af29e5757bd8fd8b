/** Tensors that stay on a device: arguments and results of programs and graphs, weights that graphs share, and bytes. */
import { assert, assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import * as op from "../../lib/face/op.ts";
import * as te from "../../lib/face/te.ts";
import { graph } from "../../lib/relax/builder.ts";
import { interpretGraph } from "../../lib/relax/interpret_graph.ts";
import type { ScalarType } from "../../lib/ir/dtype.ts";
import { ARRAYS } from "../../lib/runtime/arrays.ts";
import { Device } from "../../lib/runtime/device.ts";
import type { DeviceTensor } from "../../lib/runtime/device_tensor.ts";
import { RuntimeError } from "../../lib/runtime/error.ts";
import { build } from "../../lib/tuning/build.ts";
import { devices } from "../devices.ts";

const random = (n: number) => new Float32Array(n).map(() => Math.random() * 2 - 1);

function close(got: ArrayLike<number> | undefined, want: ArrayLike<number> | undefined): void {
  assertEquals(got?.length, want?.length);
  for (let k = 0; k < (want?.length ?? 0); k++) {
    assert(Math.abs((got?.[k] ?? NaN) - (want?.[k] as number)) < 1e-5, `${k}: ${got?.[k]}, not ${want?.[k]}`);
  }
}

/** A cache that a step updates in place, and what it reads of it. */
const step = graph("step", (b) => {
  const cache = b.input("cache", [6, 4]), x = b.input("x", ["n", 4]), at = b.input("at", [], "i32");
  const now = b.append(cache, b.linear(x, b.weight("w", [4, 4])), at);
  return { y: b.softmax(now), next: b.add(at, b.constant("one", new Int32Array([1]), [])) };
});

for (const device of devices) {
  const { target } = device;
  const test = (name: string, run: () => Promise<void>) => Deno.test(`${name} (${target.name})`, run);
  const open = (memoryLimit?: number | string) =>
    Device.open({
      backend: target.kind === "cpu" ? "cpu" : "webgpu",
      ...(memoryLimit ? { memoryLimit } : {}),
    });

  test("a tensor has the shape that the program was written with, though its schedule has made rows of it", async () => {
    const A = new Float32Array(24).map((_, k) => k), B = new Float32Array(24).fill(1);
    for (const shape of [[2, 3, 4], ["n", 3, 4]] as const) {
      using program = await build(te.add({ shape }), device);
      using a = device.tensor(A, [2, 3, 4]);
      using b = device.tensor(B, [2, 3, 4]);
      const { C } = await program.submit({ A: a, B: b });
      assertEquals([C?.shape, await C?.read()], [[2, 3, 4], A.map((x) => x + 1)]);
      C?.[Symbol.dispose]();
      using flat = device.tensor(A, [24]);
      const e = await assertRejects(() => program.submit({ A: flat, B: b }), RuntimeError);
      assertStringIncludes(e.message, `expected A: f32[${shape.join(", ")}], got a tensor of [24]`);
    }
  });

  test("a tensor is written, read, and zero at first", async () => {
    for (const dtype of ["f32", "f16", "i32", "u32", "bool"] as const satisfies readonly ScalarType[]) {
      const data = new ARRAYS[dtype](7).map((_, k) => dtype === "bool" ? k % 2 : k + 1);
      using tensor = device.tensor(data, [7], dtype);
      assertEquals([tensor.dtype, tensor.shape, tensor.length], [dtype, [7], 7]);
      assertEquals(await tensor.read(), data);
      tensor.write(new ARRAYS[dtype]([0, 0]), 2);
      assertEquals([...await tensor.read()], [...data.slice(0, 2), 0, 0, ...data.slice(4)]);
      data.fill(0);
      assertEquals((await tensor.read())[6], dtype === "bool" ? 0 : 7);
    }
    using scalar = device.tensor(new Int32Array([5]), []);
    assertEquals([...await scalar.read()], [5]);
    // Also where the memory was a tensor's before.
    for (let k = 0; k < 3; k++) {
      using zeros = device.zeros([5, 3]);
      assertEquals(await zeros.read(), new Float32Array(15));
      zeros.write(new Float32Array(15).fill(3));
    }
  });

  test("programs take and give tensors, and results alias nothing", async () => {
    const func = te.matmul({ m: "m", n: 5, k: 4 });
    using program = await build(func, device);
    const A = random(12), B = random(20), want = (await program.run({ A, B })).C;
    using a = device.tensor(A, [3, 4]);
    using b = device.tensor(B, [4, 5]);
    close((await program.run({ A: a, B })).C, want);
    const { C } = await program.submit({ A: a, B: b });
    const { C: again } = await program.submit({ A: a, B: b });
    assertEquals([C?.shape, C?.dtype], [[3, 5], "f32"]);
    again?.write(new Float32Array(15));
    close(await C?.read(), want);
    close(await a.read(), A);
    // A result is an argument of the next program.
    using square = await build(te.matmul({ m: 3, n: 3, k: 5, transposeB: true }), device);
    const { C: S } = await square.submit({ A: C as DeviceTensor, B: C as DeviceTensor });
    const rows = Array.from(
      { length: 9 },
      (_, k) =>
        [0, 1, 2, 3, 4].reduce(
          (s, j) => s + (want?.[Math.floor(k / 3) * 5 + j] ?? 0) * (want?.[k % 3 * 5 + j] ?? 0),
          0,
        ),
    );
    close(await S?.read(), rows);
    for (const t of [C, again, S]) t?.[Symbol.dispose]();
  });

  test("bound and prepared tensors are read where they lie, also when they are disposed", async () => {
    using program = await build(te.matmul({ m: "m", n: 5, k: 4 }), device);
    const A = random(8), B = random(20), want = (await program.run({ A, B })).C;
    const a = device.tensor(A, [2, 4]), b = device.tensor(B, [4, 5]);
    using bound = await program.bind({ A: a, B: b });
    using weights = await program.prepare({ B: b });
    b[Symbol.dispose]();
    bound.poison();
    await bound.run(2);
    close((await bound.read()).C, want);
    close((await weights.run({ A: a })).C, want);
    const { C } = await weights.submit({ A: a });
    close(await C?.read(), want);
    for (const t of [a, C]) t?.[Symbol.dispose]();
  });

  test("an update in place changes the tensor that is given, and no array", async () => {
    const cache = te.placeholder("cache", [4, 2]),
      X = te.placeholder("X", [1, 2]),
      at = te.placeholder("at", [], "i32");
    using program = await build(te.primFunc("f", [X, at, op.append(cache, X, at)]), device);
    const given = {
      cache: Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8),
      X: Float32Array.of(-1, -2),
      at: Int32Array.of(1),
    };
    const want = [1, 2, -1, -2, 5, 6, 7, 8];
    assertEquals([...(await program.run(given)).cache ?? []], want);
    assertEquals(given.cache[2], 3);
    using state = device.tensor(given.cache, [4, 2]);
    assertEquals(await program.run({ ...given, cache: state }), {});
    assertEquals([...await state.read()], want);
    assertEquals(await program.submit({ ...given, cache: state, at: Int32Array.of(3) }), {});
    assertEquals([...await state.read()].slice(6), [-1, -2]);
    const { cache: made } = await program.submit(given);
    assertEquals([...await made?.read() ?? []], want);
    made?.[Symbol.dispose]();
    // Poison leaves what is updated as it was given.
    using bound = await program.bind(given);
    for (let k = 0; k < 2; k++) {
      bound.poison();
      await bound.run(1);
      assertEquals([...(await bound.read()).cache ?? []], want);
    }
  });

  test("graphs share weights and a cache on the device, and one runs on what another made", async () => {
    const W = random(16), cache = random(24), x = random(8);
    using w = device.tensor(W, [4, 4]);
    using state = device.tensor(cache, [6, 4]);
    using one = await build(step, device, { weights: { w }, bounds: { n: 2 } });
    using other = await build(step, device, { weights: { w }, bounds: { n: 1 } });
    const first = interpretGraph(step, { w: W, cache, x, at: new Int32Array([0]) });
    using at = device.zeros([], "i32");
    const made = await one.submit({ cache: state, x, at });
    close(await made.y?.read(), first.y);
    close(await state.read(), first.cache);
    // The position comes from the run before, and never was on the host.
    const second = interpretGraph(step, {
      w: W,
      cache: first.cache as Float32Array,
      x: x.slice(0, 4),
      at: new Int32Array([1]),
    });
    const { y, next } = await other.submit({ cache: state, x: x.slice(0, 4), at: made.next as DeviceTensor });
    close(await y?.read(), second.y);
    assertEquals([...await next?.read() ?? []], [2]);
    close(await state.read(), second.cache);
    for (const t of [...Object.values(made), y, next]) t?.[Symbol.dispose]();
  });

  test("steps that follow each other on the device are those that wait for each other", async () => {
    const W = random(16), cache = random(24), x = random(4);
    using model = await build(step, device, { weights: { w: W }, bounds: { n: 1 } });
    using state = device.tensor(cache, [6, 4]);
    let at = device.zeros([], "i32"), want = { cache } as Record<string, Float32Array>;
    for (let k = 0; k < 20; k++) {
      const { y, next } = await model.submit({ cache: state, x, at });
      at[Symbol.dispose]();
      at = next as DeviceTensor;
      y?.[Symbol.dispose]();
      const given = { w: W, cache: want.cache as Float32Array, x, at: new Int32Array([k]) };
      want = interpretGraph(step, given) as Record<string, Float32Array>;
    }
    close(await state.read(), want.cache);
    assertEquals([...await at.read()], [20]);
    at[Symbol.dispose]();
  });

  test("tensors that don't fit are refused", async () => {
    using program = await build(te.matmul({ m: "m", n: 5, k: 4 }), device);
    const B = random(20);
    const refused = async (says: string, run: () => unknown) => {
      const failed = await assertRejects(async () => void await run(), RuntimeError);
      assertStringIncludes(failed.message, says);
    };
    using wrong = device.tensor(random(12), [4, 3]);
    await refused("expected A: f32[m, 4], got a tensor of [4, 3]", () => program.run({ A: wrong, B }));
    using flat = device.tensor(random(12), [12]);
    await refused("expected A: f32[m, 4], got a tensor of [12]", () => program.submit({ A: flat, B }));
    using half = device.tensor(new Float16Array(12), [3, 4]);
    await refused("expected A: f32[m, 4], got a tensor of f16", () => program.run({ A: half, B }));
    const gone = device.tensor(random(12), [3, 4]);
    gone[Symbol.dispose]();
    gone[Symbol.dispose]();
    await refused("got one of [3,4] that is disposed", () => program.run({ A: gone, B }));
    await refused("got one of [3,4] that is disposed", () => gone.read());
    using second = await open();
    using far = second.tensor(random(12), [3, 4]);
    await refused(
      "expected A on the program's device, got a tensor of another one",
      () => program.run({ A: far, B }),
    );
    await refused(
      "expected 4 elements, got 3, making a tensor f32[2,2]",
      () => device.tensor(random(3), [2, 2]),
    );
    await refused("expected elements of f16 as a Float16Array", () => device.tensor(random(3), [3], "f16"));
    using five = device.zeros([5], "f16");
    await refused("expected at most 1 elements from 4 on, got 2", () => five.write(new Float16Array(2), 4));
    await refused(
      "expected whole words, 2 elements of f16 each, got 2 elements from 1 on",
      () => five.write(new Float16Array(2), 1),
    );
    const A = te.placeholder("A", [2]), X = te.placeholder("X", [2]);
    const into = te.update(A, [2], (i) => ({ at: [i as te.Var], value: X.at(i as te.Var) }));
    using copy = await build(te.primFunc("copy", [X, into]), device);
    using two = device.zeros([2]);
    await refused("as a tensor of its own, got that of X", () => copy.run({ A: two, X: two }));
    await refused("expected w of f32[4, 4], got a tensor f16[5]", async () => {
      try {
        await build(step, device, { weights: { w: five }, bounds: { n: 1 } });
      } catch (e) {
        throw new RuntimeError((e as Error).message);
      }
    });
  });

  test("bytes are counted by what they are for, and no run leaks any", async () => {
    using own = await open();
    assertEquals(own.memory.total, 0);
    using w = own.tensor(random(16), [4, 4]);
    assertEquals(own.memory.tensors, 64);
    const x = random(4), data = random(16);
    {
      using model = await build(step, own, { weights: { w: data }, bounds: { n: 1 } });
      using shared = await build(step, own, { weights: { w }, bounds: { n: 1 } });
      assert(own.memory.weights >= 64 && own.memory.constants > 0, JSON.stringify(own.memory));
      using state = own.zeros([6, 4]);
      const inputs = { cache: state, x, at: new Int32Array(1) };
      await shared.run(inputs);
      const once = own.memory;
      for (let k = 0; k < 5; k++) {
        const made = await model.submit(inputs);
        for (const t of Object.values(made)) t[Symbol.dispose]();
      }
      const more = own.memory;
      for (let k = 0; k < 30; k++) {
        // Other tensors each time.
        using at = own.zeros([], "i32");
        using rows = own.tensor(x, [1, 4]);
        for (const t of Object.values(await model.submit({ cache: state, x: rows, at }))) t[Symbol.dispose]();
      }
      assert(own.memory.activations <= more.activations + 64, JSON.stringify([more, own.memory]));
      assertEquals(own.memory.tensors, once.tensors);
      using bound = await model.bind(inputs);
      assert(own.memory.bound > 0);
      await bound.run(1);
    }
    const { idle, total } = own.memory;
    assertEquals([own.memory.tensors, total - idle], [64, 64]);
  });

  test("a limit of memory frees what is idle, and then refuses", async () => {
    using small = await open("1 KiB");
    assertEquals(small.memory.limit, 1024);
    for (let k = 0; k < 5; k++) {
      using _ = small.zeros([20 + 40 * k]);
    }
    using half = small.zeros([128]);
    assertThrows(() => small.zeros([129]), RuntimeError, "expected at most 1024 bytes on the device");
    using rest = small.zeros([128]);
    assertEquals([half.bytes + rest.bytes, small.memory.total], [1024, 1024]);
  });
}

Deno.test("a launch makes its bind groups once for each choice of tensors, and keeps few", async () => {
  const gpu = devices.find((d) => d.target.kind === "webgpu");
  if (!gpu) return;
  let made = 0;
  const make = GPUDevice.prototype.createBindGroup;
  GPUDevice.prototype.createBindGroup = function (descriptor) {
    made++;
    return make.call(this, descriptor);
  };
  try {
    using model = await build(step, gpu, { weights: { w: random(16) }, bounds: { n: 1 } });
    using state = gpu.zeros([6, 4]);
    const inputs = { cache: state, x: random(4), at: new Int32Array(1) };
    const run = async () => {
      for (const t of Object.values(await model.submit(inputs))) t[Symbol.dispose]();
    };
    await run();
    await run();
    made = 0;
    for (let k = 0; k < 10; k++) await run();
    assertEquals(made, 0);
    using other = gpu.zeros([6, 4]);
    await model.submit({ ...inputs, cache: other });
    assert(made > 0 && made <= model.launches, `${made}`);
  } finally {
    GPUDevice.prototype.createBindGroup = make;
  }
});
