import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { verifyFunc } from "../../lib/ir/verify.ts";
import * as te from "../../lib/face/te.ts";
import {
  ACTIVATION,
  arbDtype,
  arbGiven,
  arbSeed,
  assertComputes,
  at,
  Random,
  shapesOf,
  tensor,
} from "./reference.ts";

/** Shapes of no dimension up to six. */
const arbShape = fc.integer({ min: 0, max: 6 })
  .chain((n) =>
    fc.tuple(...Array.from({ length: n }, (_, k) => arbGiven(`n${k}`, fc.integer({ min: 1, max: 3 }))))
  );

const UNARY = [
  ["relu", te.relu, ACTIVATION.relu],
  ["silu", te.silu, ACTIVATION.silu],
  ["gelu", te.gelu, ACTIVATION.gelu],
  [
    "gelu by tanh",
    (o: Parameters<typeof te.gelu>[0]) => te.gelu({ ...o, approximate: "tanh" }),
    ACTIVATION.gelu_tanh,
  ],
] as const;

for (const [name, build, reference] of UNARY) {
  Deno.test(`${name} takes each element by itself, whatever the shape`, () => {
    fc.assert(
      fc.property(arbShape, arbDtype, arbSeed, (shape, dtype, seed) => {
        const f = build({ shape: shape.map((d) => d.dim), dtype });
        verifyFunc(f);
        assertEquals(f.params.map((b) => b.dtype), [dtype, dtype]);
        const A = new Random(seed).floats(shape.reduce((n, d) => n * d.value, 1), dtype).map((x) => 4 * x);
        assertComputes(f, { A }, { B: Array.from(A, reference) }, shapesOf(...shape));
      }),
      { numRuns: 40 },
    );
  });
}

Deno.test("add and mul take two tensors element by element, whatever the shape", () => {
  fc.assert(
    fc.property(arbShape, arbDtype, arbSeed, (shape, dtype, seed) => {
      const random = new Random(seed), size = shape.reduce((n, d) => n * d.value, 1);
      const A = random.floats(size, dtype), B = random.floats(size, dtype);
      const options = { shape: shape.map((d) => d.dim), dtype };
      for (
        const [f, op] of [
          [te.add(options), (x: number, y: number) => x + y],
          [te.mul(options), (x: number, y: number) => x * y],
        ] as const
      ) {
        verifyFunc(f);
        const C = tensor([size], (k = 0) => op(A[k] ?? NaN, B[k] ?? NaN));
        assertComputes(f, { A, B }, { C }, shapesOf(...shape), 0);
      }
    }),
    { numRuns: 40 },
  );
});

Deno.test("activations of large arguments are the argument, or nothing", () => {
  const A = Float32Array.of(40, -40, 1e10, -1e10, 0);
  const B = Array.from(A, (x) => Math.max(x, 0));
  for (const [, build] of UNARY) assertComputes(build({ shape: [5] }), { A }, { B }, {}, 1e-14);
});

Deno.test("a gate multiplies the second half of each row by the activation of the first", () => {
  const arb = fc.record({
    rows: arbGiven("rows"),
    columns: arbGiven("columns"),
    activation: fc.constantFrom("silu" as const, "gelu" as const, "gelu_tanh" as const),
    dtype: arbDtype,
  });
  fc.assert(
    fc.property(arb, arbSeed, ({ rows, columns, activation, dtype }, seed) => {
      const f = te.gated({ rows: rows.dim, columns: columns.dim, activation, dtype });
      verifyFunc(f);
      const A = new Random(seed).floats(rows.value * 2 * columns.value, dtype);
      const C = tensor(
        [rows.value, columns.value],
        (r = 0, c = 0) =>
          ACTIVATION[activation](at(A, 2 * columns.value, r, c)) *
          at(A, 2 * columns.value, r, columns.value + c),
      );
      assertComputes(f, { A }, { C }, shapesOf(rows, columns));
    }),
    { numRuns: 40 },
  );
});
