/** Arguments are held against what a program takes before a device sees them. */
import { assertEquals, assertThrows } from "@std/assert";
import { compile } from "../../lib/codegen/compile.ts";
import type { Executable } from "../../lib/codegen/executable.ts";
import { schedule } from "../../lib/dlight/schedule.ts";
import type { PrimFunc } from "../../lib/ir/func.ts";
import { checkArguments, type Inputs, type Shapes } from "../../lib/runtime/arguments.ts";
import { RuntimeError } from "../../lib/runtime/error.ts";
import { targetOf } from "../../lib/target/profiles.ts";
import * as te from "../../lib/face/te.ts";

function executableOf(func: PrimFunc): Executable {
  return compile(schedule(func, targetOf("cpu")).func, targetOf("cpu"));
}

const floats = (n: number) => new Float32Array(n);
const add = executableOf(te.add({ shape: [2, 3] }));
const matmul = executableOf(te.matmul({ m: "m", n: "n", k: "k" }));

function refused(exe: Executable, inputs: unknown, message: string, shapes?: Shapes): void {
  const { message: said } = assertThrows(() => checkArguments(exe, inputs as Inputs, shapes), RuntimeError);
  assertEquals(said, message);
}

Deno.test("arguments that fit are taken", () => {
  assertEquals(checkArguments(add, { A: floats(6), B: floats(6) }), {});
});

Deno.test("a missing argument is named, with all that the program takes", () => {
  const takes = "it takes A: f32[2, 3], B: f32[2, 3]";
  refused(add, { A: floats(6) }, `cannot run add: expected argument B: f32[2, 3], got nothing; ${takes}`);
  refused(add, {}, `cannot run add: expected argument A: f32[2, 3], got nothing; ${takes}`);
  refused(
    add,
    { A: floats(6), B: undefined },
    `cannot run add: expected argument B: f32[2, 3], got nothing; ${takes}`,
  );
});

Deno.test("an argument that there isn't is named, an output among them", () => {
  const takes = "it takes A: f32[2, 3], B: f32[2, 3]";
  const A = floats(6);
  refused(add, { A, B: A, D: A }, `cannot run add: expected its arguments, got D; ${takes}`);
  refused(add, { A, B: A, C: A }, `cannot run add: expected its arguments, got C; ${takes}`);
});

Deno.test("what an object has by birth is no argument", () => {
  const named = {
    ...add,
    buffers: add.buffers.map((b, k) => ({ ...b, name: ["toString", "B", "C"][k] ?? "" })),
  };
  const message =
    "cannot run add: expected argument toString: f32[2, 3], got nothing; it takes toString: f32[2, 3], B: f32[2, 3]";
  refused(named, { B: floats(6) }, message);
});

Deno.test("each dtype comes as its own kind of array", () => {
  const kinds = {
    f32: Float32Array,
    f16: Float16Array,
    i32: Int32Array,
    u32: Uint32Array,
    bool: Uint32Array,
  };
  for (const [dtype, kind] of Object.entries(kinds)) {
    const exe = { ...add, buffers: add.buffers.map((b) => ({ ...b, dtype: dtype as "f32" })) };
    checkArguments(exe, { A: new kind(6), B: new kind(6) } as Inputs);
    for (const other of [Float32Array, Float16Array, Int32Array, Uint32Array, Float64Array, Uint8Array]) {
      if (other === kind) continue;
      const given = `cannot run add: expected A: ${dtype}[2, 3] as a ${kind.name}, got ${other.name}`;
      refused(exe, { A: new other(6), B: new kind(6) }, given);
    }
  }
});

Deno.test("what is no array is refused", () => {
  const with_ = (A: unknown, got: string) =>
    refused(add, { A, B: floats(6) }, `cannot run add: expected A: f32[2, 3] as a Float32Array, got ${got}`);
  with_([1, 2, 3, 4, 5, 6], "Array");
  with_(new ArrayBuffer(24), "ArrayBuffer");
  with_("text", "String");
  with_(7, "Number");
  with_(null, "object");
  with_(Object.create(null), "object");
});

Deno.test("a wrong length is told with the right one", () => {
  const message = "cannot run add: expected 6 elements of B: f32[2, 3], got 5";
  refused(add, { A: floats(6), B: floats(5) }, message);
  refused(
    matmul,
    { A: floats(6), B: floats(13) },
    "cannot run matmul: expected 12 elements of B: f32[k, n], got 13",
    { k: 3, n: 4 },
  );
});

Deno.test("shapes follow from lengths, each as soon as the others are known", () => {
  const vector = executableOf(te.gemv({ n: "n", k: 4 }));
  assertEquals(checkArguments(vector, { A: floats(20), x: floats(4) }), { n: 5 });
  assertEquals(checkArguments(matmul, { A: floats(6), B: floats(12) }, { k: 3 }), { k: 3, m: 2, n: 4 });
  assertEquals(checkArguments(matmul, { A: floats(6), B: floats(12) }, { m: 2 }), { m: 2, k: 3, n: 4 });
  const q4 = executableOf(te.gemv({ n: "n", k: "k", weights: "q4f32_1" }));
  const given = { W_q: new Uint32Array(3 * 8), W_scale: floats(3 * 2), x: floats(40) };
  assertEquals(checkArguments(q4, given), { k: 40, n: 3 });
});

Deno.test("a shape that follows from nothing is asked for", () => {
  const message =
    "cannot run matmul: shape variable m does not follow from the arguments' lengths; give it in shapes";
  refused(matmul, { A: floats(6), B: floats(12) }, message);
});

Deno.test("shapes are positive integers", () => {
  const vector = executableOf(te.gemv({ n: "n", k: 4 }));
  const args = { A: floats(18), x: floats(4) };
  const message = (n: string) =>
    `cannot run gemv: expected shape variable n to be a positive integer, got ${n}`;
  refused(vector, args, message("4.5"));
  refused(vector, { ...args, A: floats(0) }, message("0"));
  for (const n of [0, -1, 1.5, NaN, Infinity]) refused(vector, args, message(`${n}`), { n });
  refused(vector, args, message("4"), { n: "4" as unknown as number });
});

Deno.test("a shape that there isn't is refused with those that there are", () => {
  refused(add, { A: floats(6), B: floats(6) }, "cannot run add: expected its shape variables (none), got m", {
    m: 2,
  });
  refused(
    matmul,
    { A: floats(6), B: floats(12) },
    "cannot run matmul: expected its shape variables (m, k, n), got q",
    { k: 3, q: 1 },
  );
});

Deno.test("given shapes are held against the lengths", () => {
  const vector = executableOf(te.gemv({ n: "n", k: 4 }));
  const args = { A: floats(20), x: floats(4) };
  refused(vector, args, "cannot run gemv: expected 24 elements of A: f32[n, 4], got 20", { n: 6 });
});
