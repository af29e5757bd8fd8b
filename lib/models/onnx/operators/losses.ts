/** Losses of classes. */
import type { Expr } from "../../../ir/expr.ts";
import type { Value } from "../../../relax/value.ts";
import type { ImportContext } from "../context.ts";
import type { Item } from "../item.ts";
import type { OnnxNode } from "../node.ts";
import { floatInput, type Importer, type Importers } from "./operator.ts";
import { logSoftmax, reduced } from "./reductions.ts";

/** The loss of logarithms of probabilities [n, c, …], given the classes [n, …]. */
function logLikelihood(
  node: OnnxNode,
  c: ImportContext,
  x: Value,
  classes: Item,
  weight: Item | undefined,
): Value {
  const kind = node.oneOf("reduction", ["none", "mean", "sum"], "mean"), ignores = node.has("ignore_index");
  const { dtype } = x.type, target = c.as(c.value(classes), "i32"), count = x.type.shape[1] as Expr;
  const ignored = ignores ? c.b.equal(target, c.scalar(node.int("ignore_index", 0), "i32")) : undefined;
  const safe = ignored ? c.b.where(ignored, c.scalar(0, "i32"), target) : target;
  const picked = c.b.squeeze(c.b.gatherElements(x, c.b.expandDims(safe, { axis: 1 }), { axis: 1 }), {
    axis: 1,
  });
  const given = weight && c.b.gather(c.as(c.value(weight), dtype), safe, { axis: 0 });
  if (
    weight && weight.shape[0]?.kind === "const" && count.kind === "const" &&
    weight.shape[0].value !== count.value
  ) {
    node.fail(`${count.value} weights`, `${weight.shape[0].value}`);
  }
  const zero = c.scalar(0, dtype), one = c.scalar(1, dtype);
  const share = ignored ? c.b.where(ignored, zero, given ?? one) : given;
  const loss = c.b.neg(share ? c.b.mul(picked, share) : picked);
  const all = (v: Value) => reduced(c, "Sum", v, v.type.shape.map((_, d) => d), false);
  if (kind === "none") return loss;
  if (kind === "sum") return all(loss);
  if (!share) return reduced(c, "Mean", loss, loss.type.shape.map((_, d) => d), false);
  return c.b.div(all(loss), all(share));
}

const negativeLogLikelihood: Importer = (node, inputs, c) => {
  const item = floatInput(node, inputs, 0);
  return c.of(item.type, logLikelihood(node, c, c.value(item), node.input(inputs, 1), inputs[2]));
};

const softmaxCrossEntropy: Importer = (node, inputs, c) => {
  const item = floatInput(node, inputs, 0), log = logSoftmax(c, c.value(item), 1);
  return [
    c.of(item.type, logLikelihood(node, c, log, node.input(inputs, 1), inputs[2])),
    c.of(item.type, log),
  ];
};

/** Losses. */
export const LOSSES: Importers = {
  NegativeLogLikelihoodLoss: negativeLogLikelihood,
  SoftmaxCrossEntropyLoss: softmaxCrossEntropy,
};
