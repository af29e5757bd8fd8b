import { equalExpr } from "../../ir/equal.ts";
import type { Expr } from "../../ir/expr.ts";
import { GraphRewriter, usesIn } from "../rewrite_graph.ts";
import { type Argument, argumentOf } from "../form.ts";
import type { Graph } from "../graph.ts";
import { type Form, isOptions, type OpCall, type Value } from "../value.ts";
import { updatedValues } from "../updates.ts";
import { weightValues } from "../weight_values.ts";

/**
 * Folds batch norms into the convolutions before them, whose filters and bias are then computed once:
 * `(conv(x, w) - mean)·s + bias = conv(x, w·s) + (bias - mean·s)` with `s = weight / sqrt(variance + eps)`. A norm may also
 * be a product, a sum or a difference with one known element for each channel, and several of them in a row.
 *
 *     lv0 = R.nn.conv2d(x, w)                            lv = …   (of weights only)
 *     lv1 = R.nn.batch_norm(lv0, g, b, m, v)      →      lv1 = R.nn.conv2d(x, lv_5, bias=lv_7)
 */
export function foldBatchNorm(g: Graph): Graph {
  const rewriter = new GraphRewriter(g), updated = updatedValues(g);
  const uses = usesIn(g), known = weightValues(g);
  // The convolution moves to where the last of its norms is.
  const open = new Map<Value, OpCall>(), sources = new Map<Value, Value>(), absorbed = new Set<Value>();
  for (const { call, results } of g.bindings) {
    const [v] = results as [Value];
    if (call.kind !== "op") continue;
    const isOpen = uses.get(v) === 1 && [...call.args, v].every((x) => !updated.has(x));
    if (isOpen && call.op === "conv2d" && isFoldable(call, known)) open.set(v, call);
    const from = call.args.find((x) => open.has(x)), conv = from && open.get(from);
    if (!from || !conv || !(fits(call, from, conv, known) || scales(call, from, conv, known))) continue;
    sources.set(v, from);
    absorbed.add(from);
    if (isOpen) open.set(v, conv);
  }
  const pending = new Map<Value, Convolution>();
  for (const binding of g.bindings) {
    const { call, results } = binding, [v] = results as [Value], from = sources.get(v);
    if (call.kind === "tir" || !(from || absorbed.has(v))) {
      rewriter.keep(binding);
      continue;
    }
    const before = from && pending.get(from), now = rewriter.updated(call);
    const conv = !before || !from
      ? convolutionOf(now)
      : call.op === "batchNorm"
      ? normed(rewriter, now, before)
      : scaled(rewriter, now, call.args.indexOf(from), before);
    if (absorbed.has(v)) pending.set(v, conv);
    else rewriter.define(v, "conv2d", conv.A, conv.W, conv.options);
  }
  return rewriter.finish();
}

/** Whether a convolution's filters and bias are weights, and its result are bare sums. */
function isFoldable({ args, form }: OpCall, known: ReadonlySet<Value>): boolean {
  const options = form[2], has = (name: string) => isOptions(options) && options[name] !== undefined;
  return args.slice(1).every((w) => known.has(w)) && !has("residual") &&
    (!has("activation") || (options as { readonly activation: Form }).activation === "none");
}

/** Whether a batch norm is one of a convolution's channels, with known statistics. */
function fits(norm: OpCall, sums: Value, conv: OpCall, known: ReadonlySet<Value>): boolean {
  if (norm.op !== "batchNorm" || norm.args[0] !== sums) return false;
  const channel = layoutOf(conv) === "NCHW" ? 1 : 3, { options } = partsOf(norm);
  const axis = typeof options.axis === "number" ? (options.axis + 4) % 4 : 1;
  return norm.args.slice(1).every((v) => known.has(v)) && axis === channel;
}

/** Whether a call combines a convolution's sums with one known element for each channel. */
function scales({ op, args }: OpCall, sums: Value, conv: OpCall, known: ReadonlySet<Value>): boolean {
  const at = args.indexOf(sums), by = args[1 - at] as Value;
  if (!(op === "mul" || op === "add" || op === "sub" && at === 0) || !known.has(by)) return false;
  const nchw = layoutOf(conv) === "NCHW", { shape } = by.type, channel = shape.length - (nchw ? 3 : 1);
  const filters = (conv.args[1] as Value).type.shape[nchw ? 0 : 3] as Expr;
  return shape.length <= 4 && channel >= 0 && by.type.dtype === sums.type.dtype &&
    shape.every((d, k) => d.kind === "const" && (k === channel ? equalExpr(d, filters) : d.value === 1));
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

/** A convolution's images, filters and options. */
interface Convolution {
  readonly A: Value;
  readonly W: Value;
  readonly options: Readonly<Record<string, Argument>>;
}

function convolutionOf({ form, args }: OpCall): Convolution {
  const [A, W, options = {}] = form.map((f) => argumentOf(f, args));
  return { A, W, options } as Convolution;
}

/** Multiplies the filters with one element for each channel. */
function withFilters(rewriter: GraphRewriter, { W, options }: Convolution, scale: Value): Value {
  const along = options.layout === "NHWC"
    ? scale
    : rewriter.op("reshape", scale, [W.type.shape[0] as Argument, 1, 1, 1]);
  const product = rewriter.op("mul", inF32(rewriter, W), along), { dtype } = W.type;
  return dtype === "f32" ? product : rewriter.op("cast", product, dtype);
}

function inF32(rewriter: GraphRewriter, x: Value): Value {
  return x.type.dtype === "f32" ? x : rewriter.op("cast", x, "f32");
}

/** A convolution with a batch norm in it. */
function normed(rewriter: GraphRewriter, norm: OpCall, conv: Convolution): Convolution {
  const { weight, bias, mean, variance, options } = partsOf(norm), given = conv.options.bias;
  const eps = typeof options.eps === "number" ? options.eps : 1e-5;
  const f32 = (x: Value) => inF32(rewriter, x);
  const offset = rewriter.constant("eps", new Float32Array([eps]), [1]);
  const root = rewriter.op("sqrt", rewriter.op("add", f32(variance), offset));
  const scale = rewriter.op("div", f32(weight), root), W = withFilters(rewriter, conv, scale);
  const own = given === undefined ? mean : rewriter.op("sub", f32(mean), f32(given as Value));
  const shift = rewriter.op("sub", f32(bias), rewriter.op("mul", f32(own), scale));
  return { A: conv.A, W, options: { ...conv.options, bias: shift } };
}

/** A convolution with a product, a sum or a difference in it; its sums are argument `at` of the call. */
function scaled(rewriter: GraphRewriter, call: OpCall, at: number, conv: Convolution): Convolution {
  const { op } = call, by = inF32(rewriter, call.args[1 - at] as Value), { shape } = by.type;
  const filters = shape.find((d) => d.kind === "const" && d.value !== 1) ?? 1;
  const each = shape.length === 1 ? by : rewriter.op("reshape", by, [filters]);
  const given = conv.options.bias === undefined ? undefined : inF32(rewriter, conv.options.bias as Value);
  if (op === "mul") {
    const options = given ? { ...conv.options, bias: rewriter.op("mul", given, each) } : conv.options;
    return { A: conv.A, W: withFilters(rewriter, conv, each), options };
  }
  const sign = op === "sub" ? "sub" : "add";
  const bias = given ? rewriter.op(sign, given, each) : sign === "add" ? each : rewriter.op("neg", each);
  return { A: conv.A, W: conv.W, options: { ...conv.options, bias } };
}
