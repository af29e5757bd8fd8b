/**
 * Random programs over all dtypes, gathers, shared subexpressions and symbolic shapes: level 1 builds what level 0 builds,
 * and both compute what the interpreter does. Integers are of all 32 bits, and floats are small whole numbers, so that every result is exact.
 *
 * `deno test --allow-all tests/differential_test.ts -- 5000` tries so many programs; without a number, 200.
 */
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { compile } from "../lib/codegen/compile.ts";
import { fallback } from "../lib/dlight/fallback/fallback.ts";
import { rules, scheduleThen } from "../lib/dlight/schedule.ts";
import * as te from "../lib/face/te.ts";
import type { Arrays } from "../lib/interp/interpret.ts";
import { add, binary, call, cast, constant, mul, select, sub, variable } from "../lib/ir/build.ts";
import type { Expr } from "../lib/ir/expr.ts";
import type { PrimFunc } from "../lib/ir/func.ts";
import { nodesIn } from "../lib/ir/size.ts";
import { devices, nameOf, otherCpus } from "./devices.ts";
import { subjectOf, wrongResults } from "./lower/checked_run.ts";

const PROGRAMS = Number(Deno.args.find((a) => /^\d+$/.test(a)) ?? 200);

/** An operation on what was made before it: `a`, `b` and `c` count back from the latest value. */
interface Op {
  readonly kind: number;
  readonly a: number;
  readonly b: number;
  readonly c: number;
}
interface Description {
  readonly rows: number;
  readonly columns: number;
  readonly symbolic: boolean;
  /** The operations of each tensor; the next tensor reads the one before. */
  readonly stages: readonly { readonly ops: readonly Op[]; readonly shape: number; readonly at: number }[];
}
interface Subject {
  readonly func: PrimFunc;
  readonly shapes: Readonly<Record<string, number>>;
  readonly inputs: Arrays;
}

const arbOp: fc.Arbitrary<Op> = fc.record({
  kind: fc.nat(35),
  a: fc.nat(3),
  b: fc.nat(5),
  c: fc.nat(9),
});
const arb: fc.Arbitrary<Description> = fc.record({
  rows: fc.integer({ min: 1, max: 9 }),
  columns: fc.integer({ min: 1, max: 9 }),
  symbolic: fc.boolean(),
  stages: fc.array(
    fc.record({ ops: fc.array(arbOp, { minLength: 1, maxLength: 24 }), shape: fc.nat(5), at: fc.nat(5) }),
    { minLength: 1, maxLength: 4 },
  ),
});

/** Small again, whatever it was: sums and products of such floats are exact. */
const small = (e: Expr) => binary("min", binary("max", e, constant(-40, "f32")), constant(40, "f32"));
const asI32 = (e: Expr) => e.dtype === "i32" ? e : cast("i32", e);
const asU32 = (e: Expr) => e.dtype === "u32" ? e : cast("u32", asI32(e));
/** Integers of all sizes become a small float, which is exact. */
const asF32 = (e: Expr): Expr =>
  e.dtype === "f32"
    ? e
    : e.dtype === "i32" || e.dtype === "u32"
    ? sub(cast("f32", binary("floormod", asI32(e), constant(61))), constant(30, "f32"))
    : cast("f32", e);

/** Numbers that a quotient, a product or a comparison meets at the ends of its range. */
const ENDS = [1, 2, 3, 5, 7, 8, 64, 1000, 65536, 2 ** 30, 2 ** 31 - 1, -1, -2, -3, -8, -(2 ** 31)];
const end = (k: number) => constant(ENDS[k % ENDS.length] as number);
const positive = (k: number) => constant(ENDS[k % 11] as number);

/** What a step makes of floats f and g, integers i and j, any value z, and a number k. */
interface Operands {
  readonly f: Expr;
  readonly g: Expr;
  readonly i: Expr;
  readonly j: Expr;
  readonly z: Expr;
  readonly k: number;
}
const STEPS: readonly ((x: Operands) => Expr)[] = [
  ({ f, g }) => small(add(f, g)),
  ({ f, g }) => small(mul(f, g)),
  ({ f, z }) => binary("max", f, asF32(z)),
  ({ f }) => cast("f16", f),
  ({ i, j, z, f }) => select(binary("lt", i, j), asF32(z), f),
  ({ f, g, z, j }) => select(binary("ge", f, g), asI32(z), j),
  ({ i, j }) => binary("ne", i, j),
  ({ f, g }) => binary("le", f, g),
  ({ i, z }) => select(asBool(z), i, end(3)),
  // Integers of 32 bits, which wrap around.
  ({ i, j }) => add(i, j),
  ({ i, k }) => add(i, end(k)),
  ({ i, j }) => sub(i, j),
  ({ i, j }) => mul(i, j),
  ({ i, k }) => mul(i, end(k)),
  ({ i, k }) => binary("floordiv", i, positive(k)),
  ({ i, k }) => binary("floormod", i, positive(k)),
  ({ i, k }) => binary("floordiv", mul(i, end(k)), positive(k)),
  ({ i, k }) => binary("floormod", add(mul(i, end(k)), end(k + 5)), positive(k + 3)),
  ({ i, j }) => binary("floordiv", i, binary("max", j, constant(1))),
  ({ i, j }) => binary("floormod", i, binary("max", j, constant(1))),
  ({ i, j }) => binary("min", i, j),
  ({ i, j }) => binary("max", add(i, constant(1)), j),
  ({ i, k }) => binary("gt", add(i, end(k)), i),
  ({ i, k }) => binary("lt", mul(i, end(k)), end(k + 3)),
  ({ i, j }) => binary("bitxor", i, j),
  ({ i, j }) => binary("bitand", i, j),
  ({ i, j }) => binary("bitor", i, j),
  ({ i, k }) => binary("shl", i, constant(k % 32)),
  ({ i, k }) => binary("shr", i, constant(k % 32)),
  ({ i }) => call("abs", i),
  // Words without a sign.
  ({ i, j }) => mul(asU32(i), asU32(j)),
  ({ i, j }) => sub(asU32(i), asU32(j)),
  ({ i, k }) => binary("shr", asU32(i), constant(k % 32, "u32")),
  ({ i, k }) => binary("floordiv", asU32(i), constant(1 + k, "u32")),
  ({ i, k }) => binary("floormod", asU32(i), constant(1 + k, "u32")),
  ({ i, j }) => binary("lt", asU32(i), asU32(j)),
];
const asBool = (e: Expr) => e.dtype === "bool" ? e : binary("gt", asF32(e), constant(0, "f32"));

function apply({ kind, a, b, c }: Op, made: readonly Expr[]): Expr {
  const at = (back: number) => made[made.length - 1 - back % made.length] as Expr;
  const x = at(a), y = at(b);
  const step = STEPS[kind] as typeof STEPS[number];
  return step({ f: asF32(x), g: asF32(y), i: asI32(x), j: asI32(y), z: at(c), k: a + 4 * b + c });
}

function programOf(d: Description): Subject {
  const m = variable("m"), rows = d.symbolic ? m : constant(d.rows), columns = constant(d.columns);
  const A = te.placeholder("A", [rows, columns]), I = te.placeholder("I", [rows, columns], "i32");
  const U = te.placeholder("U", [columns], "u32"), M = te.placeholder("M", [rows, columns], "bool");
  const ids = te.placeholder("ids", [rows], "i32"), T = te.placeholder("T", [7, columns]);
  const H = te.placeholder("H", [rows, columns], "f16");
  const inputs = [A, I, U, M, ids, T, H];
  let last: te.Tensor | undefined;
  d.stages.forEach(({ ops, shape, at }, s) => {
    const before = last;
    const value = (i: Expr, j: Expr): Expr => {
      const made: Expr[] = [
        A.at(i, j),
        I.at(i, j),
        U.at(j),
        M.at(i, j),
        H.at(i, j),
        T.at(ids.at(i), j),
      ];
      if (before) {
        const next = binary("floormod", add(j, 1 + at), columns);
        made.push(
          before.at(i, at % 2 ? next : j),
          before.at(at % 3 ? i : binary("floormod", add(i, 1), rows), j),
        );
      }
      for (const op of ops) made.push(apply(op, made));
      return made.at(-1) as Expr;
    };
    /** A sum of booleans is a sum of numbers. */
    const number = (i: Expr, j: Expr): Expr => {
      const e = value(i, j);
      return e.dtype === "bool" ? cast("i32", e) : e;
    };
    const name = s === d.stages.length - 1 ? "Y" : `T${s}`;
    if (shape < 3) last = te.compute(name, [rows, columns], value);
    else {
      const k = te.reduceAxis(shape === 3 ? columns : rows), reduce = shape === 5 ? te.max : te.sum;
      const sums = te.compute(
        `${name}_sums`,
        [shape === 3 ? rows : columns],
        (i) => reduce(shape === 3 ? number(i, k.var) : number(k.var, i), [k]),
      );
      last = te.compute(name, [rows, columns], (i, j) => small(asF32(sums.at(shape === 3 ? i : j))));
    }
  });
  const func = te.primFunc("random", [...inputs, last as te.Tensor]);
  let state = d.rows * 31 + d.columns;
  const next = () => (state = Math.imul(state, 1664525) + 1013904223 >>> 0) / 2 ** 16 | 0;
  const size = d.rows * d.columns;
  /** Half of all words are any 32 bits, the others small or at an end of the range. */
  const word = () =>
    [
      next() * 65536 + next(),
      next() * 65536 + next(),
      next() % 9 - 4,
      ENDS[next() % 16],
    ][next() % 4] as number;
  return {
    func,
    shapes: d.symbolic ? { m: d.rows } : {},
    inputs: {
      A: new Float32Array(size).map(() => next() % 9 - 4),
      I: new Int32Array(size).map(word),
      U: new Uint32Array(d.columns).map(word),
      M: new Uint32Array(size).map(() => next() % 2),
      ids: new Int32Array(d.rows).map(() => next() % 7),
      T: new Float32Array(7 * d.columns).map(() => next() % 9 - 4),
      H: new Float16Array(size).map(() => next() % 9 - 4),
    },
  };
}

for (const device of [...devices, ...otherCpus]) {
  const { target } = device;
  // What isn't run by default takes a quarter, unless more programs are asked for.
  const part = device === devices[0] || PROGRAMS > 200 ? 1 : target.kind === "cpu" ? 1 / 4 : 1 / 10;
  const numRuns = Math.ceil(PROGRAMS * (target.kind === "cpu" ? part : 1 / 10));
  Deno.test(`${numRuns} random programs are right at levels 0 and 1 on ${nameOf(device)}`, async () => {
    await fc.assert(
      fc.asyncProperty(arb, async (d) => {
        const { func, shapes, inputs } = programOf(d);
        const subject = subjectOf(func, shapes, 0, inputs);
        for (const among of [[fallback], rules]) {
          const { made } = scheduleThen(func, target, among, (f) => compile(f, target));
          assertEquals(await wrongResults(device, subject, made), undefined);
          // What the device compiles: of WebAssembly the module, as its text is for readers.
          const length = made.launches.reduce((n, l) => n + (l.module ?? l.source).length, 0);
          if (among.length === 1) {
            const most = 2000 * made.launches.length + 100 * nodesIn(func.body);
            assertEquals(length <= most, true, `${length} characters, at most ${most}`);
          }
        }
      }),
      { numRuns, endOnFailure: PROGRAMS > 200 },
    );
  });
}
