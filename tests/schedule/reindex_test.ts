import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  add,
  block,
  buffer,
  constant,
  floorDiv,
  forLoop,
  ge,
  iterVar,
  load,
  mul,
  select,
  store,
  sub,
  variable,
} from "../../lib/ir/build.ts";
import type { Expr, Var } from "../../lib/ir/expr.ts";
import { PrimFunc } from "../../lib/ir/func.ts";
import { ScheduleError } from "../../lib/schedule/error.ts";
import { Schedule } from "../../lib/schedule/schedule.ts";
import { compute } from "../../lib/te/compute.ts";
import { placeholder } from "../../lib/te/tensor.ts";
import { primFunc } from "../../lib/te/prim_func.ts";
import { reduceAxis, sum } from "../../lib/te/reduce.ts";
import { conv2dProgram as conv2d } from "../../lib/op/conv2d.ts";
import { matmulProgram as matmul } from "../../lib/op/matmul.ts";
import { addOne, center, chain, product, rowSum, stencil } from "./programs.ts";
import { refuses, scheduled, shows } from "./shown.ts";

/** `B[i] = Σ_k A[2·i + k]` */
function windows(n = 6, width = 3): PrimFunc {
  const A = placeholder("A", [2 * n + width - 2]), k = reduceAxis(width);
  return primFunc("windows", [A, compute("B", [n], (i) => sum(A.at(add(mul(i, 2), k.var)), [k]))]);
}

/** `B[at(i)] = A[i]` for i < n, in a buffer of `size`. */
function scatter(n: number, size: number, at: (i: Var) => Expr): PrimFunc {
  const A = buffer("A", [n]), B = buffer("B", [size]), i = variable("i"), v = variable("v");
  const b = block("B", [iterVar(v, n)], [i], store(B, [at(v)], load(A, v)));
  return new PrimFunc("scatter", [A, B], [], [], forLoop(i, n, b));
}

Deno.test("reindex gives what a block reads its axes for dimensions", () => {
  shows("reindex", windows(), (sch) => assertEquals(sch.reindex("B", "A"), "A_reindex"));
});

Deno.test("reindex gives what a block writes its axes for dimensions, and copies it behind the nest", () => {
  shows("reindex_write", scatter(4, 12, (i) => add(mul(i, 3), 1)), (sch) => {
    assertEquals(sch.reindex("B", "B"), "B_reindex");
  });
  scheduled(rowSum(), (sch) => {
    assertEquals(sch.reindex("B", "B"), "B_reindex");
    assertEquals(sch.blocks(), ["B", "B_reindex"]);
    sch.reverseComputeAt("B_reindex", "i");
  });
});

Deno.test("a convolution becomes a product of two matrices", () => {
  const func = conv2d({ batch: 2, height: 6, width: 7, channels: 3, filters: 4, kernel: 2, stride: 2 });
  shows("reindex_conv2d", func, (sch) => {
    const whole = (rank: number) => Array<number[]>(rank).fill([]);
    const image = { split: whole(6), order: [[0, 1, 2], [3, 4, 5]] };
    const weight = { split: whole(4), order: [0, [1, 2, 3]] };
    const result = { split: whole(4), order: [[0, 2, 3], 1] };
    for (const [name, map] of [["A", image], ["W", weight], ["C", result]] as const) {
      const copy = sch.reindex("C", name);
      sch.transformLayout(copy, map);
      sch.transformBlockLayout(copy, map);
    }
    sch.transformBlockLayout("C", { split: whole(7), order: [[0, 2, 3], 1, [4, 5, 6]] });
    assertEquals(sch.block("C").iters.map((it) => it.type), ["spatial", "spatial", "reduce"]);
    for (const { indices } of sch.inputs("C")) assert(indices.every((e) => e.kind === "var"));
    // And so it can be padded as any other.
    sch.padEinsum("C", [4, 4, 8]);
  });
});

Deno.test("reindex reads nothing where the block's condition did not let it", () => {
  const A = placeholder("A", [5]);
  const B = compute("B", [5], (i) => select(ge(i, 1), A.at(sub(i, 1)), constant(7, "f32")));
  scheduled(primFunc("shifted", [A, B]), (sch) => sch.reindex("B", "A"));
});

Deno.test("reindex of symbolic axes, of constants, and of what is reindexed already", () => {
  scheduled(matmul({ m: "m", n: 5, k: 3 }), (sch) => {
    for (const name of ["A", "B", "C"]) sch.reindex("C", name);
    assertEquals(sch.reindex("C", "A_reindex"), "A_reindex_reindex");
  }, { m: 4 });
  const A = placeholder("A", [5]);
  const func = scheduled(
    primFunc("third", [A, compute("B", [4], () => A.at(constant(3)))]),
    (sch) => sch.reindex("B", "A"),
  );
  assertEquals(func.allocs[0]?.shape, []);
});

Deno.test("reindex after splits, and under a condition, still has the axes for dimensions", () => {
  scheduled(windows(5), (sch) => {
    const [outer] = sch.split("i", [null, 2]);
    sch.bind(outer, "blockIdx.x");
    sch.setScope("A", "texture");
    sch.reindex("B", "A");
    sch.reindex("B", "B");
  });
});

Deno.test("reindex of an intermediate leaves its other readers and its consumers as they are", () => {
  const func = scheduled(center(), (sch) => {
    sch.reindex("B", "A");
    sch.reindex("T", "T");
  });
  const sch = new Schedule(func);
  assertEquals(sch.inputs("T").map((l) => l.buffer.name), ["A"]);
  assertEquals(sch.producers("B"), ["T_reindex", "A_reindex"]);
});

Deno.test("reindex is refused for what the block does not access, or at several places", () => {
  const sch = new Schedule(product());
  refuses(sch, (s) => s.reindex("C", "X"), "cannot reindex X in C: it accesses C, A, D");
  assertThrows(() => sch.reindex("X", "A"), ScheduleError, "no block X in product: its blocks are C");
  refuses(
    new Schedule(stencil()),
    (s) => s.reindex("B", "T"),
    "cannot reindex T in B: it accesses T at several places; only one becomes an index of its axes",
  );
});

Deno.test("reindex is refused for places that do not follow from the block's axes", () => {
  const ids = placeholder("ids", [4], "i32"), A = placeholder("A", [9]);
  const gather = primFunc("gather", [ids, A, compute("B", [4], (i) => A.at(ids.at(i)))]);
  refuses(
    new Schedule(gather),
    (s) => s.reindex("B", "A"),
    "where it accesses A is read from memory; only indices of its axes can be replaced",
  );
  const i = variable("i"), j = variable("j"), v = variable("v");
  const from = buffer("A", [6]), to = buffer("B", [6]);
  const loose = forLoop(i, 6, block("B", [iterVar(v, 6)], [i], store(to, [v], load(from, i))));
  refuses(
    new Schedule(new PrimFunc("loose", [from, to], [], [], loose)),
    (s) => s.reindex("B", "A"),
    "where it accesses A depends on loops that are no axes of it",
  );
  const triangle = block("B", [iterVar(v, add(i, 1))], [j], store(to, [v], load(from, v)));
  refuses(
    new Schedule(
      new PrimFunc("triangle", [from, to], [], [], forLoop(i, 6, forLoop(j, add(i, 1), triangle))),
    ),
    (s) => s.reindex("B", "A"),
    "axis v has another extent at each iteration of a loop; only a box can be a buffer",
  );
});

Deno.test("reindex is refused where the copy would write a place twice, or none", () => {
  refuses(
    new Schedule(scatter(6, 3, (i) => floorDiv(i, 2))),
    (s) => s.reindex("B", "B"),
    "several values of its axes may write one element of B; reindex what it reads",
  );
  const i = variable("i"), v = variable("v");
  const A = buffer("A", [4]), B = buffer("B", [4]);
  const part = block("B", [iterVar(v, 8)], [i], store(B, [v], load(A, v)));
  refuses(
    new Schedule(new PrimFunc("part", [A, B], [], [], forLoop(i, 4, part))),
    (s) => s.reindex("B", "B"),
    "not all values of its axes certainly lie in B; reindex what it reads",
  );
});

Deno.test("reindex is refused where others use the buffer in between", () => {
  const decomposed = new Schedule(rowSum());
  decomposed.decomposeReduction("B", "k");
  const says = "writes B too; reindex before decomposing or moving blocks together";
  for (const name of ["B", "B_init"]) refuses(decomposed, (s) => s.reindex(name, "B"), says);
  const together = new Schedule(chain());
  together.computeAt("T", "i_1");
  refuses(
    together,
    (s) => s.reindex("B", "T"),
    "cannot reindex T in B: T writes T too; reindex before decomposing or moving blocks together",
  );
  refuses(
    together,
    (s) => s.reindex("T", "T"),
    "cannot reindex T in T: B reads T in the same nest; reindex before moving blocks together",
  );
});

Deno.test("reindex is refused for a copy that is too large", () => {
  const A = placeholder("A", [2 ** 17]);
  const [k, l] = [reduceAxis(2 ** 16, "k"), reduceAxis(2 ** 16, "l")];
  const B = compute("B", [1], () => sum(A.at(add(k.var, l.var)), [k, l]));
  refuses(
    new Schedule(primFunc("large", [A, B])),
    (s) => s.reindex("B", "A"),
    "the copy would have 2^31 elements or more",
  );
  assertThrows(() => new Schedule(addOne()).reindex("A", "A"), ScheduleError, "no block A");
});
