/** Norms, softmax, positions of maxima and attention, with what is around them. */
import type { BlockBuilder } from "../../../lib/relax/builder.ts";
import type { Shapes } from "../../../lib/ir/shapes.ts";
import type { Value } from "../../../lib/relax/value.ts";
import { type FusionCase, number, type Sizes } from "./case.ts";

export function rowCases({ d, rows, side, long }: Sizes): readonly FusionCase[] {
  const heads = 4;
  const own = (
    name: string,
    rules: readonly string[],
    make: (b: BlockBuilder) => Value,
    shapes: Shapes = {},
  ): FusionCase => ({ name, rules, shapes, make: (b) => ({ y: make(b) }) });
  return [
    own("rms norm [1, 1, d]", ["Reduction"], (b) => b.rmsNorm(b.input("x", [1, 1, d]), b.weight("g", [d]))),
    {
      name: "add, rms norm, two outputs",
      rules: ["Reduction"],
      make: (b) => {
        const s = b.add(b.input("x", [rows, d]), b.input("z", [rows, d]));
        return { s, y: b.rmsNorm(s, b.weight("g", [d])) };
      },
    },
    own("softmax [1, 1, n]", ["Reduction"], (b) => b.softmax(b.input("x", [1, 1, long]))),
    own("softmax [1, n, 7, 5]", ["Reduction"], (b) => b.softmax(b.input("x", [1, "n", 7, 5])), { n: 3 }),
    own("scale, mask, softmax [1, h, m, n]", ["Reduction"], (b) => {
      const x = b.mul(b.input("x", [1, heads, rows, rows]), number(b, 0.125));
      return b.softmax(b.add(x, b.input("mask", [1, 1, 1, rows])));
    }),
    own("argmax [1, 1, n]", ["Reduction"], (b) => b.argmax(b.input("x", [1, 1, long]))),
    own("temperature, argmax [1, n]", ["Elementwise", "Reduction"], (b) => {
      return b.argmax(b.div(b.input("x", [1, long]), b.input("t", [1])));
    }),
    own("attention", ["GeneralReduction"], (b) => {
      const of = (name: string) => b.input(name, ["l", 2, 32]);
      return b.attention(b.input("q", [1, 8, 32]), of("k"), of("v"));
    }, { l: 250 }),
    own("attention to gathered pages", ["Elementwise", "Elementwise", "GeneralReduction"], (b) => {
      const pages = b.input("pages", ["l"], "i32", { below: 250 });
      const of = (name: string) => b.gather(b.input(name, [250, 2, 32]), pages);
      return b.attention(b.input("q", [1, 8, 32]), of("k"), of("v"));
    }, { l: 250 }),
    own("mean over rows", ["Reduction"], (b) => b.reduceMean(b.input("x", [1, rows, d]), { axis: 1 })),
    own("global pool, linear, softmax", ["Reduction", "GEMV", "Reduction"], (b) => {
      const pooled = b.reshape(b.globalAvgPool2d(b.input("x", [1, d, side, side])), [1, d]);
      return b.softmax(b.linear(pooled, b.weight("w", [100, d])));
    }),
  ];
}
