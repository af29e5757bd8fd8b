/** Maps of axes to the places that are read: found where each element is read once, and nowhere else. */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { add, floorDiv, floorMod, iterVar, mul, variable } from "../../../lib/ir/build.ts";
import type { Expr } from "../../../lib/ir/expr.ts";
import { placesReadOnce } from "../../../lib/dlight/steps/digits.ts";
import { Schedule } from "../../../lib/schedule/schedule.ts";
import { compute } from "../../../lib/te/compute.ts";
import { primFunc } from "../../../lib/te/prim_func.ts";
import { placeholder } from "../../../lib/te/tensor.ts";
import { interpret } from "../../../lib/interp/interpret.ts";
import { permuteDims } from "../../../lib/op/permute_dims.ts";
import { reshape } from "../../../lib/op/reshape.ts";

const [i, j, k] = ["i", "j", "k"].map((name) => variable(name)) as [Expr, Expr, Expr];
const iters = (...extents: readonly number[]) =>
  [i, j, k].slice(0, extents.length).map((v, d) => iterVar(v as never, extents[d] as number));

Deno.test("views and other orders have a map", () => {
  const of = (extents: readonly number[], indices: readonly Expr[], shape: readonly number[]) =>
    placesReadOnce(iters(...extents), indices, placeholder("Y", shape).shape);
  assertEquals(of([8, 4, 64], [i, add(mul(j, 64), k)], [8, 256]), {
    split: [[], [], []],
    order: [0, [1, 2]],
  });
  assertEquals(of([4, 8, 64], [j, add(mul(i, 64), k)], [8, 256]), {
    split: [[], [], []],
    order: [1, [0, 2]],
  });
  assertEquals(of([48], [floorDiv(i, 8), floorMod(i, 8)], [6, 8]), { split: [[8]], order: [0, 1] });
  assertEquals(of([1, 48], [i, floorDiv(j, 8), floorMod(j, 8)], [1, 6, 8]), {
    split: [[], [8]],
    order: [1, 2, 0],
  });
  const middle = floorMod(floorDiv(i, 4), 3);
  assertEquals(of([24], [floorDiv(i, 12), middle, floorMod(i, 4)], [2, 3, 4]), {
    split: [[3, 4]],
    order: [0, 1, 2],
  });
});

Deno.test("what reads elements twice or not at all has none", () => {
  const none = (extents: readonly number[], indices: readonly Expr[], shape: readonly number[]) =>
    assertEquals(placesReadOnce(iters(...extents), indices, placeholder("Y", shape).shape), undefined);
  none([8, 4], [i, i], [8, 8]);
  none([8, 4], [i], [8]);
  none([8], [i], [9]);
  none([8], [add(i, 1)], [9]);
  none([8, 4], [add(i, j)], [11]);
  none([8, 4], [add(mul(i, 5), j)], [40]);
  none([48], [floorDiv(i, 8)], [6]);
  none([48], [floorMod(i, 7)], [7]);
});

const arbShape = fc.array(fc.constantFrom<number>(1, 2, 4, 8), { minLength: 1, maxLength: 4 });

Deno.test("random views of random orders have a map, after which they read at plain axes", () => {
  fc.assert(
    fc.property(arbShape, fc.nat(), fc.nat(), (shape, order, factor) => {
      const A = placeholder("A", shape), Y = compute("Y", shape, (...at) => A.at(...at));
      const axes = shape.map((_, d) => d).toSorted((a, b) =>
        (a * 7 + order) % 5 - (b * 7 + order) % 5 || a - b
      );
      const size = shape.reduce((n, d) => n * d, 1);
      const divisors = Array.from({ length: size }, (_, n) => n + 1).filter((n) => size % n === 0);
      const by = divisors[factor % divisors.length] as number;
      const func = primFunc("view", [
        A,
        Y,
        reshape(permuteDims(Y, { axes }), [by, size / by], { name: "V" }),
      ]);
      const sch = new Schedule(func);
      for (const b of sch.blocks()) {
        if (
          !sch.blocks().includes(b) || sch.consumers(b).length === 0 || sch.block(b).body.kind !== "store"
        ) continue;
        const { body } = sch.block(b);
        if (body.kind === "store" && !func.params.includes(body.buffer)) sch.computeInline(b);
      }
      const block = sch.block("V"), read = sch.inputs("V")[0];
      assert(read);
      const map = placesReadOnce(block.iters, read.indices, read.buffer.shape);
      assert(map, `${sch.func}`);
      sch.transformBlockLayout("V", map);
      const now = sch.inputs("V")[0]?.indices ?? [];
      assert(now.every((e) => e.kind === "var" || e.kind === "const"), `${sch.func}`);
      const inputs = { A: new Float32Array(size).map((_, n) => n) };
      assertEquals(interpret(sch.func, inputs), interpret(func, inputs));
    }),
    { numRuns: 200 },
  );
});
