/** What each pass makes of a small program on which it does something. */
import { assertEquals } from "@std/assert";
import { add, constant, floorDiv, lt, mul, select, sub } from "../../lib/ir/build.ts";
import type { Expr } from "../../lib/ir/expr.ts";
import type { PrimFunc } from "../../lib/ir/func.ts";
import { passes } from "../../lib/lower/pipeline.ts";
import { Schedule } from "../../lib/schedule/schedule.ts";
import { targetOf } from "../../lib/target/profiles.ts";
import { argmax } from "../../lib/te/argmax.ts";
import { compute } from "../../lib/te/compute.ts";
import { placeholder } from "../../lib/te/tensor.ts";
import { primFunc } from "../../lib/te/prim_func.ts";
import { reduceAxis, sum } from "../../lib/te/reduce.ts";
import { golden } from "../golden.ts";
import { addOne, addOne2, chain, rowSum } from "../schedule/programs.ts";
import { fileOf, passShows } from "./pass_shows.ts";

function scheduled(func: PrimFunc, act: (sch: Schedule) => void): PrimFunc {
  const sch = new Schedule(func);
  act(sch);
  return sch.func;
}

/** Binds `loop`, of which each thread takes `each` iterations; returns the loop of those. */
function overThreads(sch: Schedule, loop: string, each: number): string {
  const [thread, own] = sch.split(loop, [null, each]);
  sch.bind(thread, "threadIdx.x");
  return own;
}

/** `T[i] = A[i] * 2`, `B[i] = T[7 - i] + 1`, T in the given memory of one workgroup. */
function reversed(scope: "global" | "shared"): PrimFunc {
  const A = placeholder("A", [8]);
  const T = compute("T", [8], (i) => mul(A.at(i), constant(2, "f32")));
  const B = compute("B", [8], (i) => add(T.at(sub(7, i)), constant(1, "f32")));
  return scheduled(primFunc("reversed", [A, B]), (sch) => {
    const group = sch.addUnitLoop("B");
    sch.bind(group, "blockIdx.x");
    sch.bind(sch.computeAt("T", group).at(-1) as string, "threadIdx.x");
    sch.bind("i_1", "threadIdx.x");
    sch.setScope("T", scope);
  });
}

/** `B[i] = Σ_k A[i, k] where k < 2·i + 1`, a row's sum in a register. */
function triangle(): PrimFunc {
  const A = placeholder("A", [4, 8]), k = reduceAxis(8);
  const B = compute(
    "B",
    [4],
    (i) => sum(select(lt(k.var, add(mul(i, 2), 1)), A.at(i, k.var), constant(0, "f32")), [k]),
  );
  return scheduled(primFunc("triangle", [A, B]), (sch) => {
    const back = sch.cacheWrite("B", "local");
    sch.bind("i", "blockIdx.x");
    sch.reverseComputeAt(back, "i");
    sch.decomposeReduction("B", "k");
  });
}

/** `B[i]` for 8 threads, of one element of A. */
function elementwise(name: string, value: (A: (i: Expr) => Expr, i: Expr) => Expr): PrimFunc {
  const A = placeholder("A", [8]);
  const func = primFunc(name, [A, compute("B", [8], (i) => value((at) => A.at(at), i))]);
  return scheduled(func, (sch) => sch.bind("i", "threadIdx.x"));
}

/** For each pass, in order, a program that it changes. */
const PROGRAMS: Readonly<Record<string, () => PrimFunc>> = {
  sinkVirtualThreads: () =>
    scheduled(rowSum(4, 6), (sch) => {
      sch.bind(overThreads(sch, "i", 2), "vthread");
    }),
  lowerReductions: () =>
    scheduled(rowSum(2, 8), (sch) => {
      sch.bind("i", "blockIdx.x");
      const [steps, thread] = sch.split("k", [2, 4]);
      sch.reorder(thread, steps);
      sch.bind(thread, "threadIdx.x");
    }),
  bindThreads: () =>
    scheduled(addOne(8), (sch) => {
      const [group, thread] = sch.split("i", [2, 4]);
      sch.bind(group, "blockIdx.x");
      sch.bind(thread, "threadIdx.x");
    }),
  trimLoops: triangle,
  findSharedGlobals: () => reversed("global"),
  compactBuffers: () =>
    scheduled(chain(8), (sch) => {
      sch.setScope("T", "local");
      overThreads(sch, "i_1", 2);
      sch.computeAt("T", "i_1_0");
    }),
  flattenIndices: () => scheduled(addOne2(4, 6), (sch) => sch.bind("i", "threadIdx.x")),
  vectorizeLoops: () => scheduled(addOne(8), (sch) => sch.vectorize(overThreads(sch, "i", 4))),
  simplify: () => elementwise("inside", (A, i) => select(lt(i, 8), A(i), constant(0, "f32"))),
  unrollLoops: () => scheduled(addOne(8), (sch) => sch.unroll(overThreads(sch, "i", 2))),
  chooseLanes: () => {
    const A = placeholder("A", [9]), B = compute("B", [8], (i) => A.at(add(i, 1)));
    return scheduled(primFunc("shifted", [A, B]), (sch) => sch.vectorize(overThreads(sch, "i", 4)));
  },
  replaceArrays: () =>
    scheduled(chain(8), (sch) => {
      sch.setScope("T", "local");
      sch.unroll(overThreads(sch, "i_1", 2));
      sch.unroll(sch.computeAt("T", "i_1_0").at(-1) as string);
    }),
  dropGuards: () =>
    scheduled(chain(10), (sch) => {
      sch.setScope("T", "local");
      const [group, thread] = sch.split("i_1", [null, 4]);
      sch.bind(group, "blockIdx.x");
      sch.bind(thread, "threadIdx.x");
      sch.computeAt("T", thread);
    }),
  insertBarriers: () => reversed("shared"),
  mergeGuards: () =>
    scheduled(addOne2(10, 2), (sch) => {
      const [group, thread] = sch.split("i", [null, 4]);
      sch.bind(group, "blockIdx.x");
      sch.bind(thread, "threadIdx.x");
      sch.unroll("j");
    }),
  reduceStrength: () => elementwise("divided", (A, i) => add(A(floorDiv(i, 4)), A(floorDiv(i, 3)))),
  hoistInvariants: () => scheduled(addOne2(4, 6), (sch) => sch.bind("i", "threadIdx.x")),
  shareRepeated: () =>
    elementwise("sixty_fourth_power", (A, i) => {
      let power = A(i);
      for (let k = 0; k < 6; k++) power = mul(power, power);
      return power;
    }),
};

Deno.test("pairs of a position and a value have a tree together, of threads that are no power of two", () => {
  const A = placeholder("A", [2, 6]), k = reduceAxis(6, "k");
  const found = compute(["at", "best"], [2], (i) => argmax(A.at(i as Expr, k.var), k));
  const func = scheduled(primFunc("argmax", [A, ...found]), (sch) => {
    sch.bind("i", "blockIdx.x");
    const [steps, thread] = sch.split("k", [2, 3]);
    sch.reorder(thread, steps);
    sch.bind(thread, "threadIdx.x");
  });
  passShows("lowerReductions", func, targetOf("generic-webgpu"), "lower/pairs.txt");
});

for (const [pass, program] of Object.entries(PROGRAMS)) {
  Deno.test(`${pass} does its part`, () => passShows(pass, program(), targetOf("generic-webgpu")));
}

Deno.test("each pass has a golden, and each golden a pass", () => {
  const names = passes.map((p) => p.name);
  assertEquals(Object.keys(PROGRAMS), names);
  const files = [...Deno.readDirSync(new URL("../goldens/lower/", import.meta.url))].map((f) => f.name);
  assertEquals(files.toSorted(), [...names.map(fileOf), "passes.txt", "pairs.txt"].toSorted());
});

Deno.test("the pipeline's passes and their order", () => {
  golden("lower/passes.txt", passes.map((p) => p.name).join("\n"));
});
