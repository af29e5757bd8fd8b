/**
 * Random programs over all dtypes, gathers, shared subexpressions and symbolic shapes: level 1 builds what level 0 builds,
 * and both compute what the interpreter does. Values are small whole numbers, so that every result is exact.
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
import { add, binary, cast, constant, mul, select, sub, variable } from "../lib/ir/build.ts";
import type { ScalarType } from "../lib/ir/dtype.ts";
import type { Expr } from "../lib/ir/expr.ts";
import type { PrimFunc } from "../lib/ir/func.ts";
import { nodesIn } from "../lib/ir/size.ts";
import { devices } from "./devices.ts";
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
  kind: fc.nat(13),
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

/** Small again, whatever it was; only of floats and i32 of a few thousand at most. */
const small = (e: Expr) =>
  binary("min", binary("max", e, constant(-40, e.dtype as ScalarType)), constant(40, e.dtype as ScalarType));
const asF32 = (e: Expr) => e.dtype === "f32" ? e : cast("f32", e);
const asI32 = (e: Expr) => e.dtype === "i32" ? e : cast("i32", e);

function apply({ kind, a, b, c }: Op, made: readonly Expr[]): Expr {
  const at = (back: number) => made[made.length - 1 - back % made.length] as Expr;
  const x = at(a), y = at(b), z = at(c);
  const [f, g, i, j] = [asF32(x), asF32(y), asI32(x), asI32(y)];
  switch (kind) {
    case 0:
      return small(add(f, g));
    case 1:
      return small(sub(i, j));
    case 2:
      return small(mul(f, g));
    case 3:
      return small(mul(i, j));
    case 4:
      return select(binary("lt", i, j), asF32(z), f);
    case 5:
      return select(binary("ge", f, g), asI32(z), j);
    case 6:
      return binary("floormod", i, constant(5));
    case 7:
      return binary("floordiv", i, constant(3));
    case 8:
      return cast("f32", binary("bitand", cast("u32", i), constant(31, "u32")));
    case 9:
      return cast("i32", binary("shr", cast("u32", j), constant(27, "u32")));
    case 10:
      return binary("ne", i, j);
    case 11:
      return binary("max", f, asF32(z));
    case 12:
      return small(binary("bitxor", i, j));
    default:
      return cast("f32", cast("f16", f));
  }
}

function programOf(d: Description): Subject {
  const m = variable("m"), rows = d.symbolic ? m : constant(d.rows), columns = constant(d.columns);
  const A = te.placeholder("A", [rows, columns]), I = te.placeholder("I", [rows, columns], "i32");
  const U = te.placeholder("U", [columns], "u32"), M = te.placeholder("M", [rows, columns], "bool");
  const ids = te.placeholder("ids", [rows], "i32"), T = te.placeholder("T", [7, columns]);
  const inputs = [A, I, U, M, ids, T];
  let last: te.Tensor | undefined;
  d.stages.forEach(({ ops, shape, at }, s) => {
    const before = last;
    const value = (i: Expr, j: Expr): Expr => {
      const made: Expr[] = [
        A.at(i, j),
        I.at(i, j),
        cast("i32", U.at(j)),
        M.at(i, j),
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
      return asF32(made.at(-1) as Expr);
    };
    const name = s === d.stages.length - 1 ? "Y" : `T${s}`;
    if (shape < 3) last = te.compute(name, [rows, columns], value);
    else {
      const k = te.reduceAxis(shape === 3 ? columns : rows), reduce = shape === 5 ? te.max : te.sum;
      const sums = te.compute(
        `${name}_sums`,
        [shape === 3 ? rows : columns],
        (i) => reduce(shape === 3 ? value(i, k.var) : value(k.var, i), [k]),
      );
      last = te.compute(name, [rows, columns], (i, j) => small(sums.at(shape === 3 ? i : j)));
    }
  });
  const func = te.primFunc("random", [...inputs, last as te.Tensor]);
  let state = d.rows * 31 + d.columns;
  const next = () => (state = Math.imul(state, 1664525) + 1013904223 >>> 0) / 2 ** 16 | 0;
  const size = d.rows * d.columns;
  return {
    func,
    shapes: d.symbolic ? { m: d.rows } : {},
    inputs: {
      A: new Float32Array(size).map(() => next() % 9 - 4),
      I: new Int32Array(size).map(() => next() % 9 - 4),
      U: new Uint32Array(d.columns).map(() => next() % 9),
      M: new Uint32Array(size).map(() => next() % 2),
      ids: new Int32Array(d.rows).map(() => next() % 7),
      T: new Float32Array(7 * d.columns).map(() => next() % 9 - 4),
    },
  };
}

for (const device of devices) {
  const { target } = device;
  const numRuns = target.kind === "cpu" ? PROGRAMS : Math.ceil(PROGRAMS / 10);
  Deno.test(`${numRuns} random programs are right at levels 0 and 1 on ${target.name}`, async () => {
    await fc.assert(
      fc.asyncProperty(arb, async (d) => {
        const { func, shapes, inputs } = programOf(d);
        const subject = subjectOf(func, shapes, 0, inputs);
        for (const among of [[fallback], rules]) {
          const { made } = scheduleThen(func, target, among, (f) => compile(f, target));
          assertEquals(await wrongResults(device, subject, made), undefined);
          const length = made.launches.reduce((n, l) => n + l.source.length, 0);
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
