import { type Argument, argumentOf } from "../form.ts";
import type { Graph } from "../graph.ts";
import { GraphRewriter } from "../rewrite_graph.ts";
import { isOptions, type OpCall, type Value } from "../value.ts";
import { weightValues } from "../weight_values.ts";
import type { PassContext } from "./pass.ts";

/** Products and convolutions: they sum in f32, whatever they take and give. */
const HALVED: ReadonlySet<string> = new Set([
  "linear",
  "matmul",
  "conv1d",
  "conv2d",
  "conv3d",
  "convTranspose1d",
  "convTranspose2d",
  "convTranspose3d",
]);

/** Operators whose results are in the range of f16 where their arguments are, or that only move elements. */
const FOLLOWING: ReadonlySet<string> = new Set([
  ...[
    "abs",
    "add",
    "clip",
    "gelu",
    "hardSigmoid",
    "hardSwish",
    "leakyRelu",
    "maximum",
    "minimum",
    "mul",
    "neg",
    "relu",
  ],
  ...["sigmoid", "silu", "sub", "tanh"],
  ...[
    "concat",
    "depthToSpace",
    "expandDims",
    "flatten",
    "pad",
    "permuteDims",
    "reshape",
    "slice",
    "spaceToDepth",
  ],
  ...["squeeze", "transpose", "avgPool2d", "globalAvgPool2d", "maxPool2d"],
]);

/**
 * Has products and convolutions take and give f16, where the context says so; they sum in f32 as ever. What follows element by
 * element stays in f16. Norms, exponentials and reductions are in f32, and so are outputs.
 *
 *     lv0 = R.linear(x, w)          lv = R.astype(x, "f16")
 *                            →      lv_1 = R.astype(w, "f16")        (once)
 *                                   lv_2 = R.linear(lv, lv_1)
 *                                   lv0 = R.astype(lv_2, "f32")
 */
export function toMixedPrecision(g: Graph, { precision }: PassContext = {}): Graph {
  if (precision !== "f16") return g;
  const halves = new Halves(g);
  for (const binding of g.bindings) {
    const { call, results } = binding, [v] = results as [Value];
    const plain = call.kind === "op" && results.length === 1 && v.type.dtype === "f32" && !hasDtype(call);
    if (plain && (HALVED.has(call.op) || (FOLLOWING.has(call.op) && halves.leads(call)))) {
      halves.compute(v, call);
    } else {
      call.args.forEach((x) => halves.whole(x));
      halves.rewriter.keep(binding);
    }
  }
  Object.values(g.outputs).forEach((v) => halves.whole(v));
  return halves.rewriter.finish();
}

/** Whether a product says itself which dtype it gives. */
function hasDtype({ form }: OpCall): boolean {
  return form.some((f) => isOptions(f) && f.out !== undefined);
}

/** Values in f16. */
class Halves {
  readonly rewriter: GraphRewriter;
  readonly #half = new Map<Value, Value>();
  /** Values that are not there in f32. */
  readonly #only = new Set<Value>();
  readonly #weights: ReadonlySet<Value>;

  constructor(g: Graph) {
    this.rewriter = new GraphRewriter(g);
    this.#weights = weightValues(g);
  }

  /** Sees that a value is there in f32. */
  whole(v: Value): void {
    if (this.#only.delete(v)) this.rewriter.define(v, "cast", this.#half.get(v) as Value, "f32");
  }

  /** Whether a call's argument is in f16, and all others are or may be cast once. */
  leads({ args }: OpCall): boolean {
    return args.some((v) => this.#only.has(v)) &&
      args.every((v) => v.type.dtype === "f32" && (this.#half.has(v) || this.#weights.has(v)));
  }

  /** Computes a call in f16. A bias stays as it is: it is added to sums. */
  compute(v: Value, { op, form, args }: OpCall): void {
    const options = form.find(isOptions),
      given = options && argumentOf(options, args) as { readonly bias?: Value };
    const of = (x: unknown): Argument => {
      if (x === given?.bias && x !== undefined) return this.rewriter.at(x as Value);
      return args.includes(x as Value) ? this.#inHalf(x as Value) : x as Argument;
    };
    const all = form.map((f) => argumentOf(f, args)).map((x): Argument => {
      if (Array.isArray(x)) return x.map(of);
      const isPlain = typeof x === "object" && x !== null && Object.getPrototypeOf(x) === Object.prototype &&
        !("kind" in x);
      return isPlain ? Object.fromEntries(Object.entries(x).map(([name, y]) => [name, of(y)])) : of(x);
    });
    this.#half.set(v, this.rewriter.op(op, ...all));
    this.#only.add(v);
  }

  #inHalf(v: Value): Argument {
    if (v.type.dtype !== "f32") return this.rewriter.at(v);
    const made = this.#half.get(v) ?? this.rewriter.op("cast", this.rewriter.at(v), "f16");
    this.#half.set(v, made);
    return made;
  }
}
