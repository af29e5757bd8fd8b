/** A vectorized loop stores the elements of its iterations: in vectors where it has fours of them. */
import { assert, assertEquals } from "@std/assert";
import { add, cast } from "../../lib/ir/build.ts";
import type { Expr } from "../../lib/ir/expr.ts";
import { lower } from "../../lib/lower/pipeline.ts";
import { Schedule } from "../../lib/schedule/schedule.ts";
import { targetOf } from "../../lib/target/profiles.ts";
import { compute } from "../../lib/te/compute.ts";
import { placeholder } from "../../lib/te/tensor.ts";
import { primFunc } from "../../lib/te/prim_func.ts";

const target = targetOf("generic-webgpu");

/** The elements that a store writes. */
function elementsOf(index: Expr): readonly number[] {
  if (index.kind === "const") return [index.value];
  assert(index.kind === "ramp" && index.base.kind === "const", `an index that is a ${index.kind}`);
  const { base, stride } = index;
  return [0, 1, 2, 3].map((lane) => base.value + lane * stride);
}

Deno.test("a vectorized loop of any extent stores each of its elements once, and no other", () => {
  for (let extent = 2; extent <= 13; extent++) {
    const A = placeholder("A", [extent]);
    const B = compute("B", [extent], (j) => add(A.at(j), cast("f32", j)));
    const sch = new Schedule(primFunc("f", [A, B]));
    sch.vectorize(sch.loops("B")[0] as string);
    sch.bind(sch.addUnitLoop("B"), "blockIdx.x");
    const written: number[] = [];
    let vectors = 0;
    for (const s of lower(sch.func, target).flatMap((kernel) => kernel.body)) {
      assert(s.kind === "store", s.kind);
      const elements = elementsOf(s.index);
      if (elements.length === 4) vectors++;
      written.push(...elements);
    }
    assertEquals(written.toSorted((a, b) => a - b), Array.from({ length: extent }, (_, j) => j));
    assertEquals(vectors, extent % 4 === 0 ? extent / 4 : 0, `vectors of ${extent}`);
  }
});
