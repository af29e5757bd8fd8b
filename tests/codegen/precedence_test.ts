/** Operators inside operators, as WGSL: read by JavaScript, whose precedence of arithmetic and comparisons is the same. */
import { assertAlmostEquals, assertEquals } from "@std/assert";
import { Names } from "../../lib/codegen/names.ts";
import { WgslExprPrinter } from "../../lib/codegen/wgsl/print_expr.ts";
import { schedule } from "../../lib/dlight/schedule.ts";
import { binary, cast, select, variable } from "../../lib/ir/build.ts";
import type { BinaryOp, Expr, Var } from "../../lib/ir/expr.ts";
import { lower } from "../../lib/lower/pipeline.ts";
import type { Kernel } from "../../lib/lower/kernel.ts";
import { targetOf } from "../../lib/target/profiles.ts";
import { relu } from "../../lib/face/te.ts";

const target = targetOf("generic-webgpu");
const [kernel] = lower(schedule(relu({ shape: [64] }), target).func, target) as [Kernel];
const vars = ["a", "b", "c", "d"].map((name) => variable(name, "f32"));
/** Numbers whose sums, products and quotients all differ. */
const VALUES = [3, 7, 11, 23];

const OPS = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
} as const satisfies Partial<Record<BinaryOp, (a: number, b: number) => number>>;
const ops = Object.keys(OPS) as readonly (keyof typeof OPS)[];

/** An expression, and its value. */
interface Tree {
  readonly expr: Expr;
  readonly value: number;
}

/** Every tree over these leaves in order, with every operator at every place. */
function trees(leaves: readonly Tree[]): readonly Tree[] {
  if (leaves.length === 1) return leaves;
  return leaves.slice(1).flatMap((_, k) =>
    trees(leaves.slice(0, k + 1)).flatMap((a) =>
      trees(leaves.slice(k + 1)).flatMap((b) =>
        ops.map((op) => ({ expr: binary(op, a.expr, b.expr), value: OPS[op](a.value, b.value) }))
      )
    )
  );
}

/** The value of the text, by JavaScript. */
function valueOf(e: Expr): unknown {
  const text = new WgslExprPrinter(kernel, new Names()).expr(e);
  const select = (no: unknown, yes: unknown, cond: boolean) => cond ? yes : no;
  return new Function("a", "b", "c", "d", "select", "f32", `return ${text};`)(...VALUES, select, Number);
}

Deno.test("comparisons hold where they hold, of smaller, equal and larger numbers", () => {
  const [a, b] = vars as [Var, Var, Var, Var];
  const holding = { lt: "<", le: "<=", eq: "=", ge: ">=", gt: ">", ne: "<>" } as const;
  for (const [op, signs] of Object.entries(holding) as [keyof typeof holding, string][]) {
    for (const [x, y, sign] of [[a, b, "<"], [a, a, "="], [b, a, ">"]] as const) {
      assertEquals(valueOf(binary(op, x, y)), signs.includes(sign), `${op} of ${sign}`);
    }
  }
});

const all = trees(vars.map((expr, k): Tree => ({ expr, value: VALUES[k] as number })));

Deno.test("arithmetic inside arithmetic keeps its operands", () => {
  // Five shapes of a tree, and three operators.
  assertEquals(all.length, 5 * 4 ** 3);
  for (const { expr, value } of all) assertAlmostEquals(valueOf(expr) as number, value, 1e-9);
});

Deno.test("comparisons, choices and conversions around arithmetic keep theirs", () => {
  const [a, b, c] = vars as [Var, Var, Var, Var];
  for (const { expr, value } of all) {
    for (const [op, holds] of [["lt", value < 7], ["le", value <= 7], ["gt", value > 7]] as const) {
      const cond = binary(op, expr, b);
      assertEquals(valueOf(cond), holds);
      assertAlmostEquals(valueOf(select(cond, expr, a)) as number, holds ? value : 3, 1e-9);
      assertAlmostEquals(valueOf(binary("sub", c, cast("f32", cond))) as number, holds ? 10 : 11, 1e-9);
    }
  }
});
