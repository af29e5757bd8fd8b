import { assertEquals } from "@std/assert";
import {
  add,
  block,
  buffer,
  cast,
  floorDiv,
  forLoop,
  iterVar,
  load,
  mul,
  seq,
  store,
  sub,
  variable,
} from "../../lib/ir/build.ts";
import { PrimFunc } from "../../lib/ir/func.ts";
import { Schedule } from "../../lib/schedule/schedule.ts";
import { compute } from "../../lib/te/compute.ts";
import { reduceAxis, sum } from "../../lib/te/reduce.ts";
import { placeholder } from "../../lib/te/tensor.ts";
import { primFunc } from "../../lib/te/prim_func.ts";
import { center, chain, diamond, product, rowSum, stencil } from "./programs.ts";
import { refuses, scheduled, shows } from "./shown.ts";

Deno.test("computeInline puts an expression where it is read", () => {
  shows("compute_inline", diamond(), (sch) => {
    sch.computeInline("T");
    sch.computeInline("S");
  });
});

Deno.test("computeInline follows each read to its own place", () => {
  shows("compute_inline_stencil", stencil(), (sch) => sch.computeInline("T"));
});

Deno.test("computeInline goes into reductions, also into what they start with", () => {
  scheduled(center(), (sch) => sch.computeInline(sch.cacheRead("T", "A", "local")));
  // S[i] starts at T[i], which is A[i] + 1.
  const A = buffer("A", [3]), D = buffer("D", [3, 4]), T = buffer("T", [3]), S = buffer("S", [3]);
  const i = variable("i"), i1 = variable("i_1"), k = variable("k");
  const v = variable("v"), vi = variable("vi"), vk = variable("vk");
  const one = block("T", [iterVar(v, 3)], [i], store(T, [v], add(load(A, v), { ...ONE })));
  const total = block(
    "S",
    [iterVar(vi, 3), iterVar(vk, 4, "reduce")],
    [i1, k],
    store(S, [vi], add(load(S, vi), load(D, vi, vk))),
    { init: store(S, [vi], load(T, vi)) },
  );
  const nests = seq(forLoop(i, 3, one), forLoop(i1, 3, forLoop(k, 4, total)));
  const func = scheduled(new PrimFunc("start", [A, D, S], [], [T], nests), (sch) => sch.computeInline("T"));
  assertEquals(func.allocs, []);
});

const ONE = { kind: "const", dtype: "f32", value: 1 } as const;

Deno.test("computeInline is refused for what can't be an expression", () => {
  const sch = new Schedule(center());
  refuses(sch, (s) => s.computeInline("T"), "cannot inline T: it is a reduction; computeAt moves it");
  refuses(
    sch,
    (s) => s.computeInline("B"),
    "cannot inline B: B is an output of the function and has to be written",
  );
  const part = new Schedule(rowSum());
  part.rfactor("k");
  // Each partial result has one term, and still is added to itself.
  refuses(part, (s) => s.computeInline("B_rf"), "cannot inline B_rf: it is a reduction");
  const apart = new Schedule(center());
  apart.decomposeReduction("T", "k");
  refuses(apart, (s) => s.computeInline("T_init"), "another block writes T too");
});

Deno.test("computeInline is refused under a condition, and for what nothing reads", () => {
  const sch = new Schedule(chain(10));
  sch.split("i", [null, 4]);
  refuses(
    sch,
    (s) => s.computeInline("T"),
    "it is computed under a condition; inline it before splitting its loops",
  );
  scheduled(chain(12), (s) => {
    s.split("i", [null, 4]);
    s.computeInline("T");
  });
  const A = buffer("A", [4]), T = buffer("T", [4]), B = buffer("B", [4]);
  const nest = (name: string, to: typeof A, loop: string) => {
    const i = variable(loop), v = variable("v");
    return forLoop(i, 4, block(name, [iterVar(v, 4)], [i], store(to, [v], load(A, v))));
  };
  const func = new PrimFunc("spare", [A, B], [], [T], seq(nest("T", T, "i"), nest("B", B, "j")));
  refuses(new Schedule(func), (s) => s.computeInline("T"), "nothing reads it; leave it where it is");
});

Deno.test("reverseComputeInline puts a consumer where its input is produced", () => {
  shows("reverse_compute_inline", chain(), (sch) => {
    sch.split("i", [null, 5]);
    sch.reverseComputeInline("B");
  });
});

Deno.test("reverseComputeInline iterations the axes as the consumer reads them", () => {
  const A = placeholder("A", [3, 5]);
  const T = compute("T", [3, 5], (i, j) => mul(A.at(i, j), A.at(i, j)));
  const B = compute("B", [5, 3], (i, j) => sub(T.at(j, i), A.at(j, i)));
  shows("reverse_compute_inline_turned", primFunc("turned", [A, B]), (sch) => sch.reverseComputeInline("B"));
});

Deno.test("reverseComputeInline is refused where an element is read twice, or not at plain axes", () => {
  const once = "it does not read each element of T once, at plain axes; computeInline moves T into it";
  refuses(new Schedule(stencil()), (s) => s.reverseComputeInline("B"), once);
  const A = placeholder("A", [3, 3]);
  const T = compute("T", [3, 3], (i, j) => mul(A.at(i, j), A.at(i, j)));
  const both = compute("B", [3, 3], (i, j) => sub(T.at(j, i), T.at(i, j)));
  refuses(new Schedule(primFunc("both", [A, both])), (s) => s.reverseComputeInline("B"), once);
  const part = compute("B", [2, 3], (i, j) => T.at(i, j));
  refuses(new Schedule(primFunc("part", [A, part])), (s) => s.reverseComputeInline("B"), once);
  const spread = compute("B", [3, 3, 2], (i, j) => T.at(i, j));
  refuses(new Schedule(primFunc("spread", [A, spread])), (s) => s.reverseComputeInline("B"), once);
});

Deno.test("reverseComputeInline moves a reduction's elements to where a transpose has them", () => {
  const A = placeholder("A", [4, 5]), k = reduceAxis(5);
  const S = compute("S", [4, 3], (i, j) => sum(mul(A.at(i, k.var), cast("f32", j)), [k]));
  const turned = compute("B", [3, 1, 4], (j, _, i) => S.at(i, j));
  const func = primFunc("turned", [A, turned]);
  shows("reverse_compute_inline_reduction", func, (sch) => sch.reverseComputeInline("B"));
  const copied = scheduled(product(), (sch) => sch.reverseComputeInline(sch.cacheWrite("C", "local")));
  assertEquals(copied.allocs, []);
});

Deno.test("reverseComputeInline is refused into a reduction for more than another order, and for one", () => {
  const sch = new Schedule(product());
  const A = placeholder("A", [4, 5]), k = reduceAxis(5);
  const S = compute("S", [4], (i) => sum(A.at(i, k.var), [k]));
  const order =
    "cannot inline B into its producer S: that is a reduction, and B is more than its elements in another " +
    "order; reverseComputeAt moves it near";
  for (
    const B of [
      compute("B", [4], (i) => add(S.at(i), 1)),
      compute("B", [4], (i) => cast("f16", S.at(i))),
      compute("B", [4, 4], (i) => S.at(i)),
      compute("B", [8], (i) => S.at(floorDiv(i, 2))),
    ]
  ) {
    refuses(new Schedule(primFunc("sums", [A, B])), (s) => s.reverseComputeInline("B"));
  }
  const plusOne = primFunc("sums", [A, compute("B", [4], (i) => add(S.at(i), 1))]);
  refuses(new Schedule(plusOne), (s) => s.reverseComputeInline("B"), order);
  refuses(sch, (s) => s.reverseComputeInline("C"), "it is a reduction; reverseComputeAt moves it");
  const part = new Schedule(rowSum());
  const read = part.cacheRead("B", "A", "local");
  part.rfactor("k");
  // Its axes are all spatial, and still it adds up.
  assertEquals(part.producers("B_rf"), [read]);
  refuses(part, (s) => s.reverseComputeInline("B_rf"), "it is a reduction; reverseComputeAt moves it");
});

Deno.test("reverseComputeInline is refused where others need the input, or there is not one producer", () => {
  const A = placeholder("A", [6]);
  const T = compute("T", [6], (i) => mul(A.at(i), A.at(i)));
  const S = compute("S", [6], (i) => add(T.at(i), A.at(i))),
    B = compute("B", [6], (i) => sub(T.at(i), S.at(i)));
  const sch = new Schedule(primFunc("f", [A, B]));
  refuses(
    sch,
    (s) => s.reverseComputeInline("S"),
    "T is needed elsewhere too; reverseComputeAt moves it near",
  );
  refuses(
    sch,
    (s) => s.reverseComputeInline("B"),
    "expected one producer, got 2; computeInline moves a producer into it",
  );
  refuses(sch, (s) => s.reverseComputeInline("T"), "expected one producer, got 0");
  const output = new Schedule(primFunc("f", [A, T, S]));
  refuses(output, (s) => s.reverseComputeInline("S"), "T is needed elsewhere too");
});

Deno.test("reverseComputeInline is refused under a condition", () => {
  const sch = new Schedule(chain(10));
  sch.split("i_1", [null, 4]);
  refuses(sch, (s) => s.reverseComputeInline("B"), "under a condition; inline it before splitting its loops");
});
