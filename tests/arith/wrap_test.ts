/** i32 wraps around: what is simplified is what was written, modulo 2³², in every device's own arithmetic. */
import fc from "fast-check";
import { assertEquals } from "@std/assert";
import { Analyzer } from "../../lib/arith/analyzer.ts";
import { simplifyStmt } from "../../lib/arith/simplify_stmt.ts";
import { compile } from "../../lib/codegen/compile.ts";
import { fallback } from "../../lib/dlight/fallback/fallback.ts";
import { rules, schedule } from "../../lib/dlight/schedule.ts";
import { interpret } from "../../lib/interp/interpret.ts";
import { add, cast, constant, lt, mul, select, sub } from "../../lib/ir/build.ts";
import type { Expr } from "../../lib/ir/expr.ts";
import type { PrimFunc } from "../../lib/ir/func.ts";
import { verifyFunc } from "../../lib/ir/verify.ts";
import { compute } from "../../lib/te/compute.ts";
import { placeholder } from "../../lib/te/tensor.ts";
import { primFunc } from "../../lib/te/prim_func.ts";
import { devices } from "../devices.ts";
import {
  bigints,
  type Comparison,
  expressions,
  EXTREMES,
  type Integers,
  type Operator,
  unfolded,
} from "./integers.ts";

const N = EXTREMES.length;
const A = Int32Array.from(EXTREMES);

/** A formula of an element of A and of its position. */
type Formula = <T>(x: Integers<T>, a: T, i: T) => T;

const of2 = (op: Operator, l: Formula, r: Formula): Formula => (x, a, i) => x.op(op, l(x, a, i), r(x, a, i));
const n = (value: number): Formula => (x) => x.of(value);
const a: Formula = (_, a) => a;
const i: Formula = (_, __, i) => i;
const plus = (l: Formula, r: Formula) => of2("add", l, r);
const minus = (l: Formula, r: Formula) => of2("sub", l, r);
const times = (l: Formula, r: Formula) => of2("mul", l, r);
const over = (l: Formula, r: Formula) => of2("floordiv", l, r);
const mod = (l: Formula, r: Formula) => of2("floormod", l, r);
const is = (op: Comparison, l: Formula, r: Formula): Formula => (x, a, i) =>
  x.choose(op, l(x, a, i), r(x, a, i), x.of(1), x.of(0));
const abs = (of: Formula): Formula => (x, a, i) => x.abs(of(x, a, i));

const LEAST = -(2 ** 31), MOST = 2 ** 31 - 1;

const FORMS: Readonly<Record<string, Formula>> = {
  "a*2/2": over(times(a, n(2)), n(2)),
  "(a*4)%4 + a*4/8": plus(mod(times(a, n(4)), n(4)), over(times(a, n(4)), n(8))),
  "(a*3+3)/3": over(plus(times(a, n(3)), n(3)), n(3)),
  "(a*6)%3": mod(times(a, n(6)), n(3)),
  "(a+6)%3 - a%3": minus(mod(plus(a, n(6)), n(3)), mod(a, n(3))),
  "(a+a)/2": over(plus(a, a), n(2)),
  "(a*6)/4": over(times(a, n(6)), n(4)),
  "(a/4*4 + a%4)": plus(times(over(a, n(4)), n(4)), mod(a, n(4))),
  "(a*8)/2/3": over(over(times(a, n(8)), n(2)), n(3)),
  "a+1 > a": is("gt", plus(a, n(1)), a),
  "a-1 < a": is("lt", minus(a, n(1)), a),
  "a+i >= a": is("ge", plus(a, i), a),
  "2*a = 2*(a+2^30)": is("eq", times(a, n(2)), times(plus(a, n(2 ** 30)), n(2))),
  "4*a < 8": is("lt", times(a, n(4)), n(8)),
  "a*2 != a+a": is("ne", times(a, n(2)), plus(a, a)),
  "max(a+1, a)": of2("max", plus(a, n(1)), a),
  "min(a-1, a)": of2("min", minus(a, n(1)), a),
  "i*2^30/2^28": over(times(i, n(2 ** 30)), n(2 ** 28)),
  "i*2^28 < 0": is("lt", times(i, n(2 ** 28)), n(0)),
  "i*2^28 % 3": mod(times(i, n(2 ** 28)), n(3)),
  "i*i*2^28 >= 0": is("ge", times(times(i, i), n(2 ** 28)), n(0)),
  "abs(a) % 7": mod(abs(a), n(7)),
  "abs(a) / 7": over(abs(a), n(7)),
  "abs(a) >= 0": is("ge", abs(a), n(0)),
  "abs(abs(a) >> 1)": abs(of2("shr", abs(a), n(1))),
  "2*((a + -2^31) / 2) <= 0": is("le", times(over(plus(a, n(LEAST)), n(2)), n(2)), n(0)),
  "4*((a + -2^31) / 4) = 0": is("eq", times(over(plus(a, n(LEAST)), n(4)), n(4)), n(0)),
  "a + -2^31": plus(a, n(LEAST)),
  "a - -2^31": minus(a, n(LEAST)),
  "a * -2^31": times(a, n(LEAST)),
  "a + 2^31-1 + 1": plus(plus(a, n(MOST)), n(1)),
  "a*65536*65536": times(times(a, n(65536)), n(65536)),
  "a*65537*65537": times(times(a, n(65537)), n(65537)),
  "a*(2^31-1)*(2^31-1)": times(times(a, n(MOST)), n(MOST)),
  "-2^31 / a (a != 0)": over(n(LEAST), of2("max", a, n(3))),
  "a / -2^31": over(a, n(LEAST)),
  "a % -2^31": mod(a, n(LEAST)),
  "a / -1 (a > -2^31)": over(of2("max", a, n(LEAST + 1)), n(-1)),
  "a / -7": over(a, n(-7)),
  "a % -7": mod(a, n(-7)),
  "min(a, -2^31)": of2("min", a, n(LEAST)),
  "-2^31 < a": is("lt", n(LEAST), a),
  "a*a": times(a, a),
  "a*a - a*a": minus(times(a, a), times(a, a)),
  "(a<<1)>>1": of2("shr", of2("shl", a, n(1)), n(1)),
  "(a&-2^31) < 0": is("lt", of2("bitand", a, n(LEAST)), n(0)),
  "folded 2^31-1 + 1": plus(n(MOST), n(1)),
  "folded -2^31 * -1": times(n(LEAST), n(-1)),
  "folded 65537*65537": times(n(65537), n(65537)),
};

/** The values of a formula at all elements of A, by BigInts. */
function right(formula: Formula): number[] {
  return EXTREMES.map((value, i) => Number(formula(bigints, BigInt(value), BigInt(i))));
}

function programOf(element: (a: Expr, i: Expr) => Expr): PrimFunc {
  const data = placeholder("A", [N], "i32");
  return primFunc("formula", [data, compute("C", [N], (i) => element(data.at(i), i))]);
}

const LEVELS = { 0: [fallback], 1: rules } as const;

for (const device of devices) {
  Deno.test(`formulas that wrap around are right on ${device.target.name}`, async () => {
    const wrong: string[] = [];
    const hold = (got: Iterable<number> | undefined, wanted: readonly number[], what: string) => {
      if (`${[...got ?? []]}` !== `${wanted}`) {
        wrong.push(`${what}: ${[...got ?? []]}, and should be ${wanted}`);
      }
    };
    for (const [name, formula] of Object.entries(FORMS)) {
      const func = programOf((a, i) => formula(expressions, a, i));
      const wanted = right(formula);
      hold(interpret(func, { A }).C, wanted, `${name} by the interpreter`);
      for (const [level, some] of Object.entries(LEVELS)) {
        using program = await device.load(compile(schedule(func, device.target, some).func, device.target));
        hold((await program.run({ A })).C, wanted, `${name} at level ${level}`);
      }
    }
    assertEquals(wrong, []);
  });
}

const OPERATORS: readonly Operator[] = ["add", "sub", "mul", "min", "max", "bitand", "bitor", "bitxor"];
const CHAINS: readonly Operator[] = ["add", "sub", "mul"];
const COMPARISONS: readonly Comparison[] = ["eq", "ne", "lt", "le", "gt", "ge"];
const CONSTANTS = [
  0,
  1,
  -1,
  2,
  3,
  4,
  6,
  7,
  8,
  -8,
  12,
  2 ** 16,
  2 ** 28,
  2 ** 30,
  MOST,
  LEAST,
  LEAST + 1,
  65537,
];
const DIVISORS = [1, 2, 3, 4, 6, 8, 7, 16, 64, 2 ** 30, MOST, -1, -3, -4, LEAST];

const arbFormula = fc.letrec<{ tree: Formula }>((tie) => {
  const tree = () => tie("tree") as fc.Arbitrary<Formula>;
  const constants = fc.constantFrom(...CONSTANTS).map(n), divisor = fc.constantFrom(...DIVISORS).map(n);
  const two = (ops: readonly Operator[], right: fc.Arbitrary<Formula>) =>
    fc.tuple(fc.constantFrom(...ops), tree(), right).map(([op, l, r]) => of2(op, l, r));
  const chosen = fc.tuple(fc.constantFrom(...COMPARISONS), tree(), tree(), tree(), tree())
    .map(([op, l, r, p, q]): Formula => (x, a, i) =>
      x.choose(op, l(x, a, i), r(x, a, i), p(x, a, i), q(x, a, i))
    );
  const divides: readonly Operator[] = ["floordiv", "floormod"];
  return {
    tree: fc.oneof(
      { maxDepth: 4, depthSize: "small", withCrossShrink: true },
      fc.oneof(fc.constant(a), fc.constant(i), constants),
      two(CHAINS, constants),
      two(CHAINS, tree()),
      two(divides, divisor),
      two(["shl", "shr"], fc.constantFrom(0, 1, 2, 31).map(n)),
      two(OPERATORS, tree()),
      chosen,
      tree().map(abs),
    ),
  };
}).tree;

Deno.test("a random formula means the same simplified or not, and what BigInts make of it", () => {
  fc.assert(
    fc.property(arbFormula, fc.boolean(), (formula, folds) => {
      const func = programOf((a, i) => formula(folds ? expressions : unfolded, a, i));
      const wanted = right(formula);
      assertEquals([...interpret(func, { A }).C ?? []], wanted, `${func}`);
      const simple = func.with({ body: simplifyStmt(func.body, Analyzer.of(func)) });
      verifyFunc(simple);
      assertEquals([...interpret(simple, { A }).C ?? []], wanted, `${func}\n${simple}`);
    }),
    { numRuns: 4000 },
  );
});

for (const device of devices) {
  Deno.test(`a random formula is right on ${device.target.name}`, async () => {
    await fc.assert(
      fc.asyncProperty(arbFormula, fc.constantFrom(0 as const, 1 as const), async (formula, level) => {
        const func = programOf((a, i) => formula(expressions, a, i));
        const executable = compile(schedule(func, device.target, LEVELS[level]).func, device.target);
        using program = await device.load(executable);
        const { C } = await program.run({ A });
        assertEquals([...C ?? []], right(formula), `${func}\n${program.source}`);
      }),
      { numRuns: device.target.kind === "cpu" ? 400 : 40 },
    );
  });
}

Deno.test("an index that wraps around is the one that is written", async () => {
  // 2²⁶ + 1 rows of 64 elements end at 2³² + 64, which is 64.
  const ids = placeholder("ids", [4], "i32"), X = placeholder("X", [256], "i32");
  const func = primFunc("gather", [
    ids,
    X,
    compute("C", [4, 64], (i, j) => X.at(add(mul(ids.at(i), 64), j))),
  ]);
  const inputs = {
    ids: Int32Array.of(2 ** 26 + 1, 3, 2 ** 26, -(2 ** 26) + 2),
    X: Int32Array.from({ length: 256 }, (_, k) => k * k),
  };
  const wanted = [1, 3, 0, 2].flatMap((row) => [...inputs.X.slice(64 * row, 64 * row + 64)]);
  assertEquals([...interpret(func, inputs).C ?? []], wanted);
  for (const device of devices) {
    for (const some of Object.values(LEVELS)) {
      using program = await device.load(compile(schedule(func, device.target, some).func, device.target));
      assertEquals([...(await program.run(inputs)).C ?? []], wanted, program.source);
    }
  }
});

Deno.test("a cast of a constant that a loop leaves has the constant's bits", async () => {
  const func = primFunc("casts", [
    placeholder("A", [16], "i32"),
    compute("C", [16], (i) => cast("u32", select(lt(i, 8), sub(i, 3), constant(-2)))),
  ]);
  const wanted = Array.from({ length: 16 }, (_, i) => (i < 8 ? i - 3 : -2) >>> 0);
  for (const device of devices) {
    for (const some of Object.values(LEVELS)) {
      using program = await device.load(compile(schedule(func, device.target, some).func, device.target));
      assertEquals([...(await program.run({ A })).C ?? []], wanted, program.source);
    }
  }
});
