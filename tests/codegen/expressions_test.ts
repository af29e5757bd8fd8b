/** Expressions of every operator and type mean on each device what they mean to the interpreter. */
import fc from "fast-check";
import { assertEquals } from "@std/assert";
import { compile } from "../../lib/codegen/compile.ts";
import { add, binary, call, cast, constant, not, select } from "../../lib/ir/build.ts";
import type { ScalarType } from "../../lib/ir/dtype.ts";
import type { BinaryOp, Expr, Var } from "../../lib/ir/expr.ts";
import type { PrimFunc } from "../../lib/ir/func.ts";
import { Schedule } from "../../lib/schedule/schedule.ts";
import { compute } from "../../lib/te/compute.ts";
import { bitcast, bitNot, ceil, isNaN, round, sign, trunc, truncDiv, truncMod } from "../../lib/te/expr.ts";
import { placeholder, type Tensor } from "../../lib/te/tensor.ts";
import { primFunc } from "../../lib/te/prim_func.ts";
import { devices, nameOf, otherCpus } from "../devices.ts";
import { subjectOf, wrongResults } from "../lower/checked_run.ts";

type Type = "f32" | "i32" | "u32" | "bool";
const N = 16;

/** Sums of i32 are taken not to leave 32 bits, as indices are i32; u32 wraps around. */
const INTEGERS = [0, 1, -1, 2, 7, -7, 31, -32, 100, -100, 12, -9, 5, -64, 3, -3];
const WORDS = [0, 1, 2 ** 32 - 1, 2 ** 31, 7, 255, 65536, 4e9, 31, 32, 33, 64, 1e9, 12345, 3, 2];
/** Whole numbers of few bits, so that sums and products of them are exact in any order. */
const FLOATS = [0, 1, -1, 2, -2, 3, 0.5, -0.5, 4, -8, 16, 100, -100, 0.25, 7, -7];

const inputs = {
  A: Float32Array.from(FLOATS),
  I: Int32Array.from(INTEGERS),
  U: Uint32Array.from(WORDS),
  P: Uint32Array.from(FLOATS, (v) => +(v > 0)),
};
const tensors: Readonly<Record<Type, Tensor>> = {
  f32: placeholder("A", [N], "f32"),
  i32: placeholder("I", [N], "i32"),
  u32: placeholder("U", [N], "u32"),
  bool: placeholder("P", [N], "bool"),
};

/** An expression at a position. */
type Make = (i: Var) => Expr;

const COMPARE: readonly BinaryOp[] = ["eq", "ne", "lt", "le", "gt", "ge"];
const BITS: readonly BinaryOp[] = ["bitand", "bitor", "bitxor"];

const arb = fc.letrec<Record<Type, Make>>((tie) => {
  const of = (t: Type) => tie(t) as fc.Arbitrary<Make>;
  const leaf = (t: Type, values: readonly number[]) =>
    fc.oneof(
      fc.constant<Make>((i) => tensors[t].at(i)),
      fc.constantFrom(...values).map((v): Make => () => constant(v, t)),
    );
  const two = (t: Type, ops: readonly BinaryOp[], operands = t) =>
    fc.tuple(fc.constantFrom(...ops), of(operands), of(operands))
      .map(([op, a, b]): Make => (i) => binary(op, a(i), b(i)));
  const divided = (t: "i32" | "u32") =>
    fc.tuple(fc.constantFrom<BinaryOp>("floordiv", "floormod"), of(t), of(t))
      .map(([op, a, b]): Make => (i) => {
        const by = b(i);
        return binary(op, a(i), select(binary("eq", by, 0), constant(3, t), by));
      });
  const shifted = (t: "i32" | "u32", most: number) =>
    fc.tuple(fc.constantFrom<BinaryOp>("shl", "shr"), of(t), of(t))
      .map(([op, a, b]): Make => (i) => binary(op, a(i), binary("bitand", b(i), most)));
  const chosen = (t: Type) =>
    fc.tuple(of("bool"), of(t), of(t)).map(([c, a, b]): Make => (i) => select(c(i), a(i), b(i)));
  const casts = (t: Type, ...from: readonly Type[]) =>
    fc.oneof(...from.map((f) => of(f).map((a): Make => (i) => cast(t, a(i)))));
  const deep = { maxDepth: 3, depthSize: "small", withCrossShrink: true } as const;
  return {
    f32: fc.oneof(
      deep,
      leaf("f32", [0, 1, -2, 0.5]),
      two("f32", ["min", "max", "add", "sub"]),
      // A product of sums of few bits: more would be rounded, each device its own way.
      fc.tuple(leaf("f32", [2, -1]), leaf("f32", [3])).map(([a, b]): Make => (i) =>
        binary("mul", a(i), b(i))
      ),
      of("f32").map((a): Make => (i) => call("floor", a(i))),
      of("f32").map((a): Make => (i) => call("abs", a(i))),
      fc.tuple(fc.constantFrom(round, ceil, trunc, sign), of("f32")).map(([f, a]): Make => (i) => f(a(i))),
      // Small words are bits of subnormals, which devices may flush.
      of("f32").map((a): Make => (i) => bitcast("f32", bitcast("u32", add(a(i), constant(0, "f32"))))),
      chosen("f32"),
      casts("f32", "bool"),
    ),
    i32: fc.oneof(
      deep,
      leaf("i32", [0, 1, -1, 5]),
      two("i32", ["add", "sub", "mul", "min", "max", ...BITS]),
      divided("i32"),
      shifted("i32", 3),
      chosen("i32"),
      casts("i32", "bool", "f32"),
      fc.tuple(of("u32"), of("u32")).map(([a, b]): Make => (i) => call("dot4I8Packed", a(i), b(i))),
      of("u32").map((a): Make => (i) => bitcast("i32", a(i))),
      leaf("f32", [0.5, -3]).map((a): Make => (i) => bitcast("i32", a(i))),
      fc.tuple(fc.constantFrom(truncDiv, truncMod), of("i32"), fc.constantFrom(3, -7, 1, 64))
        .map(([f, a, b]): Make => (i) => f(a(i), b)),
      of("u32").map((a): Make => (i) => cast("i32", binary("bitand", a(i), 255))),
    ),
    u32: fc.oneof(
      deep,
      leaf("u32", [0, 1, 5, 2 ** 32 - 1]),
      two("u32", ["add", "sub", "mul", "min", "max", ...BITS]),
      divided("u32"),
      shifted("u32", 31),
      chosen("u32"),
      casts("u32", "i32", "bool", "f32"),
      of("i32").map((a): Make => (i) => bitcast("u32", a(i))),
      of("u32").map((a): Make => (i) => bitNot(a(i))),
    ),
    bool: fc.oneof(
      deep,
      leaf("bool", [0, 1]),
      two("bool", ["and", "or", "eq", "ne"]),
      two("bool", COMPARE, "f32"),
      two("bool", COMPARE, "i32"),
      two("bool", COMPARE, "u32"),
      of("bool").map((a): Make => (i) => not(a(i))),
      of("f32").map((a): Make => (i) => isNaN(a(i))),
      chosen("bool"),
      casts("bool", "i32", "u32", "f32"),
    ),
  };
});

/** `result` of each element, `wide` of them a thread as vectors where they fit. */
function programOf(result: Make, wide: boolean): { readonly func: PrimFunc; readonly scheduled: PrimFunc } {
  const out = compute("out", [N], (i) => result(i));
  const func = primFunc("expressions", [...Object.values(tensors), out]);
  const sch = new Schedule(func);
  const [i] = sch.loops("out") as [string];
  const [thread, lane] = sch.split(i, [null, 4]);
  sch.bind(thread, "threadIdx.x");
  if (wide) sch.vectorize(lane);
  return { func, scheduled: sch.func };
}

for (const device of [...devices, ...otherCpus]) {
  for (const type of ["f32", "i32", "u32", "bool"] as const satisfies readonly ScalarType[]) {
    const numRuns = device === devices[0] ? 150 : device.target.kind === "cpu" ? 50 : 15;
    Deno.test(`expressions of ${type} on ${nameOf(device)}`, async () => {
      await fc.assert(
        fc.asyncProperty(arb[type], fc.boolean(), async (make, wide) => {
          const { func, scheduled } = programOf(make, wide);
          const subject = subjectOf(func, {}, 1, inputs);
          assertEquals(
            await wrongResults(device, subject, compile(scheduled, device.target)),
            undefined,
            `${func}`,
          );
        }),
        { numRuns },
      );
    });
  }
}
