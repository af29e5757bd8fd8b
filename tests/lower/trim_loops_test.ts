/** Loops end where their iterations stop to add anything; nothing else changes, by enumeration. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  add,
  and,
  buffer,
  constant,
  floorMod,
  forLoop,
  ge,
  load,
  lt,
  max,
  min,
  mul,
  select,
  seq,
  store,
  sub,
  variable,
} from "../../lib/ir/build.ts";
import { RANGE } from "../../lib/ir/dtype.ts";
import type { Buffer, Expr, Var } from "../../lib/ir/expr.ts";
import type { PrimFunc } from "../../lib/ir/func.ts";
import { printExpr, printStmt } from "../../lib/ir/print.ts";
import type { Stmt } from "../../lib/ir/stmt.ts";
import { LimitError } from "../../lib/lower/error.ts";
import type { KernelFor, KernelStmt } from "../../lib/lower/kernel.ts";
import { lower } from "../../lib/lower/pipeline.ts";
import { trimLoops } from "../../lib/lower/trim_loops.ts";
import { Schedule } from "../../lib/schedule/schedule.ts";
import { targetOf } from "../../lib/target/profiles.ts";
import { compute } from "../../lib/te/compute.ts";
import { placeholder } from "../../lib/te/tensor.ts";
import { primFunc } from "../../lib/te/prim_func.ts";
import { reduceAxis, sum } from "../../lib/te/reduce.ts";
import { devices } from "../devices.ts";
import { subjectOf, wrongOn } from "./checked_run.ts";
import { draftOf } from "./drafts.ts";
import { allValues, Memory, run } from "./enumerate.ts";

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

// Against enumeration: loops over k, of which g is the workgroup and x the thread.

const g = variable("block_x"), x = variable("thread_x"), k = variable("k");
const A = buffer("A", [64], "i32"), B = buffer("B", [8], "i32");
const copy = buffer("copy", [8], "i32", "local");
const sums = ["r", "s"].map((name) => buffer(name, [1], "i32", "local"));
const zero = constant(0), lowest = constant(RANGE.i32[0]), highest = constant(RANGE.i32[1]);

/** Conditions on an iteration. The loop may end by the first five, where they fail. */
const CONDITIONS: readonly Expr[] = [
  lt(k, add(mul(g, 2), 1)),
  lt(add(k, g), 5),
  lt(sub(k, mul(g, 3)), 0),
  lt(add(mul(k, 2), g), add(k, 4)),
  lt(k, 4),
  lt(add(k, x), 4),
  ge(k, g),
  lt(mul(k, 2), add(g, 3)),
  lt(floorMod(k, 3), add(g, 1)),
  lt(sub(g, k), 1),
];
const OPERATE = { add: [add, zero], max: [max, lowest], min: [min, highest] } as const;

const arbStep = fc.record({
  to: fc.nat(1),
  op: fc.constantFrom("add" as const, "add" as const, "max" as const, "min" as const),
  start: fc.constantFrom(-3, 0, 2),
  otherwise: fc.constantFrom("identity" as const, "identity" as const, -3, 2),
  conds: fc.uniqueArray(
    fc.oneof({ weight: 3, arbitrary: fc.nat(1) }, fc.nat(CONDITIONS.length - 1)),
    { minLength: 1, maxLength: 2 },
  ),
  copied: fc.boolean(),
  swapped: fc.boolean(),
});
type Step = typeof arbStep extends fc.Arbitrary<infer T> ? T : never;

/** Steps of reductions in one loop, and a store of their results. */
function stepped(steps: readonly Step[], extent: number): Stmt {
  const own = (b: Buffer) => load(b, zero);
  const inside = steps.flatMap((s): readonly Stmt[] => {
    const to = sums[s.to] as Buffer, [op, identity] = OPERATE[s.op];
    const read = load(A, add(mul(g, 8), k));
    const value = s.copied ? load(copy, k) : read;
    const cond = and(...s.conds.map((c) => CONDITIONS[c] as Expr));
    const added = select(cond, value, s.otherwise === "identity" ? identity : s.otherwise);
    const step = store(to, [zero], s.swapped ? op(added, own(to)) : op(own(to), added));
    return s.copied ? [store(copy, [k], read), step] : [step];
  });
  return seq(
    ...sums.map((b, n) => store(b, [zero], constant(steps.find((s) => s.to === n)?.start ?? 0))),
    forLoop(k, extent, seq(...inside)),
    ...sums.map((b, n) => store(B, [add(mul(x, 2), n)], own(b))),
  );
}

Deno.test("a loop that ends early leaves what the whole loop does, in each workgroup and thread", () => {
  const tags = new Map([["blockIdx.x", [g, 4]], ["threadIdx.x", [x, 3]]] as const);
  let trimmed = 0;
  fc.assert(
    fc.property(
      fc.array(arbStep, { minLength: 1, maxLength: 2 }),
      fc.integer({ min: 1, max: 7 }),
      (steps, n) => {
        const before = stepped(steps, n), after = trimLoops(draftOf(before, tags, [A, B])).body;
        if (after !== before) trimmed++;
        for (const values of allValues(new Map([[g, 4], [x, 3]]))) {
          const results = [before, after].map((s) => {
            const memory = new Memory((_, [at = 0]) => at % 7 - 3);
            run(s, values, memory);
            return memory.written(B);
          });
          assertEquals(results[1], results[0], printStmt(before));
        }
      },
    ),
    { numRuns: 3000 },
  );
  assert(trimmed > 300, `${trimmed} of 3000 loops end early`);
});
