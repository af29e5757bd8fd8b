import { assertEquals } from "@std/assert";
import { add, constant, mul, sub } from "../../lib/ir/build.ts";
import type { ScalarType } from "../../lib/ir/dtype.ts";
import type { Var } from "../../lib/ir/expr.ts";
import { Schedule } from "../../lib/schedule/schedule.ts";
import { compute } from "../../lib/te/compute.ts";
import { max, reduceAxis, sum } from "../../lib/te/reduce.ts";
import { placeholder } from "../../lib/te/tensor.ts";
import { primFunc } from "../../lib/te/prim_func.ts";
import { matmulProgram as matmul } from "../../lib/op/matmul.ts";
import { addOne, center, product, rowSum } from "./programs.ts";
import { refuses, refusesCall, refusesChangedLoops, scheduled, shows } from "./shown.ts";

Deno.test("padEinsum pads what a product reads and writes, with zeros", () => {
  shows("pad_einsum", product(3, 5, 6), (sch) => sch.padEinsum("C", [4, 1, 4]));
});

Deno.test("padEinsum leaves what fits", () => {
  const func = scheduled(product(4, 6, 5), (sch) => sch.padEinsum("C", [2, 3, 5]));
  assertEquals(new Schedule(func).blocks(), ["C"]);
  const odd = scheduled(product(4, 6, 5), (sch) => sch.padEinsum("C", [1, 4, 1]));
  assertEquals(new Schedule(odd).blocks(), ["D_pad", "C", "C_unpad"]);
});

Deno.test("padEinsum pads a symbolic axis to a multiple", () => {
  const func = matmul({ m: "m", n: 5, k: 3 });
  for (const m of [1, 4, 7]) {
    scheduled(func, (sch) => {
      sch.padEinsum("C", [4, 2, 2]);
      sch.split("i", [null, 4]);
    }, { m });
  }
});

Deno.test("padEinsum pads with zeros of the tensor's own dtype, behind casts too", () => {
  for (const dtype of ["f32", "i32"] satisfies ScalarType[]) {
    const A = placeholder("A", [3, 5], dtype), k = reduceAxis(5);
    const C = compute("C", [3], (i) => sum(mul(A.at(i, k.var), A.at(i, k.var)), [k]));
    scheduled(primFunc("squares", [A, C]), (sch) => {
      sch.padEinsum("C", [2, 4]);
      assertEquals(sch.blocks(), ["A_pad", "C", "C_unpad"]);
    });
  }
  scheduled(matmul({ m: 3, n: 5, k: 6, dtype: "f16" }), (sch) => sch.padEinsum("C_sum", [4, 4, 4]));
});

Deno.test("padEinsum takes zeros, and no elements that a tensor has behind the axis", () => {
  // A has 8 columns, and the sum runs over the first 5 of them.
  const A = placeholder("A", [3, 8]), k = reduceAxis(5);
  const C = compute("C", [2], (i) => sum(A.at(i, k.var), [k]));
  scheduled(primFunc("part", [A, C]), (sch) => sch.padEinsum("C", [4, 4]));
});

Deno.test("padEinsum of a product with consumers gives them the result unpadded", () => {
  const func = scheduled(center(3, 5), (sch) => sch.padEinsum("T", [4, 4]));
  assertEquals(new Schedule(func).producers("B"), ["T_unpad"]);
});

Deno.test("padEinsum is refused for what zeros would change", () => {
  const A = placeholder("A", [3, 5]), k = reduceAxis(5);
  const only = "only sums of products stay right when padded with zeros";
  const most = compute("M", [3], (i) => max(A.at(i, k.var), [k]));
  refuses(new Schedule(primFunc("f", [A, most])), (s) => s.padEinsum("M", [4, 4]), only);
  const shifted = compute("S", [3], (i) => sum(add(A.at(i, k.var), constant(1, "f32")), [k]));
  refuses(
    new Schedule(primFunc("f", [A, shifted])),
    (s) => s.padEinsum("S", [4, 4]),
    "cannot pad S to multiples of 4, 4:",
    only,
  );
  refuses(new Schedule(addOne()), (s) => s.padEinsum("B", [4]), only);
});

Deno.test("padEinsum is refused over an axis that not all factors have", () => {
  const A = placeholder("A", [3, 5]), x = placeholder("x", [3]), k = reduceAxis(5);
  const says = "not all that is summed over axis vk has it as an index, and would not be zero behind its end";
  const scaled = compute("C", [3], (i) => sum(mul(A.at(i, k.var), x.at(i)), [k]));
  const sch = new Schedule(primFunc("f", [A, x, scaled]));
  refuses(sch, (s) => s.padEinsum("C", [1, 4]), says, "pad that axis to multiples of 1");
  sch.padEinsum("C", [4, 1]);
  // The same term five times over would be six.
  const repeated = compute("C", [3], (i) => sum(x.at(i), [k]));
  refuses(new Schedule(primFunc("f", [x, repeated])), (s) => s.padEinsum("C", [1, 2]), says);
});

Deno.test("padEinsum is refused for one tensor along axes of different lengths", () => {
  const A = placeholder("A", [4, 5]), k = reduceAxis(5);
  const gram = compute("C", [4, 4], (i, j) => sum(mul(A.at(i, k.var), A.at(j, k.var)), [k]));
  const func = primFunc("gram", [A, gram]);
  refuses(
    new Schedule(func),
    (s) => s.padEinsum("C", [3, 8, 1]),
    "it reads A along axes that would be padded differently; pad them to one length",
  );
  scheduled(func, (sch) => sch.padEinsum("C", [3, 3, 4]));
  scheduled(func, (sch) => sch.padEinsum("C", [6, 3, 1]));
});

Deno.test("padEinsum is refused for indices that are no plain axes", () => {
  const A = placeholder("A", [8]), k = reduceAxis(3);
  for (const first of [true, false]) {
    const near = A.at(k.var);
    const far = (i: Var) => A.at(add(i, k.var));
    const C = compute("C", [6], (i) => sum(first ? mul(near, far(i)) : mul(far(i), near), [k]));
    refuses(
      new Schedule(primFunc("f", [A, C])),
      (s) => s.padEinsum("C", [4, 1]),
      "it indexes its tensors by more than plain axes",
    );
  }
});

Deno.test("padEinsum is refused once loops have changed", () => {
  const says = "it is not alone in one serial loop an axis any more; pad before changing its loops";
  refusesChangedLoops((s) => s.padEinsum("T", [4, 4]), says);
});

Deno.test("padEinsum is refused for a padding that is none", () => {
  const sch = new Schedule(rowSum());
  const says = "give one positive integer for each of its 2 axes";
  for (const bad of [[4], [4, 4, 4], [4, 0], [-1, 4], [1.5, 4]]) {
    refuses(sch, (s) => s.padEinsum("B", bad), says);
  }
  for (const bad of [[NaN, 1], [4, Infinity]]) {
    refusesCall(
      sch,
      (s) => s.padEinsum("B", bad),
      `a list of up to 64 finite numbers, got [${bad.join(", ")}]`,
    );
  }
  for (const bad of [2 ** 31, 1e308]) {
    refuses(sch, (s) => s.padEinsum("B", [1, bad]), "axis vk would be 2^31 long or more; pad it to less");
  }
  const symbolic = new Schedule(matmul({ m: "m", n: 5, k: 3 }));
  refuses(symbolic, (s) => s.padEinsum("C", [2 ** 31, 1, 1]), "axis vi would be 2^31 long or more");
  const A = placeholder("A", [4]);
  const back = compute("B", [4], (i) => A.at(sub(3, i)));
  refuses(new Schedule(primFunc("f", [A, back])), (s) => s.padEinsum("B", [2]), "only sums of products");
});
