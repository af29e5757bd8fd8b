import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import type { PrimFunc } from "../../lib/ir/func.ts";
import { printExpr } from "../../lib/ir/print.ts";
import { ScheduleError } from "../../lib/schedule/error.ts";
import type { IndexMap } from "../../lib/schedule/index_map.ts";
import { Schedule } from "../../lib/schedule/schedule.ts";
import { compute } from "../../lib/te/compute.ts";
import { placeholder } from "../../lib/te/tensor.ts";
import { primFunc } from "../../lib/te/prim_func.ts";
import { matmulProgram as matmul } from "../../lib/op/matmul.ts";
import { addOne, center, chain, stencil } from "./programs.ts";
import { refuses, refusesCall, scheduled, shows } from "./shown.ts";

function shapeOf(func: PrimFunc, name: string): readonly string[] {
  return func.allocs.find((b) => b.name === name)?.shape.map((e) => printExpr(e)) ?? [];
}

Deno.test("transformLayout changes the buffer, and every place where it is written or read", () => {
  shows("transform_layout", stencil(), (sch) => {
    sch.transformLayout("T", { split: [[], [4]], order: [1, 0, 2] });
  });
});

Deno.test("transformLayout fuses pieces, in any order", () => {
  const maps: readonly (readonly [IndexMap, readonly string[]])[] = [
    [{ split: [[], []], order: [1, 0] }, ["8", "4"]],
    [{ split: [[], []], order: [[0, 1]] }, ["32"]],
    [{ split: [[], []], order: [[1, 0]] }, ["32"]],
    [{ split: [[2], [2, 2]], order: [[0, 4], 2, [1, 3]] }, ["4", "2", "4"]],
    [{ split: [[1], [8]], order: [0, 1, 2, 3] }, ["4", "1", "1", "8"]],
  ];
  for (const [map, shape] of maps) {
    const func = scheduled(stencil(), (sch) => sch.transformLayout("T", map));
    assertEquals(shapeOf(func, "T"), shape);
  }
});

Deno.test("transformLayout and the one that takes it back leave the program as it was", () => {
  const func = scheduled(stencil(), (sch) => {
    sch.transformLayout("T", { split: [[], [4]], order: [1, 0, 2] });
    sch.transformLayout("T", { split: [[], [], []], order: [1, [0, 2]] });
  });
  assertEquals(`${func}`, `${stencil()}`);
});

Deno.test("transformLayout keeps symbolic dimensions whole, and may fuse them", () => {
  const func = matmul({ m: "m", n: 6, k: 4 });
  const act = (map: IndexMap) => (sch: Schedule) => {
    sch.cacheRead("C", "A", "global");
    sch.transformLayout("A_global", map);
  };
  for (const m of [1, 5]) {
    const tiled = scheduled(func, act({ split: [[], [2]], order: [1, 0, 2] }), { m });
    assertEquals(shapeOf(tiled, "A_global"), ["2", "m", "2"]);
    const fused = scheduled(func, act({ split: [[], [2]], order: [1, [2, 0]] }), { m });
    assertEquals(shapeOf(fused, "A_global"), ["2", "m * 2"]);
  }
});

Deno.test("transformLayout of a buffer of a reduction, decomposed and moved", () => {
  scheduled(center(6, 4), (sch) => {
    sch.decomposeReduction("T", "k");
    sch.reverseComputeAt("B", "i");
    sch.setScope("T", "shared");
    sch.transformLayout("T", { split: [[3]], order: [1, 0] });
  });
});

Deno.test("transformLayout is refused for parameters and for what is not there", () => {
  const sch = new Schedule(chain());
  const says = "it is a parameter, and its layout is the caller's; cacheRead, cacheWrite or reindex gives an";
  const map = { split: [[4]], order: [1, 0] };
  for (const name of ["A", "B"]) {
    refuses(sch, (s) => s.transformLayout(name, map), `cannot transform the layout of ${name}: ${says}`);
  }
  assertThrows(
    () => sch.transformLayout("X", map),
    ScheduleError,
    "no buffer X in chain: its intermediates are T",
  );
  assertThrows(
    () => new Schedule(addOne()).transformLayout("X", map),
    ScheduleError,
    "its intermediates are none",
  );
});

Deno.test("transformLayout is refused for a map that is none of the dimensions", () => {
  const sch = new Schedule(stencil());
  const says = (map: IndexMap, ...why: readonly string[]) =>
    refuses(sch, (s) => s.transformLayout("T", map), "cannot transform the layout of T: ", ...why);
  for (const split of [[], [[]], [[], [], []]]) {
    says(
      { split, order: [0] },
      `split has ${split.length} lists for 2 dimensions; give one each, empty where`,
    );
  }
  for (const bad of [0, -2, 1.5]) {
    says({ split: [[], [bad]], order: [0] }, `dimension 1 is split by ${bad}: factors are positive integers`);
  }
  for (const bad of [NaN, Infinity]) {
    const map: IndexMap = { split: [[], [bad]], order: [0] };
    refusesCall(
      sch,
      (s) => s.transformLayout("T", map),
      "expected map of transformLayout to be { split: a list",
    );
  }
  for (const factors of [[3], [16], [2, 3], [4, 4], [1e300, 1e300]]) {
    says(
      { split: [[], factors], order: [0, 1, 2] },
      `dimension 1 is 8 long, which ${factors.join(" x ")} does not divide; choose factors that do`,
    );
  }
  const orders = [[], [0], [0, 1], [0, 1, 1], [0, 1, 3], [0, 1, 2, 2], [0, 1, -1], [0, 1, 1.5], [
    0,
    [1, 2],
    [],
  ]];
  for (const order of orders) {
    says(
      { split: [[], [4]], order },
      "order has to have each piece once, alone or in a list of those that are fused, and these are 0 to 2",
    );
  }
  const ones = Array<number>(63).fill(1);
  says({ split: [ones, ones], order: [] }, "it makes 128 pieces; up to 64 work");
});

Deno.test("transformLayout is refused for factors of a symbolic dimension", () => {
  const sch = new Schedule(matmul({ m: "m", n: 6, k: 4 }));
  sch.cacheRead("C", "A", "global");
  refuses(
    sch,
    (s) => s.transformLayout("A_global", { split: [[2], []], order: [0, 1, 2] }),
    "dimension 0 is symbolic and stays whole; give it no factors",
  );
});

Deno.test("transformLayout is refused for a dimension that is too long", () => {
  const A = placeholder("A", [2 ** 16, 2 ** 16]);
  const sch = new Schedule(primFunc("large", [A, compute("B", [4], (i) => A.at(i, i))]));
  sch.cacheRead("B", "A", "global");
  refuses(
    sch,
    (s) => s.transformLayout("A_global", { split: [[], []], order: [[0, 1]] }),
    "a dimension would be 2^31 long or more; fuse fewer pieces",
  );
});

Deno.test("transformLayout again and again is refused before indices outgrow everything", () => {
  const sch = new Schedule(chain(60));
  // Fours do not line up with fifteens, so that each iteration doubles the index.
  const { message } = assertThrows(() => {
    for (let k = 0; k < 100; k++) sch.transformLayout("T", { split: [[4]], order: [[1, 0]] });
  }, ScheduleError);
  assertStringIncludes(message, "cannot transform the layout of T: the block would have ");
  assertStringIncludes(message, "statements and operations; up to 1000 work");
});
