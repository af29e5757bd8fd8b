/** Resizing against ONNX's formulas in doubles. */
import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { interpret } from "../../lib/interp/interpret.ts";
import * as op from "../../lib/face/op.ts";
import * as te from "../../lib/face/te.ts";
import { assertResults, type Drawn, drawn, shown } from "./drawn.ts";
import { tensor } from "./reference.ts";

interface Along {
  readonly from: number;
  readonly to: number;
  /** The scale, as a fraction. */
  readonly up: number;
  readonly down: number;
}

/** The position in the original; one division, so that ties are exact. */
const POSITION: Readonly<Record<op.Coordinates, (i: number, a: Along) => number>> = {
  halfPixel: (i, { up, down }) => ((2 * i + 1) * down - up) / (2 * up),
  pytorchHalfPixel: (i, { to, up, down }) => to > 1 ? ((2 * i + 1) * down - up) / (2 * up) : 0,
  asymmetric: (i, { up, down }) => i * down / up,
  alignCorners: (i, { from, to }) => to === 1 ? 0 : i * (from - 1) / (to - 1),
};
const ROUNDING: Readonly<Record<op.Rounding, (x: number) => number>> = {
  roundPreferFloor: (x) => Math.ceil(x - 0.5),
  roundPreferCeil: (x) => Math.floor(x + 0.5),
  floor: Math.floor,
  ceil: Math.ceil,
};
/** Keys' cubic convolution. */
function keys(distance: number, a: number): number {
  const x = Math.abs(distance);
  if (x <= 1) return (a + 2) * x ** 3 - (a + 3) * x ** 2 + 1;
  return x < 2 ? a * x ** 3 - 5 * a * x ** 2 + 8 * a * x - 4 * a : 0;
}

function weights(
  o: op.ResizeOptions,
  i: number,
  along: Along,
): readonly (readonly [index: number, weight: number])[] {
  const x = POSITION[o.coordinates ?? "halfPixel"](i, along), first = Math.floor(x);
  const all = o.mode === "linear"
    ? [[first, 1 - (x - first)], [first + 1, x - first]] as const
    : o.mode === "cubic"
    ? [-1, 0, 1, 2].map((k) => [first + k, keys(x - first - k, o.cubicCoefficient ?? -0.75)] as const)
    : [[ROUNDING[o.rounding ?? "roundPreferFloor"](x), 1]] as const;
  return all.map(([k, w]) => [Math.min(along.from - 1, Math.max(0, k)), w]);
}

/** Images [n, c, h, w] with two dimensions resized. */
function resized(A: Drawn, o: op.ResizeOptions, rows: Along, columns: Along): readonly number[] {
  return tensor([A.shape[0] ?? 0, A.shape[1] ?? 0, rows.to, columns.to], (n = 0, c = 0, y = 0, x = 0) => {
    let sum = 0;
    for (const [i, v] of weights(o, y, rows)) {
      for (const [j, w] of weights(o, x, columns)) sum += v * w * A.at(n, c, i, j);
    }
    return sum;
  });
}
const bySize = (from: number, to: number): Along => ({ from, to, up: to, down: from });
const COORDINATES = Object.keys(POSITION) as op.Coordinates[],
  ROUNDINGS = Object.keys(ROUNDING) as op.Rounding[];
const MODES = ["nearest", "linear", "cubic"] as const;

Deno.test("resize follows ONNX in all modes, coordinates and roundings", async () => {
  const size = fc.integer({ min: 1, max: 9 });
  const arb = fc.record({
    from: fc.tuple(size, size),
    to: fc.tuple(size, size),
    mode: fc.constantFrom(...MODES),
    coordinates: fc.constantFrom(...COORDINATES),
    rounding: fc.constantFrom(...ROUNDINGS),
    symbolic: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(arb, async ({ from, to, symbolic, ...o }) => {
      const shapes = { h: from[0], w: from[1], y: to[0], x: to[1] };
      const A = drawn("A", [2, 2, ...symbolic ? ["h", "w"] : from], { shapes });
      const B = op.resize(A.tensor, { ...o, sizes: symbolic ? ["y", to[1]] : to });
      const wanted = resized(A, o, bySize(from[0], to[0]), bySize(from[1], to[1]));
      await assertResults([A], [B], [wanted], { shapes, everywhere: false });
    }),
    { numRuns: 200 },
  );
});

Deno.test("resize is right everywhere, in f16 and of integers too", async () => {
  const shapes = { n: 2, h: 5 }, same = { from: 4, to: 4, up: 1, down: 1 };
  for (const [k, mode] of MODES.entries()) {
    for (const [q, coordinates] of COORDINATES.entries()) {
      const dtype = q % 2 ? mode === "nearest" ? "i32" : "f16" : "f32",
        rounding = ROUNDINGS[(q + k) % 4] ?? "floor";
      const A = drawn("A", ["n", 1, "h", 4], { shapes, dtype }), o = { mode, coordinates, rounding };
      // Sixteen elements each make large kernels, so cubic goes along one dimension.
      const B = op.resize(
        A.tensor,
        mode === "cubic" ? { ...o, axes: 2, sizes: [8] } : { ...o, sizes: [8, 3] },
      );
      assertEquals(shown(B), `${dtype}[n, 1, 8, ${mode === "cubic" ? 4 : 3}]`);
      const wanted = resized(A, o, bySize(5, 8), mode === "cubic" ? same : bySize(4, 3));
      await assertResults([A], [B], [wanted], {
        shapes,
        everywhere: mode !== "cubic" || q < 2,
        tolerance: dtype === "f16" ? 4e-3 : 3e-5,
        exact: 1e-6,
      });
    }
  }
});

Deno.test("scales round extents down, and positions go by the scale itself", async () => {
  const cases = [[2, 2, 1], [0.5, 1, 2], [1.5, 3, 2], [Math.fround(0.6), 3, 5], [1 / 3, 1, 3]] as const;
  for (const [scale, up, down] of cases) {
    for (const symbolic of [false, true]) {
      const shapes = { h: 7 }, A = drawn("A", [1, 2, symbolic ? "h" : 7, 6], { shapes });
      const rows = { from: 7, to: Math.floor(7 * up / down), up, down };
      for (const o of [{ mode: "linear" }, { coordinates: "asymmetric", rounding: "floor" }] as const) {
        const B = op.resize(A.tensor, { ...o, scales: [scale, 1] });
        const wanted = resized(A, o, rows, { from: 6, to: 6, up: 1, down: 1 });
        await assertResults([A], [B], [wanted], { shapes, everywhere: false });
      }
    }
  }
  const S = te.placeholder("S", [1, 1, "h"]);
  const f = te.primFunc("f", [S, op.resize(S, { scales: [0.25] })]);
  assertThrows(
    () => interpret(f, { S: new Float32Array(3) }, { shapes: { h: 3 } }),
    Error,
    "because resize leaves an element",
  );
});

Deno.test("any dimensions are resized", async () => {
  const A = drawn("A", [3, 4]);
  const wanted = tensor([3, 8], (i = 0, j = 0) => A.at(i, Math.floor(j / 2)));
  await assertResults([A], [op.resize(A.tensor, { axes: -1, scales: [2] })], [wanted], { everywhere: false });
});

Deno.test("resizes that don't fit are refused", () => {
  const A = te.placeholder("A", [1, 2, 4, 4]), I = te.placeholder("I", [1, 2, 4], "i32");
  const refused: readonly (readonly [() => te.Tensor, string])[] = [
    [() => op.resize(A, {}), "expected either sizes or scales, got neither, in resize"],
    [
      () => op.resize(A, { sizes: [1, 2], scales: [1, 2] }),
      "expected either sizes or scales, got both, in resize",
    ],
    [() => op.resize(A, { sizes: [1] }), "expected 2 sizes, one for each axis, got 1, in resize"],
    [
      () => op.resize(I, { sizes: [3], mode: "linear" }),
      "expected A of f32 or f16, got i32, in resize; cast it",
    ],
    [
      () => op.resize(A, { scales: [1, 0.1] }),
      "expected a scale that leaves an element, got 0.1 of 4, in resize",
    ],
    [
      () => op.resize(A, { scales: [1, Math.PI / 3001] }),
      "expected a scale that is a fraction with a denominator",
    ],
    [() => op.resize(A, { sizes: [2 ** 30 - 1, 3] }), "expected extents whose positions are below 2^31"],
    [
      () => op.resize(A, { axes: [4], scales: [2] }),
      "expected axis from -4 to 3 for A of shape [1, 2, 4, 4], got 4",
    ],
  ];
  for (const [build, says] of refused) assertThrows(build, te.TeError, says);
});
