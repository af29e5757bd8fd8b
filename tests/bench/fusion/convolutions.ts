/** Convolutions, and what is around them. */
import type { BlockBuilder } from "../../../lib/relax/builder.ts";
import type { Value } from "../../../lib/relax/value.ts";
import { type FusionCase, number, outputsOf, residual, type Sizes, type Then } from "./case.ts";

/** Convolutions of padded images with 3 x 3 weights. */
export function convolutions({ channels: c, side }: Sizes): readonly FusionCase[] {
  const shape = [1, c, side, side];
  const conv = (name: string, then: Then, rules = ["Conv2d"], groups = 1): FusionCase => ({
    name,
    rules,
    make: (b) => {
      const w = b.weight("w", [c, c / groups, 3, 3]);
      return outputsOf(b, b.conv2d(b.input("x", shape), w, { padding: 1, groups }), then);
    },
  });
  const shifted = (b: BlockBuilder, y: Value) => b.add(y, b.weight("shift", [c, 1, 1]));
  const scaled = (b: BlockBuilder, y: Value) => b.mul(y, b.weight("scale", [c, 1, 1]));
  /** A batch norm whose parameters come with each run, so that no pass folds them into the weights. */
  const norm = (b: BlockBuilder, y: Value) => {
    const [weight, beta, mean, variance] = ["gamma", "beta", "mean", "variance"].map((name) =>
      b.input(name, [c])
    ) as [Value, Value, Value, Value];
    return b.batchNorm(y, weight, beta, { mean, variance: b.mul(variance, variance) });
  };
  const onto = (name: string, rules: readonly string[], image: (b: BlockBuilder) => Value): FusionCase => ({
    name,
    rules,
    make: (b) => ({ y: b.conv2d(image(b), b.weight("w", [c, c, 3, 3]), { padding: 1 }) }),
  });
  return [
    conv("conv, scale, shift, relu6", (b, y) => b.clip(shifted(b, scaled(b, y)), { min: 0, max: 6 })),
    conv("conv, shift, relu", (b, y) => b.relu(shifted(b, y))),
    conv("depthwise conv, shift, relu", (b, y) => b.relu(shifted(b, y)), ["Conv2d"], c),
    conv("conv, hardswish", (b, y) => b.hardSwish(y)),
    conv("conv, hardswish in parts", (b, y) => {
      const gate = b.clip(b.add(y, number(b, 3)), { min: 0, max: 6 });
      return b.mul(y, b.mul(gate, number(b, 1 / 6)));
    }),
    conv("conv, batch norm, relu", (b, y) => b.relu(norm(b, y))),
    conv("conv, batch norm, swish", (b, y) => {
      const z = norm(b, y);
      return b.mul(z, b.sigmoid(z));
    }),
    conv("conv, shift, residual, relu", (b, y) => b.relu(residual(b, shifted(b, y)))),
    conv("conv, two outputs", (b, y) => {
      const z = shifted(b, y);
      return { z, y: b.relu(z) };
    }),
    conv("conv, to NHWC", (b, y) => b.permuteDims(y, { axes: [0, 2, 3, 1] })),
    conv("conv, reshape", (b, y) => b.reshape(y, [1, c * side * side])),
    conv("conv, relu, pool", (b, y) => b.maxPool2d(b.relu(y), { kernel: 2, stride: 2 }), ["Conv2d", "Pool"]),
    conv("conv, gate of channels", (b, y) => b.mul(y, b.sigmoid(b.input("gate", [1, c, 1, 1])))),
    onto("resize, conv", ["Conv2d"], (b) => {
      return b.resize(b.input("x", [1, c, side / 2, side / 2]), { scales: [2, 2], mode: "nearest" });
    }),
    onto("concat, conv", ["Elementwise", "Conv2d"], (b) => {
      const half = [1, c / 2, side, side];
      return b.concat([b.input("x", half), b.input("z", half)], { axis: 1 });
    }),
  ];
}
