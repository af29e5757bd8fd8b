import { assertEquals, assertThrows } from "@std/assert";
import {
  add,
  block,
  buffer,
  constant,
  forLoop,
  iterVar,
  load,
  seq,
  store,
  variable,
} from "../../lib/ir/build.ts";
import { PrimFunc } from "../../lib/ir/func.ts";
import { ScheduleError } from "../../lib/schedule/error.ts";
import { Schedule } from "../../lib/schedule/schedule.ts";
import { addOne, addOne2, center, chain, diamond, product, rowSum, stencil } from "./programs.ts";
import { refuses, scheduled, shows } from "./shown.ts";

Deno.test("blockize makes one block of a nest, its conditions plain statements", () => {
  shows("blockize", addOne(10), (sch) => {
    const [, inner] = sch.split("i", [null, 4]);
    assertEquals(sch.blockize(inner), "B_o");
    assertEquals(sch.loops("B_o"), ["i_0"]);
  });
});

Deno.test("blockize keeps a reduction that is whole inside, and its start", () => {
  shows("blockize_reduction", product(4, 6, 5), (sch) => {
    sch.blockize("j");
    assertEquals(sch.block("C_o").iters.map((it) => it.type), ["spatial"]);
  });
});

Deno.test("blockize of part of a reduction has a reduce axis", () => {
  shows("blockize_reduce_axis", product(4, 6, 5), (sch) => {
    sch.reorder("k", "i", "j");
    sch.decomposeReduction("C", "k");
    sch.blockize("j");
    assertEquals(sch.block("C_o").iters.map((it) => it.type), ["reduce", "spatial"]);
    sch.reorder("i", "k");
    refuses(sch, (s) => s.parallel("k"), "block C_o reduces over it");
  });
});

Deno.test("blockize takes several blocks, and blocks of several statements", () => {
  scheduled(center(4, 6), (sch) => {
    sch.computeAt("T", "i_1");
    sch.split("i_1", [2, null]);
    assertEquals(sch.blockize("j"), "B_o");
    assertEquals(sch.blocks(), ["T", "B_o"]);
    assertEquals(sch.blockize("i_1_1"), "B_o_o");
    sch.bind("i_1_0", "threadIdx.x");
  });
});

Deno.test("the loops around are still scheduled, and the block follows its producers and loses them", () => {
  scheduled(addOne2(8, 6), (sch) => {
    sch.blockize("j");
    const [outer] = sch.split("i", [null, 3]);
    sch.bind(outer, "blockIdx.x");
  });
  scheduled(stencil(), (sch) => {
    sch.blockize("j_1");
    sch.computeAt("T", "i_1");
    assertEquals(sch.loops("T")[0], "i_1");
  });
  scheduled(chain(), (sch) => {
    sch.split("i_1", [3, 4]);
    sch.blockize("i_1_1");
    sch.cacheRead("B_o", "T", "local");
    sch.computeAt("T_local", "i_1_0");
    sch.computeInline("T");
  });
});

Deno.test("a copy in a loop holds all that the block reads in an iteration", () => {
  scheduled(stencil(), (sch) => {
    sch.computeAt("T", "i_1");
    sch.blockize("j_1");
    const copy = sch.cacheRead("B_o", "T", "local");
    assertEquals(sch.loops(copy)[0], "i_1");
  });
});

Deno.test("a block is not a producer of what it only keeps for itself", () => {
  const sch = new Schedule(diamond());
  sch.computeAt("T", "i_2");
  sch.blockize("i_2");
  assertEquals([sch.producers("B_o"), sch.consumers("S")], [["S"], ["B_o"]]);
  assertEquals(sch.inputs("B_o").map((l) => l.buffer.name).toSorted(), ["A", "S"]);
  refuses(sch, (s) => s.cacheRead("B_o", "T", "local"), "it reads");
});

Deno.test("what is inside a block stays as it is", () => {
  const sch = new Schedule(addOne2());
  sch.blockize("j");
  refuses(
    sch,
    (s) => s.split("j", [2, 3]),
    "no loop j in add_one outside of blocks: it is inside block B_o, where loops stay as they are",
  );
  assertThrows(() => sch.split("k", [2, 3]), ScheduleError, "its loops are i");
  refuses(sch, (s) => s.cacheWrite("B_o", "local"), "its body is not a single store");
});

Deno.test("blockize is refused for loops in threads or lanes", () => {
  for (const mark of ["vectorize", "parallel"] as const) {
    const sch = new Schedule(addOne2());
    sch[mark]("j");
    refuses(
      sch,
      (s) => s.blockize("i"),
      "cannot blockize loop i: j is",
      "serial or unrolled; choose a loop inside of it",
    );
    refuses(sch, (s) => s.blockize("j"), "cannot blockize loop j: j is");
  }
  const bound = new Schedule(addOne2());
  bound.bind("j", "threadIdx.x");
  refuses(bound, (s) => s.blockize("i"), "j is threadIdx.x");
  scheduled(addOne2(), (sch) => {
    sch.unroll("j");
    sch.blockize("i");
  });
});

Deno.test("blockize is refused for a reduction that starts outside", () => {
  const sch = new Schedule(rowSum(4, 6));
  sch.split("k", [2, 3]);
  refuses(
    sch,
    (s) => s.blockize("k_1"),
    "block B in it reduces over k_0 too, outside of it, and starts in the first iteration of that; " +
      `decomposeReduction("B", "k_0") first`,
  );
  sch.blockize("k_0");
});

Deno.test("blockize is refused where a loop's extent depends on another", () => {
  const A = buffer("A", [4]), i = variable("i"), j = variable("j"), v = variable("v");
  const b = block("A", [iterVar(v, 4)], [j], store(A, [v], constant(1, "f32")));
  const func = new PrimFunc("triangle", [A], [], [], forLoop(i, 4, forLoop(j, add(i, 1), b)));
  refuses(
    new Schedule(func),
    (s) => s.blockize("j"),
    "j has another extent at each iteration of a loop around it",
  );
});

Deno.test("loops in blocks count where loops are too deep", () => {
  const sch = new Schedule(addOne2());
  sch.split("j", [null, ...Array<number>(39).fill(1)]);
  sch.blockize("j_0");
  const ones = [null, ...Array<number>(39).fill(1)];
  refuses(sch, (s) => s.split("i", ones), "loops would be 80 deep; up to 64 work");
});

Deno.test("blockize keeps the order of statements that hand values on", () => {
  const A = buffer("A", [4]), B = buffer("B", [4]), T = buffer("T", [4]);
  const i = variable("i"), v = variable("v"), w = variable("w");
  const first = block("T", [iterVar(v, 4)], [i], store(T, [v], load(A, v)));
  const then = block("B", [iterVar(w, 4)], [i], store(B, [w], add(load(T, w), constant(1, "f32"))));
  const func = new PrimFunc("steps", [A, B], [], [T], forLoop(i, 4, seq(first, then)));
  scheduled(func, (sch) => {
    const [, inner] = sch.split("i", [2, 2]);
    sch.blockize(inner);
  });
});
