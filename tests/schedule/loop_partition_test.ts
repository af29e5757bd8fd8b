import { assertEquals } from "@std/assert";
import { block, buffer, forLoop, iterVar, load, store, variable } from "../../lib/ir/build.ts";
import { PrimFunc } from "../../lib/ir/func.ts";
import { Schedule } from "../../lib/schedule/schedule.ts";
import { addOne, addOne2, addOneSymbolic, center, chain, rowSum } from "./programs.ts";
import { refuses, refusesCall, scheduled, shows } from "./shown.ts";

Deno.test("loopPartition leaves conditions in the tail alone", () => {
  shows("loop_partition", addOne(10), (sch) => {
    const [outer] = sch.split("i", [null, 4]);
    assertEquals(sch.loopPartition(outer, [2]), ["i_0_0", "i_0_1"]);
    assertEquals(sch.blocks(), ["B", "B_1"]);
  });
});

Deno.test("loopPartition cuts more than once, and copies every block and loop inside", () => {
  shows("loop_partition_blocks", center(6, 4), (sch) => {
    sch.computeAt("T", "i_1");
    assertEquals(sch.loopPartition("i_1", [1, 4]), ["i_1_0", "i_1_1", "i_1_2"]);
    assertEquals(sch.blocks(), ["T", "B", "T_1", "B_1", "T_2", "B_2"]);
  });
});

Deno.test("loopPartition makes loops that are scheduled each in its way", () => {
  scheduled(addOne2(10, 8), (sch) => {
    const [outer, inner] = sch.split("i", [null, 4]);
    const [whole, tail] = sch.loopPartition(outer, [2]) as [string, string];
    sch.bind(whole, "blockIdx.x");
    sch.unroll(inner);
    sch.fuse(...sch.loops("B_1"));
    assertEquals(sch.loops("B_1").length, 1);
    assertEquals(sch.loops("B_1")[0]?.startsWith(tail), true);
  });
});

Deno.test("loopPartition takes a reduction's loop once its start is a block", () => {
  scheduled(rowSum(3, 7), (sch) => {
    sch.decomposeReduction("B", "k");
    assertEquals(sch.loopPartition("k", [1, 5]).length, 3);
  });
  scheduled(rowSum(5, 7), (sch) => sch.loopPartition("i", [3]));
});

Deno.test("loopPartition copies blocks of several statements", () => {
  scheduled(rowSum(6, 4), (sch) => {
    sch.blockize("k");
    sch.loopPartition("i", [2]);
    assertEquals(sch.blocks(), ["B_o", "B_o_1"]);
  });
});

/** `B[i] = A[i]` over n + 3 elements, n symbolic. */
function copyLong(): PrimFunc {
  const n = variable("n"), i = variable("i"), v = variable("v");
  const more = {
    kind: "binary",
    dtype: "i32",
    op: "add",
    a: n,
    b: { kind: "const", dtype: "i32", value: 3 },
  } as const;
  const A = buffer("A", [more]), B = buffer("B", [more]);
  const copy = block("B", [iterVar(v, more)], [i], store(B, [v], load(A, v)));
  return new PrimFunc("copy", [A, B], [n], [], forLoop(i, more, copy));
}

Deno.test("loopPartition of a symbolic loop cuts where it certainly has iterations", () => {
  for (const n of [1, 5]) {
    scheduled(copyLong(), (sch) => assertEquals(sch.loopPartition("i", [1, 3]), ["i_0", "i_1", "i_2"]), {
      n,
    });
  }
  refuses(
    new Schedule(copyLong()),
    (s) => s.loopPartition("i", [4]),
    "cannot partition loop i at 4 as its extent is symbolic and may be 4: cuts from 1 to 3 work",
  );
  refuses(
    new Schedule(addOneSymbolic()),
    (s) => s.loopPartition("i", [1]),
    "as its extent is symbolic and may be 1: split it, and partition a loop of more iterations",
  );
});

Deno.test("loopPartition is refused for cuts that are none", () => {
  const sch = new Schedule(addOne(10));
  const says = "give one or more integers from 1 on, each larger than the one before";
  for (const bad of [[], [0], [-1], [1.5], [3, 3], [4, 2]]) {
    refuses(sch, (s) => s.loopPartition("i", bad), says);
  }
  refusesCall(sch, (s) => s.loopPartition("i", [NaN]), "list of up to 64 finite numbers, got [NaN]");
  for (const bad of [[10], [2, 12], [2 ** 31], [1e308]]) {
    refuses(sch, (s) => s.loopPartition("i", bad), "as its extent is 10: cuts from 1 to 9 work");
  }
});

Deno.test("loopPartition is refused for a loop that has a kind, or in which a reduction starts", () => {
  const bound = new Schedule(addOne());
  bound.bind("i", "threadIdx.x");
  refuses(bound, (s) => s.loopPartition("i", [4]), "it is threadIdx.x; partition it while it is serial");
  refuses(
    new Schedule(rowSum()),
    (s) => s.loopPartition("k", [4]),
    "cannot partition loop k at 4: block B reduces over it, and starts in its first iteration; decomposeReduction",
  );
});

Deno.test("loopPartition is refused where a program would have too many blocks", () => {
  const sch = new Schedule(addOne(1000));
  const cuts = (n: number) => Array.from({ length: n }, (_, k) => k + 1);
  refusesCall(sch, (s) => s.loopPartition("i", cuts(65)), "a list of up to 64 finite numbers, got [1, 2");
  // Eight times 63 cuts of what the last ones left make 505 blocks.
  let last = "i";
  for (let k = 0; k < 8; k++) last = sch.loopPartition(last, cuts(63)).at(-1) ?? "";
  refuses(
    sch,
    (s) => s.loopPartition(last, cuts(8)),
    "the program would have 513 blocks, and up to 512 work",
  );
  sch.loopPartition(last, cuts(7));
});

Deno.test("a consumer follows all parts of its producer, or none", () => {
  const sch = new Schedule(chain(12));
  const [, inner] = sch.split("i", [3, 4]);
  sch.loopPartition(inner, [1]);
  refuses(
    sch,
    (s) => s.reverseComputeAt("B", "i_0"),
    "T and T_1 produce different parts of T there; move it before partitioning their loops",
  );
  refuses(sch, (s) => s.reverseComputeInline("B"), "expected one producer, got 2");
});
