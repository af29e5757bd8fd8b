import { GraphRewriter, usesIn } from "../rewrite_graph.ts";
import { type Argument, argumentOf } from "../form.ts";
import type { Graph } from "../graph.ts";
import { type Form, isOptions, type OpCall, type Value } from "../value.ts";
import { updatedValues } from "../updates.ts";
import { weightValues } from "../weight_values.ts";

/**
 * Folds batch norms into the convolutions before them, whose filters and bias are then computed once:
 * `(conv(x, w) - mean)·s + bias = conv(x, w·s) + (bias - mean·s)` with `s = weight / sqrt(variance + eps)`.
 *
 *     lv0 = R.nn.conv2d(x, w)                            lv = …   (of weights only)
 *     lv1 = R.nn.batch_norm(lv0, g, b, m, v)      →      lv1 = R.nn.conv2d(x, lv_5, bias=lv_7)
 */
export function foldBatchNorm(g: Graph): Graph {
  const rewriter = new GraphRewriter(g), updated = updatedValues(g);
  const uses = usesIn(g), known = weightValues(g);
  const convs = new Map<Value, OpCall>(), folds = new Map<Value, OpCall>();
  for (const { call, results } of g.bindings) {
    const [v] = results as [Value];
    if (call.kind !== "op") continue;
    // The convolution moves to where its norm is.
    const isFixed = [...call.args, v].every((x) => !updated.has(x));
    if (call.op === "conv2d" && isFixed && isFoldable(call, uses.get(v) === 1, known)) convs.set(v, call);
    const from = call.args[0], conv = from && convs.get(from);
    if (conv && call.op === "batchNorm" && fits(call, conv, known)) {
      folds.set(v, conv).set(from as Value, conv);
    }
  }
  for (const binding of g.bindings) {
    const { call, results } = binding, [v] = results as [Value], conv = folds.get(v);
    if (!conv || call.kind === "tir") rewriter.keep(binding);
    else if (call.op === "batchNorm") folded(rewriter, v, rewriter.updated(call), rewriter.updated(conv));
  }
  return rewriter.finish();
}

/** Whether a convolution's filters and bias are weights, and a single call uses its bare sums. */
function isFoldable({ args, form }: OpCall, usedOnce: boolean, known: ReadonlySet<Value>): boolean {
  const options = form[2], has = (name: string) => isOptions(options) && options[name] !== undefined;
  return usedOnce && args.slice(1).every((w) => known.has(w)) && !has("residual") &&
    (!has("activation") || (options as { readonly activation: Form }).activation === "none");
}

/** Whether a batch norm is one of a convolution's channels, with known statistics. */
function fits(norm: OpCall, conv: OpCall, known: ReadonlySet<Value>): boolean {
  const channel = layoutOf(conv) === "NCHW" ? 1 : 3, { options } = partsOf(norm);
  const axis = typeof options.axis === "number" ? (options.axis + 4) % 4 : 1;
  return norm.args.slice(1).every((v) => known.has(v)) && axis === channel;
}

function layoutOf({ form }: OpCall): "NCHW" | "NHWC" {
  const options = form[2];
  return isOptions(options) && options.layout === "NHWC" ? "NHWC" : "NCHW";
}

interface Parts {
  readonly weight: Value;
  readonly bias: Value;
  readonly mean: Value;
  readonly variance: Value;
  readonly options: { readonly [name: string]: Form };
}

function partsOf({ form, args }: OpCall): Parts {
  const [, weight, bias, statistics] = form.map((f) => argumentOf(f, args));
  const { mean, variance } = statistics as { readonly mean: Value; readonly variance: Value };
  const options = form[4];
  return {
    weight: weight as Value,
    bias: bias as Value,
    mean,
    variance,
    options: isOptions(options) ? options : {},
  };
}

function folded(rewriter: GraphRewriter, v: Value, norm: OpCall, conv: OpCall): void {
  const { weight, bias, mean, variance, options } = partsOf(norm);
  const eps = typeof options.eps === "number" ? options.eps : 1e-5;
  const f32 = (x: Value) => x.type.dtype === "f32" ? x : rewriter.op("cast", x, "f32");
  const offset = rewriter.constant("eps", new Float32Array([eps]), [1]);
  const root = rewriter.op("sqrt", rewriter.op("add", f32(variance), offset));
  const scale = rewriter.op("div", f32(weight), root);
  const [A, W, given = {}] = conv.form.map((f) => argumentOf(f, conv.args)) as [
    Value,
    Value,
    Record<string, Argument>?,
  ];
  const filters = W.type.shape[layoutOf(conv) === "NCHW" ? 0 : 3] as Argument;
  const along = layoutOf(conv) === "NCHW" ? rewriter.op("reshape", scale, [filters, 1, 1, 1]) : scale;
  const scaled = rewriter.op("mul", f32(W), along), { dtype } = W.type;
  const own = given.bias === undefined ? mean : rewriter.op("sub", f32(mean), f32(given.bias as Value));
  const shift = rewriter.op("sub", f32(bias), rewriter.op("mul", f32(own), scale));
  rewriter.define(v, "conv2d", A, dtype === "f32" ? scaled : rewriter.op("cast", scaled, dtype), {
    ...given,
    bias: shift,
  });
}
