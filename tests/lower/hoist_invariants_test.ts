/** Loops hold no arithmetic that they do not change, whatever the rule and keep what they do. */
import { assert, assertEquals } from "@std/assert";
import { fallback } from "../../lib/dlight/fallback/fallback.ts";
import { rules, schedule } from "../../lib/dlight/schedule.ts";
import { interpret } from "../../lib/interp/interpret.ts";
import {
  add,
  buffer,
  call,
  cast,
  constant,
  floorMod,
  forLoop,
  load,
  mul,
  seq,
  store,
  variable,
} from "../../lib/ir/build.ts";
import type { Expr, Var } from "../../lib/ir/expr.ts";
import { PrimFunc } from "../../lib/ir/func.ts";
import type { Stmt } from "../../lib/ir/stmt.ts";
import { walkExpr } from "../../lib/ir/visit.ts";
import type { KernelStmt } from "../../lib/lower/kernel.ts";
import { hoistInvariants } from "../../lib/lower/hoist_invariants.ts";
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

Deno.test("what a loop writes, names or counts stays in it", () => {
  const out = buffer("out", [4, 5]), register = buffer("r", [2], "f32", "local");
  const i = variable("i"), k = variable("k"), named = variable("named"), x = variable("x", "f32");
  const r = load(register, 0), still = load(register, 1), f32 = (e: Expr) => cast("f32", e);
  const bodies: Readonly<Record<string, Stmt>> = {
    "a register that the loop writes": seq(
      store(register, [constant(0)], add(mul(r, 2), 1)),
      store(out, [i, k], call("sqrt", r)),
    ),
    "a register that it does not write": store(out, [i, k], add(call("sqrt", still), f32(k))),
    "a register that it writes after": seq(
      store(out, [i, k], call("exp", r)),
      store(register, [constant(0)], mul(r, 0.5)),
    ),
    "a name in the loop": {
      kind: "let",
      var: named,
      value: add(mul(k, 3), i),
      body: store(out, [i, k], f32(mul(named, named))),
    },
    "a name of a value that changes": {
      kind: "let",
      var: x,
      value: call("sqrt", f32(k)),
      body: store(out, [i, k], mul(call("exp", x), call("exp", f32(i)))),
    },
    "an index of both loops": store(out, [i, floorMod(add(mul(i, 2), k), 5)], f32(add(mul(i, 7), mul(k, 5)))),
  };
  for (const [what, inner] of Object.entries(bodies)) {
    const start = seq(
      store(register, [constant(0)], constant(1, "f32")),
      store(register, [constant(1)], constant(9, "f32")),
    );
    const body = seq(start, forLoop(i, 4, forLoop(k, 5, inner)));
    const draft = hoistInvariants({
      name: "draft",
      prepares: false,
      body,
      shapeVars: [],
      outer: new Set([out]),
      layouts: new Map(),
      threads: new Map(),
      sharedGlobals: new Set(),
      atomics: new Set(),
      lanes: new Map(),
      wrapping: new Set(),
      activations: new Set(),
      textures: new Map(),
    });
    const valuesOf = (s: Stmt) => interpret(new PrimFunc("f", [out], [], [register], s), {}).out;
    assertEquals(valuesOf(draft.body), valuesOf(body), what);
  }
});
