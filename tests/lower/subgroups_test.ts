/** Reductions in subgroups: right wherever they are placed, and placed only where all threads pass. */
import fc from "fast-check";
import * as te from "../../lib/face/te.ts";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { compile } from "../../lib/codegen/compile.ts";
import { match } from "../../lib/dlight/schedule.ts";
import type { Expr } from "../../lib/ir/expr.ts";
import type { PrimFunc } from "../../lib/ir/func.ts";
import { SUBGROUPS } from "../../lib/ir/annotations.ts";
import { LowerError } from "../../lib/lower/error.ts";
import { Device } from "../../lib/runtime/device.ts";
import { Schedule } from "../../lib/schedule/schedule.ts";
import { instantiate, spaceOf } from "../../lib/space/template.ts";
import { PROFILES, targetOf } from "../../lib/target/profiles.ts";
import type { Profile, Subgroups, Target } from "../../lib/target/target.ts";
import { compute } from "../../lib/te/compute.ts";
import { all, any, max, min, prod, reduceAxis, sum } from "../../lib/te/reduce.ts";
import { placeholder } from "../../lib/te/tensor.ts";
import { primFunc } from "../../lib/te/prim_func.ts";
import { gt, not, select, sub } from "../../lib/ir/build.ts";
import { devices } from "../devices.ts";
import { CASES } from "../dlight/operators.ts";
import { subjectOf, wrongOn, wrongResults } from "./checked_run.ts";

const cpu = devices[0] as Device;
/** The adapter, asked for its subgroups; nothing where there is no adapter, or it has none. */
const opened = devices.length > 1 ? await Device.open({ backend: "webgpu", subgroups: true }) : undefined;
const device = opened?.target.subgroups ? opened : undefined;

/** The target with subgroups of which the least size is `minSize`. */
function withSubgroups(target: Target, minSize: number): Target {
  const subgroups: Subgroups = { minSize, maxSize: 64, directive: target.subgroups?.directive ?? true };
  return { ...target, subgroups };
}

const generic = targetOf("generic-webgpu");
const sourceFor = (func: PrimFunc, target: Target) =>
  compile(func, target).launches.map((l) => l.source).join("\n");
const shufflesIn = (func: PrimFunc, target: Target) =>
  sourceFor(func, target).match(/subgroupShuffleXor/g)?.length ?? 0;

const REDUCERS = { add: sum, mul: prod, max, min } as const;
type Reducer = keyof typeof REDUCERS | "or" | "and";

/** S[i], the reduction of row i, and B, of A and S, which reads it again under the guards of its own loops. */
function rowsOf(rows: number, columns: number, dtype: "f32" | "i32", reducer: Reducer): PrimFunc {
  const A = placeholder("A", [rows, columns], dtype), k = reduceAxis(columns);
  if (reducer === "or" || reducer === "and") {
    // About one row of a hundred elements has one that is that large.
    const reduce = reducer === "or" ? any : all, isRare = (x: Expr) => gt(x, dtype === "f32" ? 0.98 : 99);
    const S = compute("S", [rows], (i) => {
      const x = isRare(A.at(i, k.var));
      return reduce(reducer === "or" ? x : not(x), [k]);
    });
    return primFunc("rows", [A, compute("B", [rows, columns], (i, j) => select(S.at(i), A.at(i, j), 0))]);
  }
  const S = compute("S", [rows], (i) => REDUCERS[reducer](A.at(i, k.var), [k]));
  return primFunc("rows", [A, compute("B", [rows, columns], (i, j) => sub(A.at(i, j), S.at(i)))]);
}

interface Way {
  /** Rows of a workgroup, threads that share one, and elements that a thread takes at a time. */
  readonly places: number;
  readonly threads: number;
  readonly chunk: number;
  /** Threads that share a row of B. */
  readonly others: number;
}

function scheduled(func: PrimFunc, { places, threads, chunk, others }: Way): PrimFunc {
  const sch = new Schedule(func);
  sch.setScope("S", "local");
  const row = sch.mergeLoops(...["S", "B"].map((b) => sch.loops(b)[0] as string));
  const [r0, r1] = sch.split(row, [null, places]);
  sch.bind(r0, "blockIdx.x");
  sch.bind(r1, "threadIdx.y");
  for (const [block, n] of [["S", threads], ["B", others]] as const) {
    const [c0, tx, c] = sch.split(sch.loops(block).at(-1) as string, [null, n, chunk]) as [
      string,
      string,
      string,
    ];
    sch.reorder(tx, c0, c);
    sch.bind(tx, "threadIdx.x");
  }
  sch.annotate("S", SUBGROUPS, true);
  return sch.func;
}

const arbThreads = fc.oneof(
  fc.constantFrom(2, 4, 8, 16, 32, 64, 128),
  fc.constantFrom(6, 12, 20, 24, 40, 48, 56, 96, 112, 120),
  fc.integer({ min: 2, max: 128 }),
);

if (device) {
  Deno.test("reductions in subgroups are what the interpreter has, for any rows, reducers and threads", async () => {
    let clustered = 0;
    const arb = fc.record({
      rows: fc.integer({ min: 1, max: 9 }),
      columns: fc.integer({ min: 1, max: 300 }),
      dtype: fc.constantFrom("f32" as const, "i32" as const),
      reducer: fc.constantFrom<Reducer>("add", "max", "min", "mul", "or", "and"),
      threads: arbThreads,
      places: fc.constantFrom(1, 2, 3, 8),
      chunk: fc.constantFrom(1, 2, 4),
      minSize: fc.constantFrom(2, 4, 8),
      other: fc.option(arbThreads, { nil: undefined, freq: 4 }),
    });
    await fc.assert(
      fc.asyncProperty(
        arb,
        fc.nat(1000),
        async ({ rows, columns, dtype, reducer, other, minSize, ...way }, seed) => {
          const func = rowsOf(rows, columns, dtype, reducer);
          const places = Math.min(way.places, rows);
          const now = scheduled(func, {
            ...way,
            places,
            others: Math.min(other ?? way.threads, way.threads),
          });
          const executable = compile(now, withSubgroups(device.target, minSize));
          if (executable.launches.some((l) => l.source.includes("subgroupShuffleXor"))) clustered++;
          const wrong = await wrongResults(device, subjectOf(func, {}, seed), executable);
          assertEquals(wrong, undefined, JSON.stringify({ ...way, other, minSize }));
        },
      ),
      { numRuns: 40 },
    );
    assert(clustered >= 15, `only ${clustered} of 40 reduced in subgroups`);
  });

  Deno.test("threads past the end of a row hand on nothing, whatever guards those have who ask", async () => {
    for (const [threads, columns] of [[32, 20], [16, 13], [12, 9], [8, 1]] as const) {
      for (const reducer of ["add", "max", "min", "mul", "or", "and"] as const) {
        const func = rowsOf(5, columns, "i32", reducer);
        const now = scheduled(func, { places: 1, threads, chunk: 1, others: threads });
        const executable = compile(now, withSubgroups(device.target, 8));
        const wrong = await wrongResults(device, subjectOf(func, {}, columns), executable);
        assertEquals(wrong, undefined, `${reducer} of ${columns} by ${threads}`);
      }
    }
  });

  Deno.test("the rules' templates are right with subgroups", async () => {
    const wrong: string[] = [];
    let tried = 0;
    for (const sort of ["odd", "even"]) {
      for (const operator of ["gemv", "gemv i8 finished", "softmax", "layerNorm", "reduceSum", "attention"]) {
        const c = CASES.find((c) => c.operator === operator && c.sort === sort && c.dtype === "f32");
        const { template } = match(c?.func as PrimFunc, withSubgroups(generic, 8));
        const { func } = c as { func: PrimFunc };
        const space = spaceOf(func, template);
        const config = { ...space.at(space.preset), subgroups: true };
        const executable = compile(instantiate(func, template, space, config).func, device.target);
        assert(executable.launches.some((l) => l.source.includes("subgroupShuffleXor")), operator);
        const said = await wrongResults(device, subjectOf(func, {}, 3), executable);
        if (said !== undefined) wrong.push(`${operator} ${sort}: ${said}`);
        tried++;
      }
    }
    assertEquals([wrong, tried], [[], 12]);
  });
}

const even: Way = { places: 2, threads: 32, chunk: 4, others: 32 };

Deno.test("clusters are the largest power of two that divides the threads and that the least subgroup holds", () => {
  const func = rowsOf(4, 1000, "f32", "add");
  const shuffles = (threads: number, minSize: number) =>
    shufflesIn(scheduled(func, { ...even, threads, others: threads }), withSubgroups(generic, minSize));
  // Within clusters, and then among as many threads as there are slots, at most a cluster.
  assertEquals([shuffles(32, 32), shuffles(32, 64), shuffles(64, 32)], [5, 5, 5 + 1]);
  assertEquals([shuffles(128, 4), shuffles(24, 32), shuffles(24, 4)], [2 + 2, 3 + 2, 2 + 2]);
  assertEquals([shuffles(6, 32), shuffles(7, 32), shuffles(2, 32)], [1 + 1, 0, 1]);
  const source = sourceFor(scheduled(func, even), withSubgroups(generic, 32));
  assert(!source.includes("var<workgroup>") && !source.includes("Barrier"), "one cluster needs no memory");
});

Deno.test("a schedule that asks for subgroups is a tree in workgroup memory where they are not to be had", () => {
  const func = rowsOf(4, 1000, "f32", "max");
  const asked = scheduled(func, even), target = withSubgroups(generic, 32);
  const tree = (f: PrimFunc, t: Target) => {
    assertEquals(shufflesIn(f, t), 0);
    assert(sourceFor(f, t).includes("workgroupBarrier"));
  };
  assert(shufflesIn(asked, target) > 0);
  tree(asked, generic);
  const plain = new Schedule(asked);
  plain.annotate("S", SUBGROUPS, false);
  tree(plain.func, target);
  // More threads along x than share the reduction: some of them would not get there, to no barrier either.
  assertThrows(
    () => compile(scheduled(func, { ...even, others: 64 }), target),
    LowerError,
    "cannot place a barrier",
  );
  assert(shufflesIn(scheduled(func, { ...even, others: 16 }), target) > 0);
  tree(scheduled(rowsOf(4, 1000, "f32", "add"), { ...even, threads: 33, others: 33 }), target);
});

Deno.test("threads that do not follow each other along x reduce in workgroup memory", () => {
  const func = te.reduceSum({ rows: 4, columns: 64 }), target = withSubgroups(generic, 32);
  assert(shufflesIn(reduced(func, "threadIdx.x"), target) > 0);
  assertEquals(shufflesIn(reduced(func, "threadIdx.y"), target), 0);
});

/** The rows of a sum, each shared by all threads of one tag. */
function reduced(func: PrimFunc, tag: "threadIdx.x" | "threadIdx.y"): PrimFunc {
  const sch = new Schedule(func);
  const [block] = sch.blocks() as [string];
  const [row, column] = sch.loops(block) as [string, string];
  sch.bind(row, "blockIdx.x");
  sch.bind(column, tag);
  sch.annotate(block, SUBGROUPS, true);
  return sch.func;
}

Deno.test("the CPU runs a schedule that asks for subgroups", async () => {
  const func = rowsOf(5, 77, "i32", "min");
  const asked = scheduled(func, { places: 2, threads: 12, chunk: 2, others: 12 });
  assertEquals(await wrongOn(cpu, subjectOf(func, {}, 5), asked), undefined);
});

Deno.test("subgroups are a knob of the templates that share reductions, on devices that have them", () => {
  const shared = {
    gemv: true,
    softmax: true,
    attention: true,
    matmul: false,
    transpose: false,
    "sum of rows": false,
  };
  for (const [operator, shares] of Object.entries(shared)) {
    const { func } = CASES.find((c) => c.operator === operator && c.sort === "even") as { func: PrimFunc };
    for (const profile of Object.keys(PROFILES) as Profile[]) {
      const knobsFor = (target: Target) => spaceOf(func, match(func, target).template);
      const without = knobsFor(targetOf(profile));
      const space = knobsFor(withSubgroups(targetOf(profile), 32));
      const names = (s: typeof space) => s.knobs.map((k) => k.name);
      assert(!names(without).includes("subgroups"));
      assertEquals(
        names(space),
        [...names(without), ...(shares ? ["subgroups"] : [])].sort(
          (a, b) => names(space).indexOf(a) - names(space).indexOf(b),
        ),
      );
      if (shares) assertEquals(space.at(space.preset).subgroups, profile === "apple");
    }
  }
});
