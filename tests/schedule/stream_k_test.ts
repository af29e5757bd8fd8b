import fc from "fast-check";
import { assertEquals } from "@std/assert";
import { constant, mul } from "../../lib/ir/build.ts";
import { interpret } from "../../lib/interp/interpret.ts";
import { verifyFunc } from "../../lib/ir/verify.ts";
import { Schedule } from "../../lib/schedule/schedule.ts";
import { replay } from "../../lib/schedule/trace.ts";
import { compute } from "../../lib/te/compute.ts";
import { max, reduceAxis, sum } from "../../lib/te/reduce.ts";
import { placeholder } from "../../lib/te/tensor.ts";
import { primFunc } from "../../lib/te/prim_func.ts";
import { matmulProgram as matmul } from "../../lib/op/matmul.ts";
import { randomInputs } from "../ir/random_program.ts";
import { addOne, center, product, rowSum } from "./programs.ts";
import { refuses, refusesCall, refusesChangedLoops, scheduled, shows } from "./shown.ts";

Deno.test("streamK shares steps out evenly, across the borders of tiles", () => {
  // Three tiles of four steps for five workers: ranges of three steps, the last of which is not there.
  shows("stream_k", product(6, 4, 8), (sch) => {
    assertEquals(sch.streamK("C", [2, 4], 2, 5), "C_parts");
    assertEquals(sch.loops("C_parts"), ["worker", "slot", "i_1", "j_1", "turn", "k_1"]);
    assertEquals(sch.loops("C"), ["i", "j", "part"]);
  });
});

Deno.test("streamK of whole tiles, or whole parts of them, takes no step too many and no condition", () => {
  // Four tiles of four steps.
  const extents = (workers: number) => {
    const sch = new Schedule(rowSum(8, 12));
    sch.streamK("B", [2], 3, workers);
    scheduled(rowSum(8, 12), (s) => void s.streamK("B", [2], 3, workers));
    return [
      `${sch.func}`.includes("if_then_else"),
      ...[...sch.loops("B_parts"), "part"].map((l) => sch.loop(l).extent),
    ];
  };
  const are = (workers: number, conditional: boolean, ...loops: readonly number[]) =>
    assertEquals(extents(workers), [conditional, ...loops.map((n) => constant(n))]);
  are(4, false, 4, 1, 2, 4, 3, 1);
  are(8, false, 8, 1, 2, 2, 3, 2);
  are(16, false, 16, 1, 2, 1, 3, 4);
  are(2, false, 2, 2, 2, 4, 3, 1);
  // Ranges of three steps.

  are(6, true, 6, 2, 2, 3, 3, 2);
});

Deno.test("streamK takes any reduction, over axes in any order, and its own parts again", () => {
  const A = placeholder("A", [6, 8]), k = reduceAxis(8);
  const most = compute("M", [6], (i) => max(mul(A.at(i, k.var), A.at(0, k.var)), [k]));
  scheduled(primFunc("row_max", [A, most]), (sch) => void sch.streamK("M", [3], 2, 3));
  scheduled(primFunc("total", [A, compute("T", [1], () => sum(A.at(0, k.var), [k]))]), (sch) => {
    sch.streamK("T", [1], 1, 3);
  });
  scheduled(center(4, 6), (sch) => {
    sch.streamK("T", [2], 2, 4);
    sch.streamK("T", [1], 1, 3);
    assertEquals(sch.blocks(), ["T_parts", "T_parts_1", "T", "B"]);
  });
});

Deno.test("streamK of any tile, step and number of workers computes what the program does, and replays", () => {
  const divisorOf = (n: number) =>
    fc.constantFrom(...Array.from({ length: n }, (_, k) => k + 1).filter((d) => n % d === 0));
  const arb = fc.record({
    batch: fc.nat(3),
    m: fc.integer({ min: 1, max: 8 }),
    n: fc.integer({ min: 1, max: 8 }),
    k: fc.integer({ min: 1, max: 24 }),
  })
    .chain((shape) =>
      fc.record({
        shape: fc.constant(shape),
        tile: fc.tuple(...[Math.max(1, shape.batch), shape.m, shape.n].map(divisorOf)),
        step: divisorOf(shape.k),
        workers: fc.nat(40),
        seed: fc.nat(1000),
      })
    );
  fc.assert(
    fc.property(arb, ({ shape: { batch, m, n, k }, tile, step, workers, seed }) => {
      const batched = batch > 0;
      const func = matmul({ m, n, k, ...(batched ? { batch } : {}), transposeB: seed % 2 === 0 });
      const cut = batched ? tile : tile.slice(1);
      const all = (batched ? batch / (tile[0] as number) : 1) * m / (tile[1] as number) * n /
        (tile[2] as number) * k / step;
      const sch = new Schedule(func);
      sch.streamK("C", cut, step, 1 + workers % all);
      verifyFunc(sch.func);
      const inputs = randomInputs(func, seed);
      assertEquals(interpret(sch.func, inputs), interpret(func, inputs), `${sch.func}`);
      assertEquals(`${replay(func, JSON.stringify(sch.trace))}`, `${sch.func}`);
    }),
    { numRuns: 150 },
  );
});

Deno.test("streamK is refused for what is no whole reduction over one axis", () => {
  const says =
    "it is not a whole reduction, alone in one serial loop per axis; streamK before changing its loops";
  refuses(
    new Schedule(addOne()),
    (s) => s.streamK("B", [2], 1, 2),
    "cannot share the steps of B out among 2 workers",
    says,
  );
  refusesChangedLoops((s) => s.streamK("T", [3], 1, 2), says);
  const A = placeholder("A", [3, 4]), i = reduceAxis(3), k = reduceAxis(4);
  const all = compute("S", [2], () => sum(A.at(i.var, k.var), [i, k]));
  refuses(
    new Schedule(primFunc("f", [A, all])),
    (s) => s.streamK("S", [1], 1, 2),
    "it reduces over 2 axes; blocks that do over one work",
  );
});

Deno.test("streamK is refused for tiles, steps and workers that do not fit", () => {
  const sch = new Schedule(product(6, 4, 8));
  for (const tile of [[], [2], [2, 2, 2]]) {
    refuses(
      sch,
      (s) => s.streamK("C", tile, 2, 2),
      `a tile of ${tile.length} numbers; give one for each of its 2 spatial axes`,
    );
  }
  for (const by of [0, -2, 4, 1.5]) {
    refuses(
      sch,
      (s) => s.streamK("C", [by, 1], 2, 2),
      `axis vi is 6 long, not a multiple of ${by}; choose a divisor, or padEinsum first`,
    );
  }
  for (const by of [NaN, Infinity]) {
    refusesCall(
      sch,
      (s) => s.streamK("C", [by, 1], 2, 2),
      `expected tile of streamK to be a list of up to 64`,
    );
    refusesCall(
      sch,
      (s) => s.streamK("C", [2, 2], 2, by),
      `expected workers of streamK to be a finite number`,
    );
  }
  for (const by of [0, 3, 16, 0.5]) {
    refuses(sch, (s) => s.streamK("C", [2, 2], by, 2), `axis vk is 8 long, not a multiple of ${by}`);
  }
  for (const workers of [0, -1, 25, 2.5]) {
    refuses(
      sch,
      (s) => s.streamK("C", [2, 2], 2, workers),
      `it has 24 steps, so 1 to 24 workers have something to do`,
    );
  }
  const symbolic = new Schedule(matmul({ m: "m", n: 4, k: 8 }));
  refuses(
    symbolic,
    (s) => s.streamK("C", [1, 2], 2, 2),
    "axis vi is not constant long",
    "specialize the program first",
  );
  const huge = new Schedule(matmul({ m: 2 ** 10, n: 2 ** 10, k: 2 ** 10 }));
  refuses(
    huge,
    (s) => s.streamK("C", [1, 1], 1, 2),
    "it has 1073741824 steps, and up to 268435456 work; take larger ones",
  );
});
