import { assert, assertThrows } from "@std/assert";
import fc from "fast-check";
import { OptionError } from "../../lib/base/error.ts";
import type { NumberArray } from "../../lib/interp/interpret.ts";
import { equalFunc } from "../../lib/ir/equal.ts";
import { verifyFunc } from "../../lib/ir/verify.ts";
import * as op from "../../lib/face/op.ts";
import * as te from "../../lib/face/te.ts";
import { gemv, matmul, quantizeQ4 } from "../../lib/face/te.ts";
import {
  ACTIVATION,
  arbActivation,
  arbDtype,
  arbGiven,
  arbSeed,
  arbSize,
  assertComputes,
  at,
  decodeQ4,
  Random,
  shapesOf,
  tensor,
  total,
} from "./reference.ts";

const arbLayout = fc.constantFrom("q4f16_1" as const, "q4f32_1" as const);

/** Options of an epilogue, half of them absent. */
const arbEpilogue = fc.record({ bias: fc.boolean(), activation: arbActivation, residual: fc.boolean() }, {
  requiredKeys: [],
});

Deno.test("matmul sums products over k, whatever the layouts, types and shapes", () => {
  const arb = fc.record({
    b: fc.option(arbGiven("b", fc.integer({ min: 1, max: 3 })), { nil: undefined }),
    m: arbGiven("m"),
    n: arbGiven("n"),
    k: arbGiven("k"),
    transposeA: fc.boolean(),
    transposeB: fc.boolean(),
    dtype: arbDtype,
  });
  fc.assert(
    fc.property(arb, arbSeed, ({ b, m, n, k, ...layout }, seed) => {
      const f = matmul({
        m: m.dim,
        n: n.dim,
        k: k.dim,
        ...layout,
        ...(b ? { batch: b.dim } : {}),
      });
      verifyFunc(f);
      const random = new Random(seed), batch = b?.value ?? 1;
      const A = random.floats(batch * m.value * k.value, layout.dtype);
      const B = random.floats(batch * k.value * n.value, layout.dtype);
      const a = (q: number, i: number, p: number) =>
        layout.transposeA ? at(A, m.value, q * k.value + p, i) : at(A, k.value, q * m.value + i, p);
      const w = (q: number, p: number, j: number) =>
        layout.transposeB ? at(B, k.value, q * n.value + j, p) : at(B, n.value, q * k.value + p, j);
      const C = tensor(
        [batch, m.value, n.value],
        (q = 0, i = 0, j = 0) => total(k.value, (p) => a(q, i, p) * w(q, p, j)),
      );
      assertComputes(f, { A, B }, { C }, shapesOf(...(b ? [b] : []), m, n, k));
    }),
    { numRuns: 60 },
  );
});

Deno.test("matmul with 4-bit weights multiplies by what they decode to", () => {
  const arb = fc.record({
    m: arbGiven("m", fc.integer({ min: 1, max: 5 })),
    n: arbGiven("n", fc.integer({ min: 1, max: 9 })),
    k: arbGiven("k", fc.constantFrom(1, 7, 8, 31, 32, 33, 64, 100)),
    b: fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }),
    weights: arbLayout,
  });
  fc.assert(
    fc.property(arb, arbSeed, ({ m, n, k, b, weights }, seed) => {
      const f = matmul({ m: m.dim, n: n.dim, k: k.dim, weights, ...(b ? { batch: b } : {}) });
      verifyFunc(f);
      const random = new Random(seed), batch = b ?? 1;
      const A = random.floats(batch * m.value * k.value, weights === "q4f16_1" ? "f16" : "f32");
      const packed = quantizeQ4(random.floats(n.value * k.value, "f32"), {
        n: n.value,
        k: k.value,
        layout: weights,
      });
      const C = tensor(
        [batch * m.value, n.value],
        (i = 0, j = 0) =>
          total(k.value, (p) => at(A, k.value, i, p) * decodeQ4(packed.W_q, packed.W_scale, k.value, j, p)),
      );
      assertComputes(f, { A, ...packed }, { C }, shapesOf(m, n, k));
    }),
    { numRuns: 40 },
  );
});

Deno.test("what follows a product is residual + activation(product + bias)", () => {
  const arb = fc.record({ m: arbSize, n: arbSize, k: arbSize, dtype: arbDtype, epilogue: arbEpilogue });
  fc.assert(
    fc.property(arb, arbDtype, arbSeed, ({ m, n, k, dtype, epilogue }, out, seed) => {
      const f = matmul({ m, n, k, dtype, out, ...epilogue });
      verifyFunc(f);
      const random = new Random(seed);
      const A = random.floats(m * k, dtype), B = random.floats(k * n, dtype);
      const bias = random.floats(n, out), residual = random.floats(m * n, out);
      const extra: Record<string, NumberArray> = {
        ...(epilogue.bias ? { bias } : {}),
        ...(epilogue.residual ? { residual } : {}),
      };
      const C = tensor([m, n], (i = 0, j = 0) => {
        const sum = total(k, (p) => at(A, k, i, p) * at(B, n, p, j)) + (epilogue.bias ? bias[j] ?? NaN : 0);
        return ACTIVATION[epilogue.activation ?? "none"](sum) +
          (epilogue.residual ? at(residual, n, i, j) : 0);
      });
      assertComputes(f, { A, B, ...extra }, { C });
    }),
    { numRuns: 60 },
  );
});

Deno.test("gemv sums products over k, for a matrix either way round", () => {
  const arb = fc.record({
    n: arbGiven("n"),
    k: arbGiven("k"),
    transposeA: fc.boolean(),
    dtype: arbDtype,
    epilogue: arbEpilogue,
  });
  fc.assert(
    fc.property(arb, arbSeed, ({ n, k, transposeA, dtype, epilogue }, seed) => {
      const f = gemv({ n: n.dim, k: k.dim, transposeA, dtype, ...epilogue });
      verifyFunc(f);
      const random = new Random(seed);
      const A = random.floats(n.value * k.value, dtype), x = random.floats(k.value, dtype);
      const bias = random.floats(n.value, dtype), residual = random.floats(n.value, dtype);
      const y = tensor([n.value], (j = 0) => {
        const sum = total(
          k.value,
          (p) => (transposeA ? at(A, n.value, p, j) : at(A, k.value, j, p)) * (x[p] ?? NaN),
        );
        const shifted = epilogue.bias ? sum + (bias[j] ?? NaN) : sum;
        return ACTIVATION[epilogue.activation ?? "none"](shifted) +
          (epilogue.residual ? residual[j] ?? NaN : 0);
      });
      const extra = { ...(epilogue.bias ? { bias } : {}), ...(epilogue.residual ? { residual } : {}) };
      assertComputes(f, { A, x, ...extra }, { y }, shapesOf(n, k));
    }),
    { numRuns: 60 },
  );
});

Deno.test("gemv with 4-bit weights multiplies by what they decode to", () => {
  const arb = fc.record({
    n: arbGiven("n"),
    k: arbGiven("k", fc.constantFrom(1, 9, 32, 33, 95, 96)),
    weights: arbLayout,
  });
  fc.assert(
    fc.property(arb, arbSeed, ({ n, k, weights }, seed) => {
      const f = gemv({ n: n.dim, k: k.dim, weights });
      verifyFunc(f);
      const random = new Random(seed);
      const x = random.floats(k.value, weights === "q4f16_1" ? "f16" : "f32");
      const packed = quantizeQ4(random.floats(n.value * k.value, "f32"), {
        n: n.value,
        k: k.value,
        layout: weights,
      });
      const y = tensor(
        [n.value],
        (j = 0) => total(k.value, (p) => decodeQ4(packed.W_q, packed.W_scale, k.value, j, p) * (x[p] ?? NaN)),
      );
      assertComputes(f, { ...packed, x }, { y }, shapesOf(n, k));
    }),
    { numRuns: 40 },
  );
});

Deno.test("linear is matmul by weights as models store them, with every option but the operands' layout", () => {
  const A = te.placeholder("A", ["m", 6]),
    W = te.placeholder("W", [5, 6]),
    bias = te.placeholder("bias", [5]);
  const made = te.primFunc("matmul", [A, W, bias, op.linear(A, W, { bias, activation: "relu" })]);
  const same = te.primFunc("matmul", [
    A,
    W,
    bias,
    op.matmul(A, W, { bias, activation: "relu", transposeB: true }),
  ]);
  assert(equalFunc(made, same), String(made));
  assertThrows(() => op.linear(A, W, { transposeB: false } as object), OptionError, "transposeB");
});
