import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  add,
  and,
  block,
  buffer,
  constant,
  FALSE,
  floorDiv,
  forLoop,
  iterVar,
  load,
  lt,
  seq,
  store,
  variable,
} from "../../lib/ir/build.ts";
import { equalStmt } from "../../lib/ir/equal.ts";
import type { BinaryOp, Expr } from "../../lib/ir/expr.ts";
import { PrimFunc } from "../../lib/ir/func.ts";
import { interpret } from "../../lib/interp/interpret.ts";
import { printStmt } from "../../lib/ir/print.ts";
import { Analyzer } from "../../lib/arith/analyzer.ts";
import { isNothing, simplifyStmt } from "../../lib/arith/simplify_stmt.ts";
import type { Stmt } from "../../lib/ir/stmt.ts";
import { verifyFunc } from "../../lib/ir/verify.ts";
import { arbProgram, arbSymbolicProgram, randomInputs } from "../ir/random_program.ts";
import { retiled, withoutBlocks } from "../ir/retile.ts";

const arbCase = fc.oneof(
  arbProgram.map((func) => ({ func, shapes: {} })),
  arbSymbolicProgram,
);
const arbChoices = fc.array(fc.constantFrom(0, 1, 1, 2, 3, 4), { minLength: 1, maxLength: 6 });

const simplified = (f: PrimFunc) => f.with({ body: simplifyStmt(f.body, Analyzer.of(f)) });

Deno.test("other loops over the same blocks mean the same, simplified or not", () => {
  fc.assert(
    fc.property(arbCase, arbChoices, fc.nat(), ({ func, shapes }, choices, seed) => {
      const inputs = randomInputs(func, seed, shapes);
      const want = interpret(func, inputs, { shapes });
      const other = retiled(func, choices);
      for (const f of [other, simplified(func), simplified(other)]) {
        verifyFunc(f);
        assertEquals(interpret(f, inputs, { shapes }), want, String(f));
      }
    }),
    { numRuns: 120 },
  );
});

Deno.test("a program whose blocks are replaced by what they mean stays the same, simplified or not", () => {
  fc.assert(
    fc.property(arbCase, arbChoices, fc.nat(), ({ func, shapes }, choices, seed) => {
      const inputs = randomInputs(func, seed, shapes);
      const want = interpret(func, inputs, { shapes });
      const flat = withoutBlocks(retiled(func, choices));
      for (const f of [flat, simplified(flat)]) {
        verifyFunc(f, "lowered");
        assertEquals(interpret(f, inputs, { shapes }), want, String(f));
      }
    }),
    { numRuns: 120 },
  );
});

Deno.test("what is simplified once has nothing more to simplify", () => {
  fc.assert(
    fc.property(arbCase, arbChoices, ({ func }, choices) => {
      const once = simplified(withoutBlocks(retiled(func, choices)));
      const twice = simplified(once);
      assert(equalStmt(once.body, twice.body), `${once}\n${twice}`);
    }),
    { numRuns: 120 },
  );
});

Deno.test("splits that divide leave no guard, and tiles of a fused loop are parts of rows", () => {
  const A = buffer("A", [16, 8]);
  const i = variable("i"), j = variable("j"), vi = variable("vi"), vj = variable("vj");
  const body = block("A", [iterVar(vi, 16), iterVar(vj, 8)], [i, j], store(A, [vi, vj], constant(1, "f32")));
  const nest = forLoop(i, 16, forLoop(j, 8, body));
  const text = (choices: readonly number[]) => {
    const f = withoutBlocks(retiled(new PrimFunc("ones", [A], [], [], nest), choices));
    return printStmt(simplified(f).body);
  };
  assertEquals(
    text([4, 2]),
    `\
for t0 in range(4):
    for t1 in range(4):
        for t2 in range(4):
            for t3 in range(2):
                A[t0 * 4 + t1, t2 * 2 + t3] = T.float32(1)`,
  );
  // 128 turns, split by 4: whole rows of 8 are two turns of the outer loop.
  assertEquals(
    text([1, 4]),
    `\
for t1 in range(32):
    for t2 in range(4):
        A[t1 // 2, t2 + t1 % 2 * 4] = T.float32(1)`,
  );
});

Deno.test("simplifying resolves conditions, drops what never runs and loops of one turn", () => {
  const A = buffer("A", [8]), i = variable("i"), j = variable("j");
  const set = (at: typeof i) => store(A, [at], constant(1, "f32"));
  const run = (s: Stmt) => printStmt(simplifyStmt(s, new Analyzer()));
  const always = { kind: "if", cond: lt(i, 8), then: set(i), else: set(j) } as const;
  assertEquals(run(forLoop(i, 8, always)), "for i in range(8):\n    A[i] = T.float32(1)");
  const never = { kind: "if", cond: lt(add(i, 8), 8), then: set(i) } as const;
  assertEquals(run(forLoop(i, 8, never)), "pass");
  assertEquals(run(forLoop(i, 8, { ...never, else: set(i) })), "for i in range(8):\n    A[i] = T.float32(1)");
  assertEquals(run(forLoop(i, 1, set(i))), "A[0] = T.float32(1)");
  assertEquals(run(forLoop(i, 0, set(i))), "pass");
  assertEquals(run(seq(forLoop(i, 8, seq()), set(j))), "A[j] = T.float32(1)");
  assert(isNothing(simplifyStmt(seq(forLoop(i, 8, seq()), seq()), new Analyzer())));
  const open = { kind: "if", cond: and(lt(i, 8), lt(j, 3)), then: set(i) } as const;
  assertEquals(
    run(forLoop(i, 8, open)),
    "for i in range(8):\n    if j < 3:\n        A[i] = T.float32(1)",
  );
});

Deno.test("a block keeps its loops of one turn, and its place where it never runs", () => {
  const A = buffer("A", [1]), i = variable("i"), v = variable("v");
  const b = block("A", [iterVar(v, 1)], [i], store(A, [v], constant(1, "f32")), { where: FALSE });
  assertEquals(
    printStmt(simplifyStmt(forLoop(i, 1, b), new Analyzer())),
    `\
for i in range(1):
    with T.block("A"):
        v = T.axis.spatial(1, 0)
        T.where(False)
        A[v] = T.float32(1)`,
  );
});

Deno.test("a program with nothing to simplify comes back as the same object", () => {
  const A = buffer("A", [8, 4]), [i, j] = [variable("i"), variable("j")];
  const s = forLoop(i, 8, forLoop(j, 4, store(A, [floorDiv(i, 3), j], constant(1, "f32"))));
  assert(simplifyStmt(s, new Analyzer()) === s);
});

Deno.test("floats keep their operations: only what is exact is dropped", () => {
  const A = buffer("A", [8]), i = variable("i");
  const x = load(A, { kind: "binary", dtype: "i32", op: "mul", a: i, b: constant(1) });
  const one = constant(1, "f32"), zero = constant(0, "f32");
  const text = (op: BinaryOp, a: Expr, b: Expr) =>
    printStmt(simplifyStmt(store(A, [i], { kind: "binary", dtype: "f32", op, a, b }), new Analyzer()));
  assertEquals(text("mul", x, one), "A[i] = A[i]");
  assertEquals(text("mul", one, x), "A[i] = A[i]");
  assertEquals(text("div", x, one), "A[i] = A[i]");
  // -0 + 0 is 0, 0·∞ is no 0, x - x is NaN for an infinite x.
  assertEquals(text("add", x, zero), "A[i] = A[i] + T.float32(0)");
  assertEquals(text("mul", x, zero), "A[i] = A[i] * T.float32(0)");
  assertEquals(text("sub", x, x), "A[i] = A[i] - A[i]");
});
