/** Loops end where their turns stop to add anything; that nothing else changes is tested by random schedules too. */
import { assertEquals, assertThrows } from "@std/assert";
import { add, constant, ge, lt, mul, select, sub } from "../../lib/ir/build.ts";
import type { Expr, Var } from "../../lib/ir/expr.ts";
import type { PrimFunc } from "../../lib/ir/func.ts";
import { printExpr } from "../../lib/ir/print.ts";
import { LimitError } from "../../lib/lower/error.ts";
import type { KernelFor, KernelStmt } from "../../lib/lower/kernel.ts";
import { lower } from "../../lib/lower/pipeline.ts";
import { Schedule } from "../../lib/schedule/schedule.ts";
import { targetOf } from "../../lib/target/profiles.ts";
import { compute } from "../../lib/te/compute.ts";
import { placeholder } from "../../lib/te/tensor.ts";
import { primFunc } from "../../lib/te/prim_func.ts";
import { reduceAxis, sum } from "../../lib/te/reduce.ts";
import { devices } from "../devices.ts";
import { subjectOf, wrongOn } from "./checked_run.ts";

const generic = targetOf("generic-webgpu");

/** `B[i] = Σ_k A[i, k] if cond(i, k) else 0`, over 8 rows of 24. */
function sumWhere(cond: (i: Var, k: Var) => Expr): PrimFunc {
  const A = placeholder("A", [8, 24]), k = reduceAxis(24);
  const B = compute("B", [8], (i) => sum(select(cond(i, k.var), A.at(i, k.var), constant(0, "f32")), [k]));
  return primFunc("sum_where", [A, B]);
}

/** Rows over `tag`, a row's sum in a register, what it reads brought near turn by turn. */
function nearby(func: PrimFunc, tag: "blockIdx.x" | "threadIdx.x", scope: "local" | "shared"): Schedule {
  const sch = new Schedule(func);
  const back = sch.cacheWrite("B", "local");
  const copy = sch.cacheRead("B", "A", scope);
  sch.bind("i", tag);
  sch.reverseComputeAt(back, "i");
  sch.computeAt(copy, "k");
  sch.decomposeReduction("B", "k");
  return sch;
}

function loopsOf(body: readonly KernelStmt[]): readonly KernelFor[] {
  return body.flatMap((s) =>
    s.kind === "for"
      ? [s, ...loopsOf(s.body)]
      : s.kind === "if"
      ? [...loopsOf(s.then), ...loopsOf(s.else)]
      : []
  );
}

/** The extents of the loops of the one kernel, and whether a value is still chosen in it. */
function lowered(func: PrimFunc): { readonly extents: readonly string[]; readonly selects: boolean } {
  const [kernel] = lower(func, generic);
  const all = kernel?.body ?? [];
  return {
    extents: loopsOf(all).map((l) => printExpr(l.extent)),
    selects: JSON.stringify(all).includes('"select"'),
  };
}

Deno.test("a loop ends where the condition of what it adds stops to hold", () => {
  const short = sumWhere((i, k) => lt(k, add(mul(i, 2), 3)));
  assertEquals(lowered(nearby(short, "blockIdx.x", "local").func), {
    extents: ["block_x * 2 + 3"],
    selects: false,
  });
  // What holds in the first turns ends the loop, and what does not stays.
  const odd = sumWhere((i, k) => lt(sub(k, mul(i, 3)), 5));
  assertEquals(lowered(nearby(odd, "blockIdx.x", "local").func).extents, ["T.min(24, block_x * 3 + 5)"]);
});

Deno.test("a loop goes on where turns add something later, or threads would not agree on its end", () => {
  const late = sumWhere((i, k) => ge(k, i));
  assertEquals(lowered(nearby(late, "blockIdx.x", "local").func), { extents: ["24"], selects: true });
  const threads = sumWhere((i, k) => lt(k, i));
  assertEquals(lowered(nearby(threads, "threadIdx.x", "local").func), { extents: ["24"], selects: true });
  // A sum that starts in the loop's first turn would never start.
  const whole = new Schedule(threads);
  whole.bind("i", "blockIdx.x");
  assertEquals(lowered(whole.func), { extents: ["24"], selects: true });
});

Deno.test("of a loop that ends early the most turns are counted", () => {
  const target = { ...generic, limits: { ...generic.limits, maxLoopIterations: 16 } };
  const { func } = nearby(sumWhere((i, k) => lt(k, add(mul(i, 2), 3))), "blockIdx.x", "local");
  assertThrows(
    () => lower(func, target),
    LimitError,
    "it needs 17 loop iterations in one thread, the limit is 16",
  );
});

for (const device of devices) {
  Deno.test(`loops that end early, or never begin, give the sums on ${device.target.name}`, async () => {
    for (const from of [-3, 0, 20]) {
      const func = sumWhere((i, k) => lt(k, add(mul(i, 2), from)));
      for (const scope of ["local", "shared"] as const) {
        const { func: scheduled } = nearby(func, "blockIdx.x", scope);
        assertEquals(await wrongOn(device, subjectOf(func, {}, 3 + from), scheduled), undefined);
      }
    }
  });
}
