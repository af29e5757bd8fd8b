import { assertEquals, assertThrows } from "@std/assert";
import {
  add,
  block,
  buffer,
  constant,
  div,
  forLoop,
  iterVar,
  load,
  mul,
  store,
  variable,
} from "../../lib/ir/build.ts";
import type { Expr } from "../../lib/ir/expr.ts";
import { PrimFunc } from "../../lib/ir/func.ts";
import type { Stmt } from "../../lib/ir/stmt.ts";
import { ScheduleError } from "../../lib/schedule/error.ts";
import { Schedule } from "../../lib/schedule/schedule.ts";
import { compute } from "../../lib/te/compute.ts";
import { max, reduceAxis } from "../../lib/te/reduce.ts";
import { placeholder } from "../../lib/te/tensor.ts";
import { primFunc } from "../../lib/te/prim_func.ts";
import { center, chain, product, rowSum, stencil } from "./programs.ts";
import { keepsResults, refuses, refusesCall, scheduled, shows } from "./shown.ts";

Deno.test("decomposeReduction puts the start before a loop, over spatial loops of its own", () => {
  shows("decompose_reduction", product(), (sch) => {
    sch.reorder("i", "k", "j");
    assertEquals(sch.decomposeReduction("C", "k"), "C_init");
  });
});

Deno.test("decomposeReduction starts only what is computed, in loops of the same kinds", () => {
  shows("decompose_reduction_kinds", product(4, 6, 5), (sch) => {
    const [j0, j1] = sch.split("j", [null, 4]);
    const [k0] = sch.split("k", [null, 2]);
    sch.reorder(k0, j0, j1);
    sch.bind(j0, "threadIdx.x");
    sch.vectorize(j1);
    sch.decomposeReduction("C", k0);
  });
});

Deno.test("decomposeReduction at the outermost loop makes nests of their own", () => {
  const func = scheduled(rowSum(), (sch) => sch.decomposeReduction("B", "i"));
  assertEquals(func.body.kind === "seq" && func.body.body.length, 2);
});

Deno.test("decomposeReduction takes a maximum, whatever the order of its loops", () => {
  const A = placeholder("A", [3, 7]), k = reduceAxis(7);
  const B = compute("B", [3], (i) => max(A.at(i, k.var), [k]));
  scheduled(primFunc("row_max", [A, B]), (sch) => {
    const [k0, k1] = sch.split("k", [null, 3]);
    sch.reorder(k1, "i", k0);
    sch.decomposeReduction("B", k1);
  });
});

Deno.test("decomposeReduction is refused inside of a loop that is reduced over", () => {
  const sch = new Schedule(rowSum());
  sch.split("k", [null, 2]);
  refuses(
    sch,
    (s) => s.decomposeReduction("B", "k_1"),
    "cannot decompose the reduction B at loop k_1: it reduces over k_0 outside of that loop too",
    "choose k_0, or a loop around it",
  );
});

Deno.test("decomposeReduction is refused for a block that is no reduction, or at another block's loop", () => {
  const sch = new Schedule(center());
  refuses(
    sch,
    (s) => s.decomposeReduction("B", "j"),
    "it has no initialisation; choose a reduction that is still whole",
  );
  refuses(sch, (s) => s.decomposeReduction("T", "j"), "that loop is not around it; its loops are i, k");
  sch.decomposeReduction("T", "k");
  refuses(sch, (s) => s.decomposeReduction("T", "k"), "it has no initialisation");
});

Deno.test("decomposeReduction is refused where iterations compute an element again", () => {
  // T[j] and T[j-1] of an iteration are T[j] and T[j+1] of the next: started once, they would be added to twice.
  const sch = new Schedule(overlapping());
  const [outer, inner] = sch.loops("T").slice(0, 2) as [string, string];
  refuses(
    sch,
    (s) => s.decomposeReduction("T", outer),
    "it and the loops in it may compute an element more than once, each time from the start; choose a loop further in",
  );
  scheduled(sch.func, (s) => s.decomposeReduction("T", inner));
});

/** Sums of rows, of which each iteration of the outer loop computes two, one of them the next iteration's too. */
function overlapping(): PrimFunc {
  const A = buffer("A", [5, 3]), T = buffer("T", [5]);
  const j = variable("j"), ax = variable("ax0"), k = variable("k"), v = variable("v"), vk = variable("vk");
  const total = block(
    "T",
    [iterVar(v, 5), iterVar(vk, 3, "reduce")],
    [add(j, ax), k],
    store(T, [v], add(load(T, v), load(A, v, vk))),
    { init: store(T, [v], constant(0, "f32")) },
  );
  return new PrimFunc("overlapping", [A, T], [], [], forLoop(j, 4, forLoop(ax, 2, forLoop(k, 3, total))));
}

Deno.test("decomposeReduction is refused for a loop over spatial and reduce axes at once", () => {
  const sch = new Schedule(rowSum());
  const both = sch.fuse("i", "k");
  refuses(
    sch,
    (s) => s.decomposeReduction("B", both),
    "runs over spatial and reduce axes at once; decompose before fusing them",
  );
});

Deno.test("rfactor makes partial results, and reduces them", () => {
  shows("rfactor", rowSum(4, 8), (sch) => {
    const [, inner] = sch.split("k", [null, 4]);
    assertEquals(sch.rfactor(inner, 1), "B_rf");
  });
});

Deno.test("rfactor adds nothing for the iterations that a reduction leaves out", () => {
  // Of 8 iterations over 3 elements, some partial sums have no term at all.
  shows("rfactor_uneven", rowSum(2, 3), (sch) => {
    const [, inner] = sch.split("k", [2, 4]);
    sch.rfactor(inner);
  });
});

Deno.test("rfactor takes any dimension, any reduction, and its own results again", () => {
  for (const axis of [0, 1]) {
    scheduled(center(3, 12), (sch) => {
      const [k0, k1] = sch.split("k", [null, 2, 3]);
      sch.rfactor(k0, axis);
      sch.rfactor(k1, 1);
      assertEquals(sch.blocks(), ["T_rf_rf", "T_rf", "T", "B"]);
    });
  }
  const A = placeholder("A", [3, 7]), k = reduceAxis(7);
  const B = compute("B", [3], (i) => max(mul(A.at(i, k.var), A.at(0, k.var)), [k]));
  scheduled(primFunc("row_max", [A, B]), (sch) => {
    const [k0] = sch.split("k", [null, 4]);
    sch.reorder(k0, "i");
    sch.rfactor(k0, 1);
  });
});

Deno.test("rfactor is refused for what is not a whole serial reduction over the loop", () => {
  const sch = new Schedule(rowSum());
  refuses(sch, (s) => s.rfactor("i"), "cannot rfactor loop i: B does not reduce over it, but over k");
  refuses(
    sch,
    (s) => s.rfactor("k", 2),
    "cannot rfactor loop k into dimension 2: B has 1, so 0 to 1 would work",
  );
  for (const axis of [-1, 0.5]) refuses(sch, (s) => s.rfactor("k", axis), `into dimension ${axis}`);
  refusesCall(sch, (s) => s.rfactor("k", NaN), "expected axis of rfactor to be a finite number, got NaN");
  assertThrows(() => sch.rfactor("nowhere"), ScheduleError, "no loop nowhere in row_sum");
  sch.unroll("k");
  refuses(sch, (s) => s.rfactor("k"), "a loop of B is not serial any more; rfactor while they are");
  const plain = new Schedule(chain());
  refuses(plain, (s) => s.rfactor("i"), "T has no initialisation; rfactor before decomposing");
});

Deno.test("rfactor is refused where others share the loops", () => {
  const moved = new Schedule(center());
  moved.computeAt("T", "i_1");
  refuses(
    moved,
    (s) => s.rfactor("ax1"),
    "T shares its loops with another block; rfactor it first, then move blocks",
  );
  const apart = new Schedule(rowSum());
  apart.decomposeReduction("B", "k");
  refuses(apart, (s) => s.rfactor("k"), "B shares its loops with another block");
  const both = new Schedule(stencil());
  both.computeAt("T", "i_1");
  refuses(both, (s) => s.rfactor("i_1"), "there is more than one block inside");
});

Deno.test("rfactor is refused for loops over spatial and reduce axes at once", () => {
  const sch = new Schedule(rowSum());
  const both = sch.fuse("i", "k");
  refuses(
    sch,
    (s) => s.rfactor(both),
    "runs over spatial and reduce axes at once; rfactor before fusing them",
  );
});

Deno.test("rfactor is refused where a condition ties it to a spatial loop", () => {
  // i = f0 * 2 + f1, k = f2 under f0 * 8 + f1 * 4 + f2 < 12: one condition on all three.
  const sch = new Schedule(rowSum(3, 4));
  const [, rest] = sch.split(sch.fuse("i", "k"), [null, 8]);
  const [, k] = sch.split(rest, [2, 4]);
  refuses(
    sch,
    (s) => s.rfactor(k),
    "a condition of B ties it to loop",
    "split by factors that divide the loops",
  );
  scheduled(sch.func, (s) => s.decomposeReduction("B", k));
});

Deno.test("reductions of other forms stay whole", () => {
  const A = buffer("A", [3, 4]), B = buffer("B", [3]);
  const form = (update: Expr, init: Stmt) => {
    const i = variable("i"), k = variable("k");
    const b = block("B", [iterVar(V, 3), iterVar(K, 4, "reduce")], [i, k], store(B, [V], update), { init });
    return new Schedule(new PrimFunc("form", [A, B], [], [], forLoop(i, 3, forLoop(k, 4, b))));
  };
  const V = variable("v"), K = variable("vk");
  const start = store(B, [V], constant(1, "f32"));
  const quotients = form(div(load(B, V), load(A, V, K)), start);
  const parts = form(add(load(B, V), load(A, V, K)), { kind: "seq", body: [start, start] });
  for (const act of [(s: Schedule) => s.decomposeReduction("B", "k"), (s: Schedule) => s.rfactor("k")]) {
    refuses(
      quotients,
      act,
      "its update is not x = x op y for +, *, max, min, and, or; only such reductions come apart",
    );
    refuses(parts, act, "its initialisation is not a single store; only such reductions come apart");
  }
});

Deno.test("a sum that starts at something else starts there once", () => {
  const A = buffer("A", [3, 4]), B = buffer("B", [3]);
  const i = variable("i"), k = variable("k"), v = variable("v"), vk = variable("vk");
  const update = store(B, [v], add(load(B, v), load(A, v, vk)));
  const total = block("B", [iterVar(v, 3), iterVar(vk, 4, "reduce")], [i, k], update, {
    init: store(B, [v], load(A, v, 0)),
  });
  const func = new PrimFunc("from_first", [A, B], [], [], forLoop(i, 3, forLoop(k, 4, total)));
  scheduled(func, (sch) => sch.decomposeReduction("B", "k"));
  scheduled(func, (sch) => sch.decomposeReduction("B", "i"));
  scheduled(func, (sch) => {
    const [k0] = sch.split("k", [null, 3]);
    sch.rfactor(k0);
    sch.decomposeReduction("B_rf", "i");
  });
});

Deno.test("rfactor leaves what never runs as it is", () => {
  const func = product();
  keepsResults(
    func,
    scheduled(func, (sch) => {
      const [i = ""] = sch.loops("C");
      // Of three iterations of four the first does all four rows.
      const [i0 = ""] = sch.split(i, [3, 4]);
      sch.loopPartition(i0, [2]);
      const last = sch.blocks().at(-1) as string;
      sch.rfactor(sch.loops(last).at(-1) as string);
    }),
  );
});
