/** Products of packed bytes, held against sums over the bytes themselves. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import type { NumberArray } from "../../lib/interp/interpret.ts";
import { verifyFunc } from "../../lib/ir/verify.ts";
import { gemv, matmul, quantizeI8, TeError } from "../../lib/face/te.ts";
import {
  ACTIVATION,
  arbActivation,
  arbDtype,
  arbGiven,
  arbSeed,
  arbSize,
  assertComputes,
  at,
  Random,
  shapesOf,
  tensor,
  total,
} from "./reference.ts";

const words = (bytes: Int8Array) => new Uint32Array(bytes.buffer);
const randomBytes = (random: Random, size: number) => new Int8Array(size).map(() => random.next());
/** Multiples of four. */
const arbBytes = fc.integer({ min: 1, max: 12 }).map((k) => 4 * k);

Deno.test("matmul of i8 sums products of the bytes over k", () => {
  const arb = fc.record({
    b: fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }),
    m: arbGiven("m"),
    n: arbGiven("n"),
    k: arbBytes,
  });
  fc.assert(
    fc.property(arb, arbSeed, ({ b, m, n, k }, seed) => {
      const f = matmul({ m: m.dim, n: n.dim, k, dtype: "i8", ...(b ? { batch: b } : {}) });
      verifyFunc(f);
      const random = new Random(seed), batch = b ?? 1;
      const A = randomBytes(random, batch * m.value * k), B = randomBytes(random, batch * n.value * k);
      const C = tensor(
        [batch, m.value, n.value],
        (q = 0, i = 0, j = 0) => total(k, (p) => at(A, k, q * m.value + i, p) * at(B, k, q * n.value + j, p)),
      );
      assertComputes(f, { A: words(A), B: words(B) }, { C }, shapesOf(m, n), 0);
    }),
    { numRuns: 60 },
  );
});

Deno.test("scaled products of i8 are residual + activation(A_scale·B_scale·sum + bias)", () => {
  const arb = fc.record({
    b: fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }),
    m: arbSize,
    n: arbSize,
    k: arbBytes,
    out: arbDtype,
    epilogue: fc.record({ bias: fc.boolean(), activation: arbActivation, residual: fc.boolean() }, {
      requiredKeys: [],
    }),
  });
  fc.assert(
    fc.property(arb, arbSeed, ({ b, m, n, k, out, epilogue }, seed) => {
      const f = matmul({ m, n, k, dtype: "i8", out, ...epilogue, ...(b ? { batch: b } : {}) });
      verifyFunc(f);
      const random = new Random(seed), batch = b ?? 1;
      const A = randomBytes(random, batch * m * k), B = randomBytes(random, batch * n * k);
      const A_scale = random.floats(batch * m, "f32").map((x) => x / 1000);
      const B_scale = random.floats(batch * n, "f32").map((x) => x / 10);
      const bias = random.floats(n, out), residual = random.floats(batch * m * n, out);
      const extra: Record<string, NumberArray> = {
        ...(epilogue.bias ? { bias } : {}),
        ...(epilogue.residual ? { residual } : {}),
      };
      const C = tensor([batch, m, n], (q = 0, i = 0, j = 0) => {
        const sum = total(k, (p) => at(A, k, q * m + i, p) * at(B, k, q * n + j, p));
        const number = sum * at(A_scale, m, q, i) * at(B_scale, n, q, j) +
          (epilogue.bias ? bias[j] ?? NaN : 0);
        return ACTIVATION[epilogue.activation ?? "none"](number) +
          (epilogue.residual ? at(residual, n, q * m + i, j) : 0);
      });
      assertComputes(f, { A: words(A), B: words(B), A_scale, B_scale, ...extra }, { C });
    }),
    { numRuns: 60 },
  );
});

Deno.test("gemv of i8 sums products of the bytes over k, as they are or scaled", () => {
  fc.assert(
    fc.property(arbGiven("n"), arbBytes, fc.boolean(), arbSeed, (n, k, scaled, seed) => {
      const f = gemv({ n: n.dim, k, dtype: "i8", ...(scaled ? { out: "f32" as const, bias: true } : {}) });
      verifyFunc(f);
      const random = new Random(seed);
      const A = randomBytes(random, n.value * k), x = randomBytes(random, k);
      const A_scale = random.floats(n.value, "f32"), x_scale = random.floats(1, "f32");
      const bias = random.floats(n.value, "f32");
      const y = tensor([n.value], (j = 0) => {
        const sum = total(k, (p) => at(A, k, j, p) * (x[p] ?? NaN));
        return scaled ? sum * (A_scale[j] ?? NaN) * (x_scale[0] ?? NaN) + (bias[j] ?? NaN) : sum;
      });
      const more = scaled ? { A_scale, x_scale, bias } : {};
      assertComputes(f, { A: words(A), x: words(x), ...more }, { y }, shapesOf(n));
    }),
    { numRuns: 60 },
  );
});

Deno.test("rows are quantized to within half a step, their largest element exactly", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 9 }), arbBytes, arbSeed, (rows, columns, seed) => {
      const values = new Random(seed).floats(rows * columns, "f32");
      values.fill(0, 0, columns);
      const { q, scale } = quantizeI8(values, { rows, columns });
      assertEquals([q.length, scale.length], [rows * columns / 4, rows]);
      const bytes = new Int8Array(q.buffer);
      for (let r = 0; r < rows; r++) {
        const of = [...bytes.subarray(r * columns, (r + 1) * columns)], step = scale[r] ?? NaN;
        assertEquals(Math.max(...of.map(Math.abs)), r === 0 ? 0 : 127);
        of.forEach((b, c) => assert(Math.abs(b * step - at(values, columns, r, c)) <= 0.5001 * step));
      }
    }),
  );
  const least = quantizeI8(new Float32Array([1e-45, 0, -1e-45, 0]), { rows: 1, columns: 4 });
  assertEquals([[...least.q], [...least.scale]], [[0], [0]]);
});

Deno.test("what does not go with bytes is refused", () => {
  const of = { m: 4, n: 4, k: 8, dtype: "i8" } as const;
  const refused = (build: () => unknown, message: string) => assertThrows(build, TeError, message);
  for (const k of [1, 6, 31]) {
    refused(
      () => matmul({ ...of, k }),
      `expected k of matmul of i8 to be a number that 4 divides, because 4 bytes share a word, got ${k};`,
    );
    refused(
      () => gemv({ n: 4, k, dtype: "i8" }),
      `expected k of gemv of i8 to be a number that 4 divides, because 4 bytes share a word, got ${k};`,
    );
  }
  refused(() => matmul({ ...of, k: "k" }), `because 4 bytes share a word, got "k"; pad both operands`);
  refused(
    () => matmul({ ...of, transposeA: true }),
    "expected no transposeA in matmul of i8: the bytes of",
  );
  refused(
    () => matmul({ ...of, transposeB: false }),
    "expected no transposeB = false in matmul of i8: the",
  );
  refused(
    () => matmul({ ...of, weights: "q4f32_1" }),
    "expected no dtype = i8 beside weights = q4f32_1 in matmul: 4-bit weights are decoded",
  );
  refused(
    () => matmul({ ...of, bias: true }),
    "expected no epilogue in matmul of i8: it is computed in f32",
  );
  refused(() => gemv({ n: 4, k: 8, dtype: "i8", activation: "relu" }), "use out = f32 or f16");
  refused(
    () => gemv({ n: 4, k: 4, transposeA: true, dtype: "i8" }),
    "expected no transposeA in gemv of i8",
  );
  refused(() => gemv({ n: 4, k: 4, out: "i32" }), "expected no out = i32 in gemv of floats: only sums of i8");
  const values = new Float32Array(12);
  refused(
    () => quantizeI8(values, { rows: 2, columns: 4 }),
    "expected 8 values, got 12, for 2 x 4 bytes, in quantizeI8",
  );
  refused(() => quantizeI8(values, { rows: 2, columns: 6 }), "pad rows with zeros to a multiple of 4");
  refused(
    () => quantizeI8(values.fill(NaN), { rows: 3, columns: 4 }),
    "expected finite values, got one that isn't in row 0",
  );
});
