import type { ImageLayout } from "../../op/window.ts";
import { ELEMENTWISE } from "../elementwise_operators.ts";
import { type Argument, argumentOf } from "../form.ts";
import type { Graph } from "../graph.ts";
import { GraphRewriter } from "../rewrite_graph.ts";
import { isOptions, type OpCall, type Value } from "../value.ts";
import type { PassContext } from "./pass.ts";

/** For each dimension of images in a layout, that of images in the other one. */
const IMAGES = { NHWC: [0, 2, 3, 1], NCHW: [0, 3, 1, 2] } as const;

/** The same for filters: [f, c, kh, kw] and [kh, kw, c, f]. */
const FILTERS = { NHWC: [2, 3, 1, 0], NCHW: [3, 2, 0, 1] } as const;

/** Operators with an option for the layout of their images. */
const ON_IMAGES: ReadonlySet<string> = new Set(["conv2d", "maxPool2d", "avgPool2d", "globalAvgPool2d"]);

/**
 * Computes convolutions and pools in the layout that the context names. What is between them, element by element, stays in
 * it; what enters and leaves is permuted, weights once.
 *
 *     lv0 = R.nn.conv2d(x, w)          lv = R.permute_dims(x, axes=[0, 2, 3, 1])
 *     lv1 = R.nn.relu(lv0)       →     lv_1 = R.permute_dims(w, axes=[2, 3, 1, 0])
 *                                      lv_2 = R.nn.conv2d(lv, lv_1, layout="NHWC")
 *                                      lv_3 = R.nn.relu(lv_2)
 *                                      lv_4 = R.permute_dims(lv_3, axes=[0, 3, 1, 2])
 */
export function convertLayout(g: Graph, { layout }: PassContext = {}): Graph {
  if (!layout) return g;
  const images = new Converted(g, layout);
  for (const binding of g.bindings) {
    const { call, results } = binding, [v] = results as [Value];
    if (call.kind === "op" && ON_IMAGES.has(call.op) && layoutOf(call) !== layout) images.anchor(v, call);
    else if (call.kind === "op" && results.length === 1 && images.follows(call)) images.follow(v, call);
    else {
      call.args.forEach((x) => images.asWritten(x));
      images.rewriter.keep(binding);
    }
  }
  Object.values(g.outputs).forEach((v) => images.asWritten(v));
  return images.rewriter.finish();
}

function layoutOf({ form }: OpCall): ImageLayout {
  const options = form.findLast(isOptions);
  return options?.layout === "NHWC" ? "NHWC" : "NCHW";
}

/** Values that are computed in the other layout than they were written in. */
class Converted {
  readonly rewriter: GraphRewriter;
  /** Values in the new layout. */
  readonly #now = new Map<Value, Value>();
  /** Those of them that don't exist in the old one. */
  readonly #only = new Set<Value>();
  readonly #from: ImageLayout;

  constructor(g: Graph, readonly layout: ImageLayout) {
    this.rewriter = new GraphRewriter(g);
    this.#from = layout === "NHWC" ? "NCHW" : "NHWC";
  }

  /** Sees that a value is there in the layout in which it was written. */
  asWritten(v: Value): void {
    if (!this.#only.delete(v)) return;
    this.rewriter.define(v, "permuteDims", this.#now.get(v) as Value, { axes: IMAGES[this.#from] });
  }

  /** Computes the call of an operator that knows layouts in the new one. */
  anchor(v: Value, { op, form, args }: OpCall): void {
    const [A, ...others] = form.map((f) => argumentOf(f, args)) as [Value, ...Argument[]];
    const given = (others.at(-1) ?? {}) as { readonly [option: string]: Argument };
    const options = {
      ...given,
      layout: this.layout,
      ...(given.bias === undefined ? {} : { bias: this.#plain(given.bias as Value) }),
      ...(given.residual === undefined ? {} : { residual: this.#image(given.residual as Value) }),
    };
    if (op === "globalAvgPool2d") this.rewriter.define(v, op, this.#image(A), options);
    else if (op === "conv2d") {
      const filters = this.#permuted(this.#plain(others[0] as Value), FILTERS[this.layout]);
      this.#set(v, this.rewriter.op(op, this.#image(A), filters, options));
    } else this.#set(v, this.rewriter.op(op, this.#image(A), options));
  }

  /** Whether an operator takes elements of images in the new layout, one by one. */
  follows({ op, args }: OpCall): boolean {
    if (!args.some((v) => this.#only.has(v))) return false;
    const fits = args.every((v) =>
      v.type.shape.length <= 4 && v.type.shape.every((d) => d.kind === "const") || v.type.shape.length === 4
    );
    return fits && (ELEMENTWISE.has(op) || op === "concat" || op === "batchNorm");
  }

  /** Computes a call in the layout of its images. */
  follow(v: Value, call: OpCall): void {
    const [first, ...others] = call.form.map((f) => argumentOf(f, call.args));
    if (call.op === "concat") {
      const tensors = (first as readonly Value[]).map((x) => this.#image(x));
      this.#set(v, this.rewriter.op("concat", tensors, this.#onAxis(others[0], 0)));
    } else if (call.op === "batchNorm") {
      const [weight, bias, statistics, options] = others;
      const { mean, variance } = statistics as { readonly mean: Value; readonly variance: Value };
      const plain = { mean: this.#plain(mean), variance: this.#plain(variance) };
      const [w, b] = [weight, bias].map((x) => this.#plain(x as Value)) as [Value, Value];
      this.#set(
        v,
        this.rewriter.op("batchNorm", this.#image(first as Value), w, b, plain, this.#onAxis(options, 1)),
      );
    } else {
      const values = new Set<unknown>(call.args);
      const args = [first, ...others].map((x) => values.has(x) ? this.#image(x as Value) : x as Argument);
      this.#set(v, this.rewriter.op(call.op, ...args));
    }
  }

  /** The options of an operator along an axis, which is another one now. */
  #onAxis(options: unknown, byDefault: number): Argument {
    const given = (options ?? {}) as { readonly axis?: number };
    const axis = ((given.axis ?? byDefault) + 4) % 4;
    return { ...given, axis: IMAGES[this.layout].indexOf(axis as 0) };
  }

  /** A value in the new layout. What has fewer dimensions gets those that it is repeated along; single elements have none. */
  #image(v: Value): Value {
    const known = this.#now.get(v);
    if (known) return known;
    const { shape } = v.type;
    const plain = this.#plain(v);
    if (shape.every((d) => d.kind === "const" && d.value === 1) && shape.length < 4) return plain;
    const whole = shape.length === 4
      ? plain
      : this.rewriter.op("reshape", plain, [...new Array<number>(4 - shape.length).fill(1), ...shape]);
    const made = this.#permuted(whole, IMAGES[this.layout]);
    this.#now.set(v, made);
    return made;
  }

  #plain(v: Value): Value {
    this.asWritten(v);
    return this.rewriter.at(v);
  }

  #permuted(v: Value, axes: readonly number[]): Value {
    return this.rewriter.op("permuteDims", v, { axes });
  }

  #set(v: Value, now: Value): void {
    this.#now.set(v, now);
    this.#only.add(v);
  }
}
