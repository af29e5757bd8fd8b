/** The bound of each operation holds wherever its operands lie within theirs, and is not much more than that takes. */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { ERROR_BOUNDS as bound, UNIT } from "../../lib/interp/error_bounds.ts";

const u = UNIT.f32, MOST = 3.4e38;

/** Products and quotients of what is smaller have few bits in doubles. */
const normal = (x: number) => Math.abs(x) < 1e-290 ? 0 : x;

/** A number and the bound of its error, both of any magnitude, some of them zero. */
const arbTerm = fc.tuple(
  fc.double({ min: -100, max: 100, noNaN: true }).map(normal),
  fc.oneof(fc.constant(0), fc.double({ min: 0, max: 1, noNaN: true }).map(normal)),
);
const ends = ([x, e]: readonly [number, number]) => [x - e, x, x + e];

/** The largest distance from f(a, b) that operands within their bounds lead to. */
function reach(
  f: (a: number, b: number) => number,
  a: readonly [number, number],
  b: readonly [number, number],
): number {
  return Math.max(...ends(a).flatMap((x) => ends(b).map((y) => Math.abs(f(x, y) - f(a[0], b[0])))));
}

/** Checks a bound against the ends of both operands: above all of them, and above the farthest by little. */
function checkBound(
  f: (a: number, b: number) => number,
  boundOf: (a: number, ea: number, b: number, eb: number, v: number) => number,
): void {
  fc.assert(
    fc.property(arbTerm, arbTerm, (a, b) => {
      const v = f(a[0], b[0]);
      const got = boundOf(a[0], a[1], b[0], b[1], v), far = reach(f, a, b);
      const rounding = 8 * u * (Math.abs(v) + Math.abs(a[0]) + Math.abs(b[0])) + 1e-12;
      assert(got >= far - rounding, `${got} is below ${far}`);
      assert(got <= far + rounding, `${got} is far above ${far}`);
    }),
    { numRuns: 500 },
  );
}

Deno.test("sums, differences and products have the bounds of their operands' ends", () => {
  checkBound((a, b) => a + b, (a, ea, b, eb, v) => bound.sum(v, a, ea, b, eb, u, MOST));
  checkBound((a, b) => a - b, (a, ea, b, eb, v) => bound.sum(v, a, ea, b, eb, u, MOST));
  fc.assert(
    fc.property(arbTerm, arbTerm, (a, b) => {
      const far = reach((x, y) => x * y, a, b), got = bound.mul(a[0], a[1], b[0], b[1], u, MOST);
      const own = u * Math.abs(a[0] * b[0]) + 1e-12;
      // Products of small numbers have few bits in doubles.
      assert(got >= far * (1 - 1e-9) - 1e-300 && got <= far * (1 + 1e-9) + own, `${got} for ${far}`);
    }),
    { numRuns: 500 },
  );
});

Deno.test("a quotient has at least the bound of its operands' ends, and is open where it may be by zero", () => {
  fc.assert(
    fc.property(arbTerm, arbTerm, (a, b) => {
      // What is smaller overflows doubles.
      fc.pre(Math.abs(b[0]) > 1e-3);
      const got = bound.div(a[0] / b[0], a[0], a[1], b[0], b[1], u, MOST);
      if (Math.abs(b[0]) <= b[1]) return assertEquals(got, Infinity);
      const far = reach((x, y) => x / y, a, b);
      assert(got >= far * (1 - 1e-9), `${got} is below ${far}`);
    }),
    { numRuns: 500 },
  );
});

Deno.test("a minimum and a maximum have the bound of the operand that they take", () => {
  for (const f of [Math.min, Math.max]) {
    fc.assert(
      fc.property(arbTerm, arbTerm, (a, b) => {
        const v = f(a[0], b[0]), got = bound.extreme(v, a[0], a[1], b[0], b[1]);
        assert(got >= reach(f, a, b) - 1e-12);
        if (Math.abs(a[0] - b[0]) > a[1] + b[1]) assertEquals(got, v === a[0] ? a[1] : b[1]);
      }),
      { numRuns: 500 },
    );
  }
});

Deno.test("functions of one operand have at least the bound of its ends", () => {
  const functions = {
    exp: [Math.exp, (v: number, x: number, e: number) => bound.exp(v, x, e, u)],
    log: [Math.log, (v: number, x: number, e: number) => bound.log(v, x, e, u)],
    sqrt: [Math.sqrt, (v: number, x: number, e: number) => bound.sqrt(v, x, e, u)],
    rsqrt: [(x: number) => 1 / Math.sqrt(x), (v: number, x: number, e: number) => bound.rsqrt(v, x, e, u)],
    sin: [Math.sin, (_: number, x: number, e: number) => bound.wave(x, e, u)],
    tanh: [Math.tanh, (v: number, _: number, e: number) => bound.tanh(v, e, u)],
  } as const;
  for (const [name, [f, boundOf]] of Object.entries(functions)) {
    fc.assert(
      fc.property(
        fc.double({ min: 0.01, max: 20, noNaN: true }),
        fc.double({ min: 0, max: 0.9, noNaN: true }),
        (x, share) => {
          const e = share * Math.min(x, 1), got = boundOf(f(x), x, e);
          const far = Math.max(Math.abs(f(x + e) - f(x)), Math.abs(f(x - e) - f(x)));
          assert(got >= far * (1 - 1e-9), `${name}(${x} ± ${e}): ${got} is below ${far}`);
        },
      ),
      { numRuns: 300 },
    );
  }
});
