/** Functions by polynomials, against doubles: relative errors, and special values. */
import { assert, assertEquals } from "@std/assert";
import { VectorMath } from "../../../lib/codegen/wasm/math.ts";
import { erf } from "../../../lib/base/erf.ts";
import type { MathOp } from "../../../lib/ir/expr.ts";
import { mapFloats } from "./run_body.ts";

const SPECIAL = [0, -0, 1, -1, Infinity, -Infinity, NaN, 0.5];

/** Numbers from `lo` to `hi`, in a fixed random order of sizes. */
function spread(lo: number, hi: number): Float32Array<ArrayBuffer> {
  const n = 4000;
  return Float32Array.from(
    { length: n + 8 },
    (_, k) => k < n ? lo + (hi - lo) * ((k * 0.618033988749895) % 1) : SPECIAL[k - n] as number,
  );
}

/** Each function: where it is tried, its values, and its error: relative to the larger of its size and `floor`. */
const FUNCTIONS: readonly (readonly [
  op: MathOp,
  range: readonly [number, number],
  f: (x: number) => number,
  error: number,
  floor: number,
])[] = [
  ["exp", [-80, 80], Math.exp, 1e-6, 0],
  ["exp", [-1, 1], Math.exp, 2e-7, 0],
  ["exp2", [-120, 120], (x) => 2 ** x, 5e-7, 0],
  ["log", [0, 4], Math.log, 1e-6, 1e-3],
  ["log", [0, 1e30], Math.log, 3e-7, 0],
  ["log2", [0, 4], Math.log2, 1e-6, 1e-3],
  ["sin", [-10, 10], Math.sin, 3e-7, 1],
  ["cos", [-1e5, 1e5], Math.cos, 3e-7, 1],
  ["atan", [-10, 10], Math.atan, 3e-7, 1e-3],
  ["tanh", [-10, 10], Math.tanh, 5e-7, 1e-3],
  ["erf", [-4, 4], erf, 4e-7, 1],
];

for (const relaxed of [false, true]) {
  Deno.test(`functions are right to 1e-6, ${relaxed ? "relaxed" : "strict"}`, () => {
    for (const [op, [lo, hi], f, error, floor] of FUNCTIONS) {
      const x = spread(lo, hi);
      const got = mapFloats(x.slice(), (body, local) => void new VectorMath(body, relaxed).call(op, [local]));
      x.forEach((at, k) => {
        const wanted = f(at), y = got[k] as number;
        if (Number.isNaN(wanted)) assert(Number.isNaN(y), `${op}(${at}) is ${y}, and should be no number`);
        else if (!Number.isFinite(wanted)) assertEquals(y, wanted, `${op}(${at})`);
        else {
          const near = Math.abs(y - wanted) <= error * Math.max(Math.abs(wanted), floor) + 2 ** -149;
          assert(near, `${op}(${at}) is ${y}, and should be ${wanted}`);
        }
      });
    }
  });

  Deno.test(`exponentials below 1.7e-38 are 0, ${relaxed ? "relaxed" : "strict"}`, () => {
    const x = spread(-110, -80);
    const got = mapFloats(
      x.slice(),
      (body, local) => void new VectorMath(body, relaxed).call("exp", [local]),
    );
    x.slice(0, -8).forEach((at, k) => {
      const wanted = Math.exp(at), y = got[k] as number;
      const right = Math.abs(y - wanted) <= 1e-6 * wanted || (y === 0 && wanted < 1.7e-38);
      assert(right, `exp(${at}) is ${y}, and should be ${wanted}`);
    });
  });

  Deno.test(`powers and logarithms of powers of two are exact, ${relaxed ? "relaxed" : "strict"}`, () => {
    const x = Float32Array.from({ length: 276 }, (_, k) => k - 148);
    const got = mapFloats(
      x.slice(),
      (body, local) => void new VectorMath(body, relaxed).call("exp2", [local]),
    );
    assertEquals([...got], [...x].map((k) => 2 ** k));
    const back = mapFloats(
      got.slice(),
      (body, local) => void new VectorMath(body, relaxed).call("log2", [local]),
    );
    assertEquals([...back], [...x]);
  });
}
