import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import {
  add,
  block,
  buffer,
  constant,
  forLoop,
  ge,
  iterVar,
  mul,
  select,
  store,
  sub,
  variable,
} from "../../lib/ir/build.ts";
import { PrimFunc } from "../../lib/ir/func.ts";
import { ScheduleError } from "../../lib/schedule/error.ts";
import type { IndexMap } from "../../lib/schedule/index_map.ts";
import { Schedule } from "../../lib/schedule/schedule.ts";
import { compute } from "../../lib/te/compute.ts";
import { placeholder } from "../../lib/te/tensor.ts";
import { primFunc } from "../../lib/te/prim_func.ts";
import { matmulProgram as matmul } from "../../lib/op/matmul.ts";
import { addOne2, product, rowSum, stencil } from "./programs.ts";
import { refuses, refusesChangedLoops, scheduled, shows } from "./shown.ts";

const WHOLE: IndexMap = { split: [[], [], []], order: [0, 1, 2] };

Deno.test("transformBlockLayout gives a block other axes, and a loop for each", () => {
  shows("transform_block_layout", product(4, 6, 8), (sch) => {
    assertEquals(
      sch.transformBlockLayout("C", { split: [[], [], [4]], order: [[0, 1], 2, 3] }),
      ["i_j_fused", "k_0", "k_1"],
    );
  });
});

Deno.test("transformBlockLayout keeps the axes and loops that stay whole, in another order", () => {
  const func = scheduled(product(), (sch) => {
    sch.annotate("j", "pragma", 1);
    assertEquals(sch.transformBlockLayout("C", { split: [[], [], []], order: [2, 1, 0] }), ["k", "j", "i"]);
    assertEquals(sch.loop("j").annotations, { pragma: 1 });
  });
  assertEquals(new Schedule(func).block("C").iters.map((it) => it.type), ["reduce", "spatial", "spatial"]);
  const same = scheduled(product(), (sch) => sch.transformBlockLayout("C", WHOLE));
  assertEquals(`${same}`, `${product()}`);
});

Deno.test("transformBlockLayout makes a producer of a transformed buffer plain again", () => {
  shows("transform_block_layout_producer", stencil(), (sch) => {
    const map: IndexMap = { split: [[], [4]], order: [1, 0, 2] };
    sch.transformLayout("T", map);
    assertEquals(sch.transformBlockLayout("T", map), ["j_0", "i", "j_1_1"]);
    sch.computeAt("T", "i_1");
  });
});

Deno.test("transformBlockLayout splits and fuses reductions too", () => {
  for (const order of [[0, 1, 2], [2, 0, 1], [1, 0, 2], [0, [2, 1]], [[1, 2], 0]]) {
    scheduled(rowSum(), (sch) => sch.transformBlockLayout("B", { split: [[], [2]], order }));
  }
});

Deno.test("transformBlockLayout of symbolic axes and of axes of one iteration", () => {
  for (const m of [1, 5]) {
    scheduled(matmul({ m: "m", n: 6, k: 4 }), (sch) => {
      sch.transformBlockLayout("C", { split: [[], [3], [2]], order: [[0, 2], 1, [4, 3]] });
      sch.transformBlockLayout("C", { split: [[], [], []], order: [1, 0, 2] });
    }, { m });
  }
  scheduled(product(1, 1, 1), (sch) => {
    sch.transformBlockLayout("C", { split: [[1], [], [1, 1]], order: [[0, 2], 1, [5, 3], 4] });
  });
});

Deno.test("transformBlockLayout leaves values as they are written", () => {
  const A = placeholder("A", [6], "i32");
  const B = compute("B", [6], (i) => mul(sub(A.at(i), 3), select(ge(i, 0), A.at(sub(5, i)), A.at(i))));
  const func = scheduled(
    primFunc("values", [A, B]),
    (sch) => sch.transformBlockLayout("B", { split: [[2]], order: [0, 1] }),
  );
  assertStringIncludes(
    `${func}`,
    "B[vi_0 * 2 + vi_1] = (A[vi_0 * 2 + vi_1] - 3) * A[5 - vi_0 * 2 - vi_1]",
  );
});

Deno.test("transformBlockLayout is refused for an axis that would be spatial and reduce", () => {
  refuses(
    new Schedule(product()),
    (s) => s.transformBlockLayout("C", { split: [[], [], []], order: [0, [1, 2]] }),
    "cannot transform the layout of block C: of vj, vk some are spatial and some reduce; fuse axes of one type",
  );
});

Deno.test("transformBlockLayout is refused once loops have changed", () => {
  const says = "it is not alone in one serial loop an axis; transform it before changing its loops";
  refusesChangedLoops((s) => s.transformBlockLayout("T", { split: [[], []], order: [1, 0] }), says);
  const B = buffer("B", []);
  const alone = block("B", [], [], store(B, [], constant(1, "f32")));
  refuses(
    new Schedule(new PrimFunc("scalar", [B], [], [], alone)),
    (s) => s.transformBlockLayout("B", { split: [], order: [] }),
    says,
  );
});

Deno.test("transformBlockLayout is refused where loops are no box", () => {
  const B = buffer("B", [5, 5]);
  const i = variable("i"), j = variable("j"), v = variable("v"), w = variable("w");
  const b = block("B", [iterVar(v, 5), iterVar(w, add(i, 1))], [i, j], store(B, [v, w], constant(1, "f32")));
  refuses(
    new Schedule(new PrimFunc("triangle", [B], [], [], forLoop(i, 5, forLoop(j, add(i, 1), b)))),
    (s) => s.transformBlockLayout("B", { split: [[], []], order: [1, 0] }),
    "j has another extent at each iteration of a loop around it; only a box has axes to be transformed",
  );
});

Deno.test("transformBlockLayout is refused for a map that is none of the axes", () => {
  const sch = new Schedule(addOne2());
  const says = (map: IndexMap, why: string) => refuses(sch, (s) => s.transformBlockLayout("B", map), why);
  says(WHOLE, "cannot transform the layout of block B: split has 3 lists for 2 dimensions; give one each");
  says({ split: [[], [4]], order: [0, 1, 2] }, "dimension 1 is 6 long, which 4 does not divide");
  says({ split: [[], []], order: [0, 0] }, "order has to have each piece once");
  says(
    { split: [Array<number>(62).fill(1), Array<number>(1).fill(1)], order: [] },
    "it makes 65 pieces; up to 64 work",
  );
  assertThrows(() => sch.transformBlockLayout("X", WHOLE), ScheduleError, "no block X in add_one");
});
