/** Linear layers, and what is around them. */
import type { BlockBuilder } from "../../../lib/relax/builder.ts";
import type { Shapes } from "../../../lib/ir/shapes.ts";
import type { Value } from "../../../lib/relax/value.ts";
import { type FusionCase, number, outputsOf, packed, residual, type Sizes, type Then } from "./case.ts";

type Extents = readonly (number | string)[];

function bias(b: BlockBuilder, y: Value): Value {
  return b.add(y, b.weight("bias", y.type.shape.slice(-1)));
}

/** A case of a linear layer by `n` rows of weights, f32 or in 4 bits. */
function linear(
  name: string,
  { lead, k, n, rules, shapes = {}, q4 = false }: {
    readonly lead: Extents;
    readonly k: number;
    readonly n: number;
    readonly rules: readonly string[];
    readonly shapes?: Shapes;
    readonly q4?: boolean;
  },
  then: Then,
): FusionCase {
  const make: FusionCase["make"] = (b) => {
    const x = b.input("x", [...lead, k]);
    return outputsOf(b, b.linear(x, q4 ? packed(b, n, k) : b.weight("w", [n, k])), then);
  };
  return { name, make, shapes, rules };
}

/** Linear layers at every form of leading axes. */
export function linears({ d, rows }: Sizes): readonly FusionCase[] {
  const leads: readonly (readonly [at: string, lead: Extents, rule: string, shapes?: Shapes])[] = [
    ["[1, d]", [1], "GEMV"],
    ["[1, 1, d]", [1, 1], "GEMV"],
    ["[32, d]", [rows], "Matmul"],
    ["[1, 32, d]", [1, rows], "Matmul"],
    ["[m, d]", ["m"], "Matmul", { m: rows }],
    ["[1, m, d]", [1, "m"], "Matmul", { m: rows }],
    ["[2, m, d]", [2, "m"], "Matmul", { m: rows / 2 }],
    ["[4, 1, d]", [4, 1], "Matmul"],
  ];
  return leads.flatMap(([at, lead, rule, shapes = {}]): readonly FusionCase[] => {
    const common = { lead, k: d, n: d, rules: [rule], shapes };
    return [
      linear(`q4 linear, bias ${at}`, { ...common, q4: true }, bias),
      linear(`q4 linear, residual ${at}`, { ...common, q4: true }, residual),
      linear(`linear, bias, gelu ${at}`, common, (b, y) => b.gelu(bias(b, y))),
    ];
  });
}

/** Linear layers whose results are read more than once, in another shape, or by what is no epilogue. */
export function products({ d, rows }: Sizes): readonly FusionCase[] {
  const heads = 4, matmul = { lead: [rows], k: d, n: d, rules: ["Matmul"] }, gemv = { lead: [1], k: d, n: d };
  const silu: Then = (b, y) => b.mul(y, b.sigmoid(y));
  const gated: Then = (b, y) => b.gated(y, { activation: "silu" });
  const layerNorm = (b: BlockBuilder, x: Value) => b.layerNorm(x, b.weight("g", [d]), b.weight("beta", [d]));
  const own = (name: string, rules: readonly string[], make: (b: BlockBuilder) => Value): FusionCase => ({
    name,
    rules,
    make: (b) => ({ y: make(b) }),
  });
  return [
    linear("linear, silu in parts", matmul, silu),
    linear("linear, silu in parts [1, d]", { ...gemv, rules: ["GEMV"] }, silu),
    linear("linear, bias, gelu in parts", matmul, (b, y) => {
      const z = bias(b, y);
      const e = b.add(b.erf(b.mul(z, number(b, Math.SQRT1_2))), number(b, 1));
      return b.mul(b.mul(e, number(b, 0.5)), z);
    }),
    linear("linear, two outputs", matmul, (b, y) => {
      const z = bias(b, y);
      return { z, y: b.relu(z) };
    }),
    linear("linear and its relu", matmul, (b, y) => ({ z: y, y: b.relu(y) })),
    linear("linear, heads", { ...matmul, lead: [1, rows] }, (b, y) => {
      const split = b.reshape(bias(b, y), [1, rows, heads, d / heads]);
      return b.permuteDims(split, { axes: [0, 2, 1, 3] });
    }),
    linear("linear, view of heads", matmul, (b, y) => b.reshape(y, [rows, heads, d / heads])),
    linear("linear, split in three", { ...matmul, n: 3 * d }, (b, y) => {
      const [q, k, v] = b.split(y, { sections: 3, axis: 1 }) as readonly [Value, Value, Value];
      return { q, k, v };
    }),
    own("linear of a view", ["Matmul"], (b) => {
      const rowsOf = b.reshape(b.input("x", [1, rows, d]), [rows, d]);
      return b.linear(rowsOf, b.weight("w", [d, d]));
    }),
    own("queries times keys [1, h, m, n]", ["Matmul"], (b) => {
      const q = b.input("q", [1, heads, rows, 64]), k = b.input("k", [1, heads, rows, 64]);
      return b.mul(b.matmul(q, k, { transposeB: true }), number(b, 0.125));
    }),
    linear("gate and up, silu", { ...matmul, n: 4 * d, rules: ["Matmul", "Elementwise"] }, gated),
    linear(
      "q4 gate and up, silu [1, d]",
      { ...gemv, n: 4 * d, q4: true, rules: ["GEMV", "Elementwise"] },
      gated,
    ),
    own("silu, q4 down, residual [1, d]", ["Elementwise", "GEMV"], (b) => {
      const x = b.gated(b.input("x", [1, 2 * d]), { activation: "silu" });
      return residual(b, b.linear(x, packed(b, d, d)));
    }),
    own("silu, down, residual", ["Elementwise", "Matmul"], (b) => {
      const x = b.gated(b.input("x", [rows, 2 * d]), { activation: "silu" });
      return residual(b, b.linear(x, b.weight("w", [d, d])));
    }),
    own("rms norm, linear", ["Reduction", "Matmul"], (b) => {
      return b.linear(b.rmsNorm(b.input("x", [rows, d]), b.weight("g", [d])), b.weight("w", [d, d]));
    }),
    own("layer norm, linear, gelu", ["Reduction", "Matmul"], (b) => {
      return b.gelu(b.linear(layerNorm(b, b.input("x", [rows, d])), b.weight("w", [d, d])));
    }),
    linear(
      "linear, residual, layer norm",
      { ...matmul, rules: ["Matmul", "Reduction"] },
      (b, y) => layerNorm(b, residual(b, y)),
    ),
  ];
}
