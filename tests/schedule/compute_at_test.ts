import { assertEquals, assertThrows } from "@std/assert";
import {
  add,
  block,
  buffer,
  constant,
  forLoop,
  iterVar,
  load,
  lt,
  mul,
  seq,
  store,
  sub,
  variable,
} from "../../lib/ir/build.ts";
import type { Buffer, Expr, Var } from "../../lib/ir/expr.ts";
import { PrimFunc } from "../../lib/ir/func.ts";
import { ScheduleError } from "../../lib/schedule/error.ts";
import { Schedule } from "../../lib/schedule/schedule.ts";
import { compute } from "../../lib/te/compute.ts";
import { max, reduceAxis, sum } from "../../lib/te/reduce.ts";
import { placeholder } from "../../lib/te/tensor.ts";
import { primFunc } from "../../lib/te/prim_func.ts";
import { matmulProgram as matmul } from "../../lib/op/matmul.ts";
import { addOne2, center, chain, diamond, product, stencil } from "./programs.ts";
import { refuses, scheduled, shows } from "./shown.ts";

Deno.test("computeAt computes at each iteration what the consumers need there", () => {
  shows("compute_at", chain(), (sch) => {
    const [outer] = sch.split("i_1", [null, 4]);
    assertEquals(sch.computeAt("T", outer), ["ax0"]);
  });
});

Deno.test("computeAt takes the halo of a stencil, within the tensor", () => {
  shows("compute_at_halo", stencil(), (sch) => {
    const [outer] = sch.split("j_1", [null, 3]);
    sch.computeAt("T", outer);
  });
});

Deno.test("computeAt moves a reduction with all that it reduces over", () => {
  shows("compute_at_reduction", center(), (sch) => {
    assertEquals(sch.computeAt("T", "j"), ["ax1"]);
  });
});

Deno.test("computeAt brings a copy into workgroup memory for all threads, and into registers for one", () => {
  shows("compute_at_threads", product(4, 6, 5), (sch) => {
    sch.bind("i", "threadIdx.y");
    const [k0, k1] = sch.split("k", [null, 2]);
    sch.computeAt(sch.cacheRead("C", "A", "shared"), k0);
    sch.computeAt(sch.cacheRead("C", "A_shared", "local"), k1);
  });
});

Deno.test("computeAt brings a copy into workgroup memory once for virtual threads too", () => {
  shows("compute_at_virtual_threads", product(8, 6, 4), (sch) => {
    const [piece, thread] = sch.split("i", [2, null]);
    sch.bind(piece, "vthread");
    sch.bind(thread, "threadIdx.y");
    const [k0] = sch.split("k", [null, 2]);
    sch.reorder(piece, thread, k0);
    sch.computeAt(sch.cacheRead("C", "A", "shared"), k0);
  });
});

Deno.test("computeAt serves several consumers, the first of them in time", () => {
  const A = placeholder("A", [8]);
  const T = compute("T", [8], (i) => mul(A.at(i), A.at(i)));
  const S = compute("S", [8], (i) => add(T.at(i), A.at(i)));
  const B = compute("B", [8], (i) => sub(T.at(i), S.at(i)));
  const func = scheduled(primFunc("f", [A, B]), (sch) => {
    sch.computeAt("S", "i_2");
    sch.computeAt("T", "i_2");
  });
  assertEquals(new Schedule(func).blocks(), ["T", "S", "B"]);
});

Deno.test("computeAt computes what any of several consumers needs", () => {
  const A = placeholder("A", [8]);
  const T = compute("T", [8], (i) => mul(A.at(i), A.at(i)));
  const S = compute("S", [7], (i) => add(T.at(i), A.at(i)));
  const B = compute("B", [7], (i) => sub(T.at(add(i, 1)), S.at(i)));
  scheduled(primFunc("f", [A, B]), (sch) => {
    sch.computeAt("S", "i_2");
    sch.computeAt("T", "i_2");
  });
});

Deno.test("computeAt takes a symbolic program", () => {
  const func = matmul({ m: "m", n: 6, k: 5 });
  scheduled(func, (sch) => {
    sch.split("i", [null, 4]);
    sch.computeAt(sch.cacheRead("C", "A", "shared"), "i_0");
    sch.computeAt(sch.cacheRead("C", "A_shared", "local"), "k");
  }, { m: 7 });
});

Deno.test("computeAt is refused where not all that read the block are inside the loop", () => {
  const sch = new Schedule(center());
  refuses(
    sch,
    (s) => s.computeAt("B", "i"),
    "cannot compute B at loop i: B is an output of the function and is needed whole",
  );
  const two = new Schedule(twoReaders());
  refuses(
    two,
    (s) => s.computeAt("T", "i_1"),
    "its consumer C is not inside that loop; choose a loop around all that read it",
  );
  refuses(two, (s) => s.computeAt("T", "i"), "it is inside already; choose a loop that is not around it");
  assertThrows(
    () => two.computeAt("T", "nowhere"),
    ScheduleError,
    "no loop nowhere in two: its loops are i, i_1",
  );
});

/** `T = A * A`, `B = T + A`, `C = T - A`, B and C outputs. */
function twoReaders(): PrimFunc {
  const A = placeholder("A", [6]);
  const T = compute("T", [6], (i) => mul(A.at(i), A.at(i)));
  const B = compute("B", [6], (i) => add(T.at(i), A.at(i))),
    C = compute("C", [6], (i) => sub(T.at(i), A.at(i)));
  return primFunc("two", [A, B, C]);
}

Deno.test("computeAt is refused for what is written in two blocks", () => {
  const sch = new Schedule(center());
  sch.decomposeReduction("T", "k");
  for (const block of ["T", "T_init"]) {
    refuses(
      sch,
      (s) => s.computeAt(block, "i_1"),
      "another block writes T too; move it before decomposing its reduction",
    );
  }
});

Deno.test("computeAt is refused for what is not written at plain axes", () => {
  const A = buffer("A", [4]), T = buffer("T", [4]), B = buffer("B", [4]);
  const copy = (to: Buffer, from: Buffer, loop: string, at: (v: Var) => Expr) => {
    const i = variable(loop), v = variable("v");
    const body = store(to, [at(v)], load(from, at(v)));
    return forLoop(i, 4, block(to.name, [iterVar(v, 4)], [i], body));
  };
  const nests = [copy(T, A, "i", (v) => sub(3, v)), copy(B, T, "j", (v) => v)];
  const sch = new Schedule(new PrimFunc("back", [A, B], [], [T], seq(...nests)));
  refuses(
    sch,
    (s) => s.computeAt("T", "j"),
    "it does not write its buffer at plain axes, each once; only the blocks that read it can be moved",
  );
});

Deno.test("computeAt is refused for what nothing reads, and for an axis that is no index", () => {
  const A = buffer("A", [4]), T = buffer("T", [1]), B = buffer("B", [1]);
  const nest = (to: Buffer, from: Expr, loop: string, extent: number) => {
    const i = variable(loop), v = variable("v");
    return forLoop(i, extent, block(to.name, [iterVar(v, extent)], [i], store(to, [constant(0)], from)));
  };
  // T[0] = A[0], four times.
  const repeated = [nest(T, load(A, 0), "i", 4), nest(B, load(T, 0), "j", 1)];
  const sch = new Schedule(new PrimFunc("again", [A, B], [], [T], seq(...repeated)));
  refuses(
    sch,
    (s) => s.computeAt("T", "j"),
    "its axis v is not an index of what it writes; only the blocks that read it can be moved",
  );
  const spare = [nest(T, load(A, 0), "i", 1), nest(B, load(A, 0), "j", 1)];
  const alone = new Schedule(new PrimFunc("spare", [A, B], [], [T], seq(...spare)));
  refuses(alone, (s) => s.computeAt("T", "j"), "nothing reads it; leave it where it is");
});

Deno.test("reverseComputeAt runs over what each iteration produces", () => {
  shows("reverse_compute_at", chain(10), (sch) => {
    const [outer] = sch.split("i", [null, 4]);
    assertEquals(sch.reverseComputeAt("B", outer), ["ax0"]);
  });
});

Deno.test("reverseComputeAt takes the axes that its producer does not have whole", () => {
  shows("reverse_compute_at_broadcast", center(), (sch) => sch.reverseComputeAt("B", "i"));
});

Deno.test("reverseComputeAt follows a tile of a product out of registers", () => {
  shows("reverse_compute_at_tile", product(8, 6, 5), (sch) => {
    const copy = sch.cacheWrite("C", "local");
    const [i0, i1] = sch.split("i", [null, 4]);
    const [j0, j1] = sch.split("j", [null, 4]);
    sch.reorder(i0, j0, "k", i1, j1);
    sch.reverseComputeAt(copy, j0);
    sch.decomposeReduction("C", "k");
  });
});

Deno.test("reverseComputeAt moves a whole reduction, and one with its maximum", () => {
  const A = placeholder("A", [4, 6]), k = reduceAxis(6);
  const T = compute("T", [4, 6], (i, j) => mul(A.at(i, j), A.at(i, j)));
  const S = compute("S", [4], (i) => sum(T.at(i, k.var), [k]));
  scheduled(primFunc("f", [A, S]), (sch) => sch.reverseComputeAt("S", "i"));
  const M = compute("M", [4], (i) => max(T.at(i, k.var), [k]));
  scheduled(primFunc("f", [A, M]), (sch) => {
    sch.split("i", [null, 3]);
    sch.reverseComputeAt("M", "i_0");
  });
});

Deno.test("reverseComputeAt is refused where an iteration has a part of what is reduced", () => {
  const A = placeholder("A", [4, 6]), k = reduceAxis(6);
  const T = compute("T", [4, 6], (i, j) => mul(A.at(i, j), A.at(i, j)));
  const S = compute("S", [4], (i) => sum(T.at(i, k.var), [k]));
  const sch = new Schedule(primFunc("f", [A, S]));
  refuses(
    sch,
    (s) => s.reverseComputeAt("S", "j"),
    "it reduces over dimension 1 of T, and an iteration there produces only a part of it; choose a loop further out",
  );
});

Deno.test("reverseComputeAt is refused where iterations would add to a sum what others have added", () => {
  // for j in 2: for ax in 6: T[j + ax], within 6. The second iteration is all but the first element, again.
  const A = buffer("A", [6]), T = buffer("T", [6]), S = buffer("S", [1]);
  const j = variable("j"), ax = variable("ax"), k = variable("k");
  const v = variable("v"), v0 = variable("v0"), vk = variable("vk");
  const at = add(j, ax);
  const copy = block("T", [iterVar(v, 6)], [at], store(T, [v], load(A, v)), { where: lt(at, 6) });
  const total = block(
    "S",
    [iterVar(v0, 1), iterVar(vk, 6, "reduce")],
    [constant(0), k],
    store(S, [v0], add(load(S, v0), load(T, vk))),
    { init: store(S, [v0], constant(0, "f32")) },
  );
  const nests = seq(forLoop(j, 2, forLoop(ax, 6, copy)), forLoop(k, 6, total));
  const sch = new Schedule(new PrimFunc("twice", [A, S], [], [T], nests));
  refuses(
    sch,
    (s) => s.reverseComputeAt("S", "j"),
    "it reduces over dimension 0 of T, and an iteration there",
  );
});

Deno.test("reverseComputeAt is refused inside of the loop that its producer reduces over", () => {
  const sch = new Schedule(center());
  refuses(
    sch,
    (s) => s.reverseComputeAt("B", "k"),
    "T is not finished there, as it reduces over k; choose a loop outside of k",
  );
});

Deno.test("reverseComputeAt is refused where it reads what is done later", () => {
  const sch = new Schedule(diamond());
  refuses(
    sch,
    (s) => s.reverseComputeAt("B", "i"),
    "it reads what S writes too, which is not done before loop i begins; computeAt S or inline it first",
  );
  scheduled(diamond(), (s) => s.reverseComputeAt("B", "i_1"));
});

Deno.test("reverseComputeAt is refused where reads are not plain, or at two places", () => {
  const shifted = new Schedule(stencil());
  refuses(
    shifted,
    (s) => s.reverseComputeAt("B", "j"),
    "it reads T at more than one place; computeAt moves T to it instead",
  );
  const A = placeholder("A", [6]);
  const T = compute("T", [6], (i) => mul(A.at(i), A.at(i)));
  const B = compute("B", [6], (i) => T.at(sub(constant(5), i)));
  refuses(
    new Schedule(primFunc("back", [A, B])),
    (s) => s.reverseComputeAt("B", "i"),
    "it does not read T at plain axes; computeAt moves T to it instead",
  );
});

Deno.test("reverseComputeAt is refused where not every iteration has the one element that it reads", () => {
  const A = placeholder("A", [4]);
  const T = compute("T", [4], (i) => mul(A.at(i), A.at(i)));
  const sch = new Schedule(primFunc("f", [A, compute("B", [3], (i) => mul(T.at(1), A.at(i)))]));
  refuses(
    sch,
    (s) => s.reverseComputeAt("B", "i"),
    "it reads T at 1 in dimension 0, which not every iteration there produces; choose a loop further out",
  );
});

Deno.test("reverseComputeAt is refused where what an iteration produces has gaps", () => {
  const sch = new Schedule(chain(12));
  const [outer, inner] = sch.split("i", [3, 4]);
  sch.reorder(inner, outer);
  refuses(
    sch,
    (s) => s.reverseComputeAt("B", inner),
    "what is produced of T there has gaps or no known bounds in dimension 0",
  );
});

Deno.test("reverseComputeAt is refused where a condition leaves gaps", () => {
  // Steps of 3 within 4 reach to element 5, which is of the next iteration.
  const sch = new Schedule(chain(12));
  const [outer, inner] = sch.split("i", [3, 4]);
  sch.split(inner, [2, 3]);
  refuses(
    sch,
    (s) => s.reverseComputeAt("B", outer),
    "a condition leaves out some of what T would produce there; split its loops by factors that divide them",
  );
});

Deno.test("reverseComputeAt is refused where the consumer is longer than its producer", () => {
  const sch = new Schedule(product(2, 2, 2));
  sch.padEinsum("C", [4, 1, 1]);
  const pad = sch.cacheRead("A_pad", "A", "local");
  refuses(
    sch,
    (s) => s.reverseComputeAt("A_pad", s.loops(pad)[0] as string),
    "its axis v0 is longer than what A_local produces in dimension 0",
    "no iteration there would compute the rest; computeInline A_local",
  );
});

Deno.test("reverseComputeAt is refused where it would follow two buffers at once", () => {
  const sch = new Schedule(diamond());
  sch.mergeLoops("i", "i_1");
  refuses(
    sch,
    (s) => s.reverseComputeAt("B", "i"),
    "its producers there write more than one buffer; choose a loop around one of them",
  );
});

Deno.test("reverseComputeAt is refused for what is written in two blocks, or follows what is", () => {
  const sch = new Schedule(center());
  sch.decomposeReduction("T", "i");
  refuses(
    sch,
    (s) => s.reverseComputeAt("B", "i"),
    "T_init writes T outside of that loop; choose a loop around all that write it, or move before decomposing",
  );
  const A = placeholder("A", [4, 6]), k = reduceAxis(6);
  const P = compute("P", [4, 6], (i, j) => mul(A.at(i, j), A.at(i, j)));
  const S = compute("S", [4], (i) => sum(P.at(i, k.var), [k]));
  const apart = new Schedule(primFunc("f", [A, S]));
  apart.decomposeReduction("S", "k");
  refuses(
    apart,
    (s) => s.reverseComputeAt("S", "i"),
    "S_init writes S too; move it before decomposing its reduction",
  );
});

Deno.test("reverseComputeAt is refused for a block that is there already, or has no producer", () => {
  const sch = new Schedule(addOne2());
  refuses(
    sch,
    (s) => s.reverseComputeAt("B", "j"),
    "it is inside already; choose a loop that is not around it",
  );
  const two = new Schedule(twoReaders());
  refuses(
    two,
    (s) => s.reverseComputeAt("C", "i_1"),
    "no producer of it is inside that loop; choose a loop around what it reads",
  );
});
