import { assertEquals } from "@std/assert";
import {
  add,
  binary,
  block,
  buffer,
  constant,
  forLoop,
  ge,
  iterVar,
  load,
  lt,
  select,
  seq,
  store,
  sub,
  variable,
} from "../../lib/ir/build.ts";
import type { Expr, Var } from "../../lib/ir/expr.ts";
import { PrimFunc } from "../../lib/ir/func.ts";
import type { Stmt } from "../../lib/ir/stmt.ts";
import { Schedule } from "../../lib/schedule/schedule.ts";
import { compute } from "../../lib/te/compute.ts";
import { placeholder } from "../../lib/te/tensor.ts";
import { primFunc } from "../../lib/te/prim_func.ts";
import { reduceAxis, sum } from "../../lib/te/reduce.ts";
import { addOne, product, rowSum, stencil } from "./programs.ts";
import { refuses, scheduled, shows } from "./shown.ts";

const zero = constant(0, "f32"), one = constant(1, "f32");

/** `P[i, j] = A[i-1, j] if i >= 1 else 0`, `B[i, j] = P[i, j] + 1` */
function shifted(n = 4, m = 6): PrimFunc {
  const A = placeholder("A", [n, m]);
  const P = compute("P", [n, m], (i, j) => select(ge(i, 1), A.at(sub(i, 1), j), zero));
  return primFunc("shifted", [A, compute("B", [n, m], (i, j) => add(P.at(i, j), one))]);
}

Deno.test("decomposePadding fills first, and copies where there is something to copy", () => {
  shows("decompose_padding", product(3, 5, 6), (sch) => {
    sch.padEinsum("C", [4, 1, 4]);
    assertEquals(sch.decomposePadding("A_pad", "ax1"), "A_pad_pad_const");
  });
});

Deno.test("decomposePadding fills in loops of the same kinds, as far as it needs them", () => {
  shows("decompose_padding_kinds", shifted(5, 8), (sch) => {
    const [j0, j1] = sch.split("j", [null, 4]);
    sch.bind("i", "blockIdx.x");
    sch.bind(j0, "threadIdx.x");
    sch.vectorize(j1);
    sch.decomposePadding("P", j0);
  });
});

Deno.test("decomposePadding keeps a condition of the block's own for both", () => {
  const func = scheduled(shifted(5, 3), (sch) => {
    sch.split("i", [null, 2]);
    sch.decomposePadding("P", sch.loops("P")[1] as string);
  });
  const sch = new Schedule(func);
  assertEquals(sch.blocks(), ["P_pad_const", "P", "B"]);
  assertEquals(sch.producers("B"), ["P_pad_const", "P"]);
});

Deno.test("decomposePadding at the outermost loop makes nests of their own", () => {
  const func = scheduled(shifted(), (sch) => sch.decomposePadding("P", "i"));
  assertEquals(func.body.kind === "seq" && func.body.body.length, 3);
});

Deno.test("a consumer follows the filling too", () => {
  scheduled(shifted(), (sch) => {
    sch.decomposePadding("P", "j");
    sch.reverseComputeAt("B", "i");
    assertEquals(sch.loops("B")[0], "i");
  });
});

Deno.test("decomposePadding is refused for what is no padding", () => {
  const says = "it does not store an element where a condition holds, and a constant elsewhere";
  refuses(
    new Schedule(addOne()),
    (s) => s.decomposePadding("B", "i"),
    "cannot decompose the padding B at loop i",
    says,
  );
  refuses(new Schedule(rowSum()), (s) => s.decomposePadding("B", "i"), says);
  refuses(new Schedule(stencil()), (s) => s.decomposePadding("B", "i_1"), says);
  const A = placeholder("A", [4]);
  const of = (value: (i: Var) => Parameters<typeof select>) =>
    new Schedule(primFunc("f", [A, compute("B", [4], (i) => select(...value(i)))]));
  refuses(of((i) => [lt(i, 2), add(A.at(i), one), zero]), (s) => s.decomposePadding("B", "i"), says);
  refuses(of((i) => [lt(i, 2), A.at(i), A.at(0)]), (s) => s.decomposePadding("B", "i"), says);
  refuses(
    of((i) => [binary("lt", A.at(i), zero), A.at(i), zero]),
    (s) => s.decomposePadding("B", "i"),
    "its condition reads memory; only conditions on axes work",
  );
  const sch = new Schedule(shifted());
  sch.decomposePadding("P", "i");
  refuses(sch, (s) => s.decomposePadding("P", "i"), says);
});

Deno.test("decomposePadding is refused at a loop that is not around the block", () => {
  refuses(
    new Schedule(shifted()),
    (s) => s.decomposePadding("P", "i_1"),
    "that loop is not around it; its loops are i, j",
  );
});

Deno.test("decomposePadding is refused where others write too", () => {
  const A = placeholder("A", [6]), k = reduceAxis(6);
  const P = compute("P", [6], (i) => select(ge(i, 1), A.at(sub(i, 1)), zero));
  const S = compute("S", [1], () => sum(P.at(k.var), [k]));
  const parts = new Schedule(primFunc("f", [A, S]));
  parts.loopPartition("i", [2]);
  refuses(
    parts,
    (s) => s.decomposePadding("P", "i_0"),
    "P_1 writes P too, which the constant would overwrite; decompose the padding first",
  );
});

Deno.test("decomposePadding is refused for what depends on more than the place", () => {
  const A = buffer("A", [4]), B = buffer("B", [4]), i = variable("i"), j = variable("j");
  const v = variable("v"), w = variable("w");
  const of = (value: Expr, first?: Stmt) => {
    const b = block("B", [iterVar(v, 4), iterVar(w, 2)], [i, j], store(B, [v], value));
    const body = forLoop(i, 4, seq(...(first ? [first] : []), forLoop(j, 2, b)));
    return new Schedule(new PrimFunc("f", [A, B, R], [], [], body));
  };
  const R = buffer("R", [4]), x = variable("x");
  refuses(
    of(select(lt(w, 1), load(A, v), zero)),
    (s) => s.decomposePadding("B", "j"),
    "its condition depends on axis w, which is not an index of what it writes",
  );
  refuses(of(select(ge(v, 1), load(B, v), zero)), (s) => s.decomposePadding("B", "j"), "it reads B too");
  const reader = block("R", [iterVar(x, 4)], [i], store(R, [x], load(B, x)));
  const early = of(select(ge(v, 1), load(A, v), zero), reader);
  refuses(
    early,
    (s) => s.decomposePadding("B", "i"),
    "R comes before it there and reads B; choose a loop further in",
  );
  early.decomposePadding("B", "j");
});

Deno.test("reverseComputeInline is refused once the padding is two blocks", () => {
  const A = placeholder("A", [4]);
  const T = compute("T", [4], (i) => add(A.at(i), one));
  const B = compute("B", [4], (i) => select(ge(i, 0), T.at(i), zero));
  const sch = new Schedule(primFunc("f", [A, B]));
  sch.decomposePadding("B", "i_1");
  refuses(sch, (s) => s.reverseComputeInline("B"), "B_pad_const writes B too");
});
