/** Functions that take each element by itself, or move elements. */
import type { BlockBuilder } from "../../../lib/relax/builder.ts";
import type { Shapes } from "../../../lib/ir/shapes.ts";
import type { Value } from "../../../lib/relax/value.ts";
import { type FusionCase, number, packed, type Sizes } from "./case.ts";

export function maps({ d, long }: Sizes): readonly FusionCase[] {
  const own = (
    name: string,
    rules: readonly string[],
    make: (b: BlockBuilder) => Value,
    shapes: Shapes = {},
  ): FusionCase => ({ name, rules, shapes, make: (b) => ({ y: make(b) }) });
  const sum = (count: number, of: "input" | "weight"): FusionCase =>
    own(`sum of ${count} ${of}s`, ["Elementwise"], (b) => {
      const all = Array.from({ length: count }, (_, k) => b[of](`x${k}`, [long]));
      return all.reduce((s, x) => b.add(s, x));
    });
  return [
    own("transpose, add", ["Transpose", "Elementwise"], (b) => {
      return b.add(b.permuteDims(b.input("x", [d, 48]), { axes: [1, 0] }), b.input("z", [48, d]));
    }),
    own("heads transposed, scale", ["Elementwise"], (b) => {
      return b.mul(b.permuteDims(b.input("x", [1, 16, 8, d]), { axes: [0, 2, 1, 3] }), number(b, 0.5));
    }),
    own("transpose, reshape", ["Transpose", "Elementwise"], (b) => {
      return b.reshape(b.permuteDims(b.input("x", [2, d, 48]), { axes: [0, 2, 1] }), [96, d]);
    }),
    {
      name: "sum and its square",
      rules: ["Elementwise"],
      make: (b) => {
        const s = b.add(b.input("x", [long]), b.input("z", [long]));
        return { s, q: b.mul(s, s) };
      },
    },
    own("broadcasts, sigmoid", ["Elementwise"], (b) => {
      return b.sigmoid(b.add(b.input("x", [24, 1]), b.input("z", [d])));
    }),
    own("concat of three", ["Elementwise"], (b) => {
      const [x, z, v] = [["x", d], ["z", 32], ["v", 32]].map(([name, n]) =>
        b.input(name as string, [24, n as number])
      ) as [Value, Value, Value];
      return b.concat([x, z, v], { axis: 1 });
    }),
    own("embedding of q4 rows [1, m, d]", ["Elementwise"], (b) => {
      return b.embedding(packed(b, 48, d), b.input("ids", [1, "m"], "i32", { below: 48 }));
    }, { m: 5 }),
    own("a chain that is read twice, 8 times", ["Elementwise"], (b) => {
      let t = b.input("x", [long]);
      for (let k = 0; k < 8; k++) t = b.mul(b.add(t, number(b, 0.5)), t);
      return t;
    }),
    sum(7, "input"),
    sum(20, "weight"),
  ];
}
