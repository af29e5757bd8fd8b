/** Operators of onnxruntime's own set that its optimizer leaves in files. */
import type { Value } from "../../../relax/value.ts";
import type { ImportContext } from "../context.ts";
import type { Item } from "../item.ts";
import type { Inputs } from "../known_tensor.ts";
import type { OnnxNode } from "../node.ts";
import { floatInput, type Importer, type Importers, sameType } from "./operator.ts";

/** Adds an input to a value if it is given. */
function plus(c: ImportContext, x: Value, item: Item | undefined): Value {
  return item ? c.b.add(x, c.value(item)) : x;
}

/** Bends a value, to which the second input is added. */
function gelu(approximate: "none" | "tanh"): Importer {
  return (node, inputs, c) => {
    const item = floatInput(node, inputs, 0);
    return c.of(item.type, c.b.gelu(plus(c, c.value(item), inputs[1]), { approximate }));
  };
}

/** The sum of an input, a skipped one and a bias. */
function skipped(node: OnnxNode, inputs: Inputs, c: ImportContext, bias: number): readonly [Item, Value] {
  const item = floatInput(node, inputs, 0), sum = c.b.add(c.value(item), c.value(node.input(inputs, 1)));
  return [item, plus(c, sum, inputs[bias])];
}

const skipLayerNorm: Importer = (node, inputs, c) => {
  const [item, sum] = skipped(node, inputs, c, 4), scale = c.value(node.input(inputs, 2));
  const zero = () => c.b.full(scale.type.shape, 0, { dtype: sum.type.dtype });
  const bias = inputs[3] ? c.value(inputs[3]) : zero(), eps = node.float("epsilon", 1e-12);
  const made = c.of(item.type, c.b.layerNorm(sum, scale, bias, { eps }));
  return [made, undefined, undefined, c.of(item.type, sum)];
};

const skipRmsNorm: Importer = (node, inputs, c) => {
  const [item, sum] = skipped(node, inputs, c, 3), scale = c.value(node.input(inputs, 2));
  const made = c.of(item.type, c.b.rmsNorm(sum, scale, { eps: node.float("epsilon", 1e-12) }));
  return [made, undefined, undefined, c.of(item.type, sum)];
};

const fusedMatMul: Importer = (node, inputs, c) => {
  const a = node.input(inputs, 0), b = node.input(inputs, 1), type = sameType(node, [a, b]);
  if (node.flag("transBatchA", false) || node.flag("transBatchB", false)) {
    node.fail("batches as they are", "others");
  }
  const made = c.b.matmul(c.value(a), c.value(b), {
    transposeA: node.flag("transA", false),
    transposeB: node.flag("transB", false),
  });
  const alpha = node.float("alpha", 1);
  return c.of(type, alpha === 1 ? made : c.b.mul(made, c.scalar(alpha, made.type.dtype)));
};

/** Operators of the set com.microsoft. */
export const CONTRIBUTED: Importers = {
  "com.microsoft.Gelu": gelu("none"),
  "com.microsoft.BiasGelu": gelu("none"),
  "com.microsoft.FastGelu": gelu("tanh"),
  "com.microsoft.SkipLayerNormalization": skipLayerNorm,
  "com.microsoft.SkipSimplifiedLayerNormalization": skipRmsNorm,
  "com.microsoft.FusedMatMul": fusedMatMul,
};
