/** Loops hold no arithmetic that they do not change, whatever the rule; what it must not move is tested by random schedules. */
import { assert, assertEquals } from "@std/assert";
import { fallback } from "../../lib/dlight/fallback/fallback.ts";
import { rules, schedule } from "../../lib/dlight/schedule.ts";
import type { Expr, Var } from "../../lib/ir/expr.ts";
import { walkExpr } from "../../lib/ir/visit.ts";
import type { KernelStmt } from "../../lib/lower/kernel.ts";
import { lower } from "../../lib/lower/pipeline.ts";
import { targetOf } from "../../lib/target/profiles.ts";
import * as te from "../../lib/face/te.ts";

/** Sums and products of integers in a loop's body, each with whether anything in it is of that loop. */
function arithmeticIn(body: readonly KernelStmt[], loop: ReadonlySet<Var>): readonly string[] {
  const found: string[] = [];
  const look = (e: Expr, own: ReadonlySet<Var>) => {
    if (e.kind !== "binary" || e.dtype !== "i32" || own.size === 0) return;
    let inside = false, terms = 0;
    walkExpr(e, (x) => {
      if ((x.kind === "var" && own.has(x)) || x.kind === "load") inside = true;
      if (x.kind === "var") terms++;
    });
    // A constant beside a name stays, so that neighbours share the name, and so does four times a vector's index.
    if (!inside && terms > 1) found.push(e.op);
  };
  const visit = (s: KernelStmt, own: ReadonlySet<Var>): void => {
    switch (s.kind) {
      case "for":
        return s.body.forEach((x) => visit(x, new Set([s.var])));
      case "if":
        walkExpr(s.cond, (e) => look(e, own));
        return [...s.then, ...s.else].forEach((x) => visit(x, own));
      case "store":
        walkExpr(s.value, (e) => e.kind === "load" && e.indices.forEach((i) => look(baseOf(i), own)));
        return look(baseOf(s.index), own);
      case "let":
      case "barrier":
        return;
      default:
        s satisfies never;
    }
  };
  for (const s of body) visit(s, loop);
  return found;
}

const baseOf = (e: Expr): Expr => e.kind === "ramp" ? e.base : e;

Deno.test("no index in a loop is made of nothing that the loop changes", () => {
  const target = targetOf("generic-webgpu");
  let loops = 0;
  for (
    const func of [
      te.matmul({ m: 64, n: 96, k: 80 }),
      te.gemv({ n: 100, k: 256 }),
      te.softmax({ rows: 5, columns: 1000 }),
      te.layerNorm({ rows: 5, columns: 1000 }),
      te.transpose({ rows: 70, columns: 90 }),
    ]
  ) {
    for (const which of [rules, [fallback]]) {
      for (const kernel of lower(schedule(func, target, which).func, target)) {
        assertEquals(arithmeticIn(kernel.body, new Set()), [], `${func.name}`);
        loops += kernel.body.filter((s) => s.kind === "for").length;
        const names = kernel.body.filter((s) => s.kind === "let").map((s) => s.var);
        assertEquals(new Set(names).size, names.length);
      }
    }
  }
  assert(loops > 10, `${loops} loops`);
});
