/** The operators that benchmarks run: what they are, and what their results must be. */
import type { PrimFunc } from "../../lib/ir/func.ts";
import type { Inputs } from "../../lib/runtime/arguments.ts";
import type { TypedArray } from "../../lib/runtime/arrays.ts";
import { TunebookError } from "../../lib/ir/error.ts";
import * as te from "../../lib/te/mod.ts";

interface Product {
  readonly n: number;
  readonly k: number;
}
interface Rows {
  readonly rows: number;
  readonly columns: number;
}

/** One operator with its sizes; f32 throughout. */
export type Work =
  /** `C[m, n] = Σ_k A[m, k]·B[k, n]` */
  | { readonly kind: "matmul"; readonly m: number } & Product
  /** `y[n] = Σ_k A[n, k]·x[k]` */
  | { readonly kind: "gemv" } & Product
  /** `y[n] = Σ_k x[k]·A[k, n]` */
  | { readonly kind: "outerGemv" } & Product
  /** A·x with A in 4 bits: W_q u32[n, k/8], W_scale f32[n, k/32]; `w = (nibble - 7)·scale`. */
  | { readonly kind: "q4Gemv" } & Product
  | { readonly kind: "softmax" | "rmsNorm" | "rowSum" | "transpose" } & Rows
  | { readonly kind: "silu" | "add"; readonly elements: number };

export const OPERATORS: Readonly<Record<string, Work>> = {
  matmul_256: { kind: "matmul", m: 256, n: 256, k: 256 },
  matmul_512: { kind: "matmul", m: 512, n: 512, k: 512 },
  matmul_1024: { kind: "matmul", m: 1024, n: 1024, k: 1024 },
  gemv: { kind: "gemv", n: 4096, k: 4096 },
  outer_gemv: { kind: "outerGemv", n: 4096, k: 4096 },
  q4_gemv: { kind: "q4Gemv", n: 4096, k: 4096 },
  softmax: { kind: "softmax", rows: 64, columns: 4096 },
  rms_norm: { kind: "rmsNorm", rows: 64, columns: 4096 },
  row_sum: { kind: "rowSum", rows: 1024, columns: 4096 },
  transpose: { kind: "transpose", rows: 2048, columns: 2048 },
  silu: { kind: "silu", elements: 2 ** 22 },
  add: { kind: "add", elements: 2 ** 22 },
};

/**
 * The operators of these names; all of them where none is named.
 *
 * @throws {TunebookError} for a name that is not in the table
 */
export function pick(names: readonly string[]): readonly (readonly [name: string, work: Work])[] {
  const unknown = names.find((name) => !Object.hasOwn(OPERATORS, name));
  if (unknown !== undefined) {
    throw new TunebookError(`no operator ${unknown}: there are ${Object.keys(OPERATORS).join(", ")}`);
  }
  return Object.entries(OPERATORS).filter(([name]) => names.length === 0 || names.includes(name));
}

export function programOf(work: Work): PrimFunc {
  switch (work.kind) {
    case "matmul":
      return te.matmul(work);
    case "gemv":
      return te.gemv(work);
    case "outerGemv":
      return te.gemv({ n: work.n, k: work.k, transposeA: true });
    case "q4Gemv":
      return te.gemv({ n: work.n, k: work.k, weights: "q4f32_1" });
    case "softmax":
      return te.softmax(work);
    case "rmsNorm":
      return te.rmsNorm({ ...work, eps: EPS });
    case "rowSum":
      return te.reduceSum(work);
    case "transpose":
      return te.transpose(work);
    case "silu":
      return te.silu({ shape: [work.elements] });
    case "add":
      return te.add({ shape: [work.elements] });
    default:
      return work satisfies never;
  }
}

/** What RMS norms add to the mean square. */
export const EPS = 1e-5;

/** What products are compared in: matrix products by their arithmetic, all else by what it moves. */
export function unitOf(work: Work): "GFLOP/s" | "GB/s" {
  return work.kind === "matmul" ? "GFLOP/s" : "GB/s";
}

/** The result in float64, by the plainest loops; it owes nothing to the compiler that is measured. */
export function expected(work: Work, inputs: Inputs): Float64Array {
  const input = (name: string): TypedArray => inputs[name] as TypedArray;
  switch (work.kind) {
    case "matmul":
      return product(input("A"), input("B"), work.m, work.n, work.k);
    case "gemv":
      return product(input("A"), input("x"), work.n, 1, work.k);
    case "outerGemv":
      return product(input("x"), input("A"), 1, work.n, work.k);
    case "q4Gemv":
      return product(decoded(input("W_q"), input("W_scale")), input("x"), work.n, 1, work.k);
    case "softmax":
      return byRow(work, input("A"), (row) => {
        const largest = row.reduce((p, x) => Math.max(p, x), -Infinity);
        const powers = row.map((x) => Math.exp(x - largest));
        const total = powers.reduce((p, x) => p + x, 0);
        return powers.map((x) => x / total);
      });
    case "rmsNorm":
      return byRow(work, input("A"), (row) => {
        const mean = row.reduce((p, x) => p + x * x, 0) / row.length;
        return row.map((x, c) => x / Math.sqrt(mean + EPS) * (input("weight")[c] as number));
      });
    case "rowSum":
      return byRow(work, input("A"), (row) => Float64Array.of(row.reduce((p, x) => p + x, 0)));
    case "transpose": {
      const { rows, columns } = work, A = input("A");
      return new Float64Array(A.length).map((_, at) =>
        A[(at % rows) * columns + Math.floor(at / rows)] as number
      );
    }
    case "silu":
      return Float64Array.from(input("A"), (x) => x / (1 + Math.exp(-x)));
    case "add":
      return Float64Array.from(input("A"), (x, at) => x + (input("B")[at] as number));
    default:
      return work satisfies never;
  }
}

function product(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  m: number,
  n: number,
  k: number,
): Float64Array {
  const c = new Float64Array(m * n);
  for (let i = 0; i < m; i++) {
    for (let l = 0; l < k; l++) {
      const x = a[i * k + l] as number;
      for (let j = 0; j < n; j++) c[i * n + j] = (c[i * n + j] as number) + x * (b[l * n + j] as number);
    }
  }
  return c;
}

function decoded(words: TypedArray, scales: TypedArray): Float64Array {
  return new Float64Array(words.length * 8).map((_, at) => {
    const nibble = ((words[at >> 3] as number) >>> (4 * (at & 7))) & 15;
    return (nibble - 7) * (scales[at >> 5] as number);
  });
}

function byRow({ rows, columns }: Rows, A: TypedArray, f: (row: Float64Array) => Float64Array): Float64Array {
  const results = Array.from(
    { length: rows },
    (_, r) => f(Float64Array.from(A.subarray(r * columns, (r + 1) * columns))),
  );
  const all = new Float64Array(results.reduce((n, row) => n + row.length, 0));
  results.forEach((row, r) => all.set(row, r * row.length));
  return all;
}
