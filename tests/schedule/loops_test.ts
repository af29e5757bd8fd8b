import { assertEquals, assertThrows } from "@std/assert";
import { add, block, buffer, forLoop, iterVar, load, store, variable } from "../../lib/ir/build.ts";
import { PrimFunc } from "../../lib/ir/func.ts";
import { ScheduleError } from "../../lib/schedule/error.ts";
import { Schedule } from "../../lib/schedule/schedule.ts";
import {
  addOne,
  addOne2,
  addOneSymbolic,
  center,
  chain,
  diamond,
  product,
  rowSum,
  stencil,
} from "./programs.ts";
import { refuses, refusesCall, scheduled, shows } from "./shown.ts";

Deno.test("split makes a nest of a loop", () => {
  shows("split", addOne(12), (sch) => {
    assertEquals(sch.split("i", [null, 2, 3]), ["i_0", "i_1", "i_2"]);
  });
});

Deno.test("split leaves out the iterations that are too many", () => {
  shows("split_uneven", addOne(10), (sch) => sch.split("i", [3, 4]));
});

Deno.test("split takes a symbolic extent where one factor is to be worked out", () => {
  shows("split_symbolic", addOneSymbolic(), (sch) => sch.split("i", [null, 4]), { n: 10 });
});

Deno.test("split takes factors that make up far more than the extent, and the one factor null", () => {
  scheduled(rowSum(3, 5), (sch) => {
    sch.split("k", [4, 2, 4]);
    sch.split("i", [null]);
    sch.split("i_0", [2, 3]);
  });
});

Deno.test("split is refused where its factors don't fit", () => {
  const sch = new Schedule(addOne(16));
  refuses(
    sch,
    (s) => s.split("i", [3, 5]),
    "cannot split loop i by 3 x 5 as its extent is 16: factors must multiply to at least 16",
  );
  refuses(sch, (s) => s.split("i", []), "give at least one factor");
  refuses(sch, (s) => s.split("i", [null, null]), "cannot split loop i by ? x ?", "at most one null");
  for (const bad of [0, -2, 1.5]) {
    refuses(sch, (s) => s.split("i", [null, bad]), `by ? x ${bad}`, "factors are positive integers");
  }
  for (const bad of [NaN, Infinity]) {
    const says = `factors of split to be a list of up to 64 finite numbers and nulls, got [null, ${bad}]`;
    refusesCall(sch, (s) => s.split("i", [null, bad]), says);
  }
  refuses(new Schedule(addOneSymbolic()), (s) => s.split("i", [2, 4]), "is symbolic: leave one factor null");
  assertThrows(() => sch.split("j", [null, 2]), ScheduleError, "no loop j in add_one: its loops are i");
});

Deno.test("split is refused where indices would leave 32 bits, or loops would be too deep", () => {
  const sch = new Schedule(addOne(16));
  for (const factors of [[null, 2 ** 31], [2 ** 16, 2 ** 16], [null, 1e308]]) {
    refuses(
      sch,
      (s) => s.split("i", factors),
      "the loops would have 2^31 iterations or more; use smaller factors",
    );
  }
  refuses(new Schedule(addOneSymbolic()), (s) => s.split("i", [null, 2 ** 31]), "2^31 iterations");
  const ones = (n: number) => [null, ...Array<number>(n - 1).fill(1)];
  refusesCall(
    sch,
    (s) => s.split("i", ones(65)),
    "a list of up to 64 finite numbers and nulls, got [null, 1",
  );
  scheduled(addOne(16), (s) => s.split("i", ones(64)));
  refuses(new Schedule(addOne2()), (s) => s.split("i", ones(64)), "loops would be 65 deep; up to 64 work");
});

Deno.test("split is refused for a loop that has a kind", () => {
  const sch = new Schedule(addOne());
  sch.bind("i", "threadIdx.x");
  refuses(sch, (s) => s.split("i", [null, 2]), "as it is threadIdx.x: split it while it is serial");
});

Deno.test("fuse makes one loop of loops that are inside each other", () => {
  shows("fuse", product(), (sch) => {
    assertEquals(sch.fuse("i", "j", "k"), "i_j_k_fused");
  });
});

Deno.test("fuse undoes a split, and gives a loop alone a new name", () => {
  const split = new Schedule(addOne(12));
  const [outer, inner] = split.split("i", [null, 4]);
  assertEquals(split.fuse(outer, inner), "i_0_i_1_fused");
  assertEquals(split.loop("i_0_i_1_fused").extent, split.loop(split.fuse("i_0_i_1_fused")).extent);
  assertEquals(split.block("B").bindings, [split.loop("i_0_i_1_fused_1").var]);
});

Deno.test("fuse is refused for loops that are not directly inside each other, or have kinds", () => {
  const sch = new Schedule(center());
  refuses(sch, (s) => s.fuse("i", "j"), "cannot fuse loops i, j: j is not directly inside i; reorder first");
  refuses(sch, (s) => s.fuse("k", "i"), "i is not directly inside k");
  refuses(sch, (s) => s.fuse("i", "i"), "i is not directly inside i");
  assertThrows(() => sch.fuse(), ScheduleError, "name at least one loop");
  sch.computeAt("T", "i_1");
  refuses(sch, (s) => s.fuse("i_1", "j"), "j is not directly inside i_1");
  const bound = new Schedule(addOne2());
  bound.unroll("j");
  refuses(bound, (s) => s.fuse("i", "j"), "j is unrolled; fuse loops while they are serial");
});

Deno.test("fuse is refused where indices would leave 32 bits", () => {
  const sch = new Schedule(addOne2(2 ** 16, 2 ** 15));
  refuses(sch, (s) => s.fuse("i", "j"), "the loop would have 2^31 iterations or more; fuse fewer loops");
});

Deno.test("names that grow with every step are refused in the end", () => {
  const sch = new Schedule(addOne(16));
  const grow = () => {
    for (let loop = "i";;) {
      const [outer, inner] = sch.split(loop, [null, 2]);
      loop = sch.fuse(outer, inner);
    }
  };
  assertThrows(
    grow,
    ScheduleError,
    "expected up to 1000 characters, got 1525; names grow with each split, fusion and copy",
  );
  assertEquals(sch.trace.steps.length < 20, true);
});

Deno.test("reorder puts the named loops in their order, and leaves the ones between", () => {
  shows("reorder", product(), (sch) => sch.reorder("k", "i"));
});

Deno.test("reorder of a loop alone or of none changes nothing", () => {
  const func = product();
  assertEquals(scheduled(func, (sch) => sch.reorder()), func);
  assertEquals(scheduled(func, (sch) => sch.reorder("j")), func);
});

Deno.test("reorder is refused where loops are not one perfect nest", () => {
  const sch = new Schedule(center());
  refuses(sch, (s) => s.reorder("i", "j"), "cannot reorder loops i, j: j is not in one perfect nest with i");
  refuses(sch, (s) => s.reorder("i", "k", "i"), "a loop is named twice; name each once");
  sch.computeAt("T", "i_1");
  refuses(sch, (s) => s.reorder("j", "i_1"), "only loops with nothing between them change places");
  assertThrows(() => sch.reorder("i_1", "nowhere"), ScheduleError, "no loop nowhere");
});

Deno.test("reorder is refused where a reduction would start after its first iteration", () => {
  // k = f // 3, i = f % 3: in steps of two, i = 1 is added to before it is set to 0.
  const sch = new Schedule(rowSum(3, 4));
  sch.reorder("k", "i");
  const [outer, inner] = sch.split(sch.fuse("k", "i"), [null, 2]);
  refuses(
    sch,
    (s) => s.reorder(inner, outer),
    "reduction B starts at the first iteration of",
    "spatial and reduce axes at once; reorder before fusing these",
  );
});

Deno.test("reorder is refused where a reduction is computed more than once", () => {
  refuses(
    new Schedule(repeated()),
    (s) => s.reorder("k", "u"),
    "reduction B computes an element at more than one iteration of them, each time from the start",
  );
  scheduled(repeated(), (s) => s.reorder("i", "u"));
});

/** `B[i] = Σ_k A[i, k]`, all of it computed at each of two iterations of `u`. */
function repeated(): PrimFunc {
  const func = rowSum(3, 4);
  return func.with({ body: forLoop(variable("u"), 2, func.body) });
}

Deno.test("loops whose extent depends on other loops are neither fused with them nor moved past them", () => {
  // for i in 4: for j in i + 1: B[i, j] = A[i, j]
  const a = buffer("A", [4, 4]), b = buffer("B", [4, 4]);
  const i = variable("i"), j = variable("j"), vi = variable("vi"), vj = variable("vj");
  const copy = block("B", [iterVar(vi, 4), iterVar(vj, 4)], [i, j], store(b, [vi, vj], load(a, vi, vj)));
  const nest = forLoop(i, 4, forLoop(j, add(i, 1), copy));
  const sch = new Schedule(new PrimFunc("triangle", [a, b], [], [], nest));
  refuses(
    sch,
    (s) => s.reorder("j", "i"),
    "j has another extent at each iteration of a loop around it; leave it out",
  );
  refuses(
    sch,
    (s) => s.fuse("i", "j"),
    "j has another extent at each iteration of a loop around it; leave it out",
  );
});

Deno.test("bind, vectorize, unroll and parallel give loops their kinds", () => {
  shows("bind", addOne(24), (sch) => {
    const [group, thread, virtual] = sch.split("i", [2, 4, 3]);
    sch.bind(group, "blockIdx.x");
    sch.bind(thread, "threadIdx.y");
    sch.bind(virtual, "vthread");
  });
  shows("vectorize", addOne(4), (sch) => sch.vectorize("i"));
  shows("unroll", rowSum(), (sch) => sch.unroll("k"));
  shows("parallel", addOne(), (sch) => sch.parallel("i"));
});

Deno.test("a loop has one kind", () => {
  const sch = new Schedule(addOne(8));
  sch.parallel("i");
  const has = "it is parallel already, and a loop has one kind";
  refuses(sch, (s) => s.bind("i", "threadIdx.x"), "cannot bind to threadIdx.x loop i:", has);
  refuses(sch, (s) => s.vectorize("i"), "cannot vectorize loop i:", has);
  refuses(sch, (s) => s.unroll("i"), "cannot unroll loop i:", has);
  refuses(sch, (s) => s.parallel("i"), "cannot parallelize loop i:", has);
});

Deno.test("a reduction's loop runs in threads or unrolled, and nothing else", () => {
  const sch = new Schedule(rowSum());
  const instead = "block B reduces over it; rfactor it first, or choose a spatial loop";
  refuses(sch, (s) => s.vectorize("k"), instead);
  refuses(sch, (s) => s.parallel("k"), instead);
  refuses(sch, (s) => s.bind("k", "blockIdx.y"), instead);
  scheduled(rowSum(), (s) => s.unroll("k"));
  scheduled(rowSum(), (s) => s.bind("k", "threadIdx.x"));
});

Deno.test("a loop over spatial and reduce axes at once is bound to nothing", () => {
  const sch = new Schedule(rowSum());
  const both = sch.fuse("i", "k");
  refuses(
    sch,
    (s) => s.bind(both, "threadIdx.x"),
    "spatial and reduce axes at once; bind before fusing them",
  );
  refuses(sch, (s) => s.bind(both, "blockIdx.x"), "block B reduces over it");
});

Deno.test("a symbolic loop is split before it is unrolled or vectorized", () => {
  const sch = new Schedule(addOneSymbolic());
  refuses(sch, (s) => s.unroll("i"), "its extent is symbolic; split it first");
  refuses(sch, (s) => s.vectorize("i"), "its extent is symbolic; split it by 4 first");
  sch.bind("i", "blockIdx.x");
});

Deno.test("one thread index is not two indices of a block", () => {
  const sch = new Schedule(addOne2(4, 4));
  sch.bind("i", "threadIdx.x");
  refuses(
    sch,
    (s) => s.bind("j", "threadIdx.x"),
    "cannot bind to threadIdx.x loop j: loop i of block B is threadIdx.x already",
    "fuse the loops, or take another tag",
  );
  const inner = new Schedule(addOne2(4, 4));
  inner.bind("j", "threadIdx.x");
  refuses(inner, (s) => s.bind("i", "threadIdx.x"), "loop j of block B is threadIdx.x already");
  inner.bind("i", "threadIdx.y");
});

Deno.test("threads share the work of a block that each of them would do whole", () => {
  // The copy into workgroup memory is the same at every iteration of i: its own loop may have i's tag.
  shows("cooperate", product(4, 6, 5), (sch) => {
    sch.bind("i", "threadIdx.x");
    sch.cacheRead("C", "D", "shared");
    const [row] = sch.computeAt("D_shared", "i") as [string];
    sch.bind(row, "threadIdx.x");
  });
});

Deno.test("mergeLoops runs neighbours in one loop, iteration by iteration", () => {
  shows("merge_loops", diamond(), (sch) => {
    assertEquals(sch.mergeLoops("i", "i_1", "i_2"), "i");
  });
  shows("merge_loops_rows", center(), (sch) => sch.mergeLoops("i", "i_1"));
});

Deno.test("mergeLoops is refused where an iteration needs what other iterations touch", () => {
  const sch = new Schedule(stencil(4, 4));
  sch.reorder("j", "i");
  sch.reorder("j_1", "i_1");
  refuses(
    sch,
    (s) => s.mergeLoops("j", "j_1"),
    "cannot merge loops j, j_1: an iteration of j_1 needs of T what other iterations of j touch",
    "merge loops over the same axis of it",
  );
  scheduled(stencil(4, 4), (s) => s.mergeLoops("i", "i_1"));
});

Deno.test("mergeLoops is refused for loops that are not neighbours of one extent and serial", () => {
  const sch = new Schedule(diamond());
  refuses(sch, (s) => s.mergeLoops("i", "i_2"), "i_2 does not follow the loop before it in the same body");
  refuses(sch, (s) => s.mergeLoops("i_1", "i"), "loops merge with their next neighbours, in order");
  refuses(sch, (s) => s.mergeLoops("i"), "name two or more different loops");
  refuses(sch, (s) => s.mergeLoops("i", "i"), "name two or more different loops");
  assertThrows(() => sch.mergeLoops(), ScheduleError, "name two or more different loops");
  sch.split("i_1", [null, 2]);
  refuses(sch, (s) => s.mergeLoops("i", "i_1_0"), "differ in extent; split them by the same factors first");
  const bound = new Schedule(chain());
  bound.parallel("i_1");
  refuses(bound, (s) => s.mergeLoops("i", "i_1"), "i_1 is parallel; merge loops while they are serial");
});
