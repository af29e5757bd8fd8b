import { isFloat } from "../../ir/dtype.ts";
import { equalExpr } from "../../ir/equal.ts";
import type { Expr } from "../../ir/expr.ts";
import { UNARY_FLOATS } from "../elementwise_operators.ts";
import { argumentOf } from "../form.ts";
import type { Graph } from "../graph.ts";
import { GraphRewriter, usesIn } from "../rewrite_graph.ts";
import { type Binding, type Form, isOptions, type OpCall, Slot, type Value } from "../value.ts";
import { weightValues } from "../weight_values.ts";
import type { PassContext } from "./pass.ts";
import { storageBytes, storageOf } from "../../ir/stored.ts";

/** Operators that read a part of a value as fast as the whole: what is sliced is never written. */
const TAKES_PARTS: ReadonlySet<string> = new Set([
  ...["matmul", "linear", "softmax", "rmsNorm", "layerNorm", "reshape", "permuteDims", "transpose"],
  ...["reduceSum", "reduceMax", "reduceMean"],
]);

/** A product of a shared input and a weight, alone or with its bias. */
interface Branch {
  /** The position of its product in the graph. */
  readonly index: number;
  readonly op: "linear" | "matmul";
  readonly x: Value;
  readonly weight: Value;
  readonly bias: Value | undefined;
  readonly columns: number;
  /** The product, and what it is with a bias that is added by itself. */
  readonly product: Value;
  readonly result: Value;
}

/**
 * Makes one product of those that share an input, with their weights one after the other (Relax's CombineParallelMatmul). It
 * does so where no kernel more is launched: each part is read by a kernel that there is anyway.
 *
 *     lv0 = R.linear(x, w0)             lv = R.concat([w0, w1])        (once)
 *     lv1 = R.linear(x, w1)       →     lv_1 = R.linear(x, lv)
 *     lv2 = R.multiply(lv0, lv1)        lv0 = R.strided_slice(lv_1, …)
 *                                       lv1 = R.strided_slice(lv_1, …)
 *                                       lv2 = R.multiply(lv0, lv1)
 */
export function combineParallelMatmul(g: Graph, { maxBufferBytes = Infinity }: PassContext = {}): Graph {
  const makers = makersIn(g);
  const groups = groupsOf(g).filter((group) => isWorth(g, group) && bytesIn(group) <= maxBufferBytes);
  if (groups.length === 0) return g;
  const firsts = new Map(groups.map((group) => [group[0]?.product, group]));
  const gone = new Set(groups.flatMap((group) => group.flatMap((b) => [b.product, b.result])));
  const rewriter = new GraphRewriter(g);
  for (const binding of g.bindings) {
    const [v] = binding.results as [Value], group = firsts.get(v);
    if (group) combine(rewriter, group, makers);
    else if (!gone.has(v)) rewriter.keep(binding);
  }
  return rewriter.finish();
}

function combine(rewriter: GraphRewriter, group: readonly Branch[], makers: Makers): void {
  const [{ op, x, bias }] = group as [Branch];
  const weights = group.map((b) => rewriter.at(b.weight));
  const w = joined(rewriter, weights, makers) ??
    rewriter.op("concat", weights, { axis: op === "linear" ? 0 : 1 });
  const biases = group.map((b) => rewriter.at(b.bias as Value));
  const options = bias ? { bias: rewriter.op("concat", biases, { axis: 0 }) } : {};
  const all = rewriter.op(op, rewriter.at(x), w, options);
  let begin = 0;
  for (const { result, columns } of group) {
    const end = begin + columns;
    rewriter.define(result, "slice", all, { begin: [begin], end: [end], axes: [-1] });
    begin = end;
  }
}

/** Packed weights one after the other: their words and scales are joined, and decoded together. */
function joined(rewriter: GraphRewriter, weights: readonly Value[], makers: Makers): Value | undefined {
  const calls = weights.map((v) => makers.get(v));
  if (!calls.every((c) => c?.op === "dequantizeQ4")) return undefined;
  const [words, scales] = [0, 1].map((k) =>
    rewriter.op("concat", calls.map((c) => rewriter.at(c?.args[k] as Value)), { axis: 0 })
  ) as [Value, Value];
  const columns = weights[0]?.type.shape[1];
  return rewriter.op("dequantizeQ4", words, scales, columns?.kind === "const" ? { k: columns.value } : {});
}

type Makers = ReadonlyMap<Value, OpCall>;

function makersIn(g: Graph): Makers {
  return new Map(
    g.bindings.flatMap(({ call, results }) =>
      call.kind === "op" ? results.map((v) => [v, call] as const) : []
    ),
  );
}

/** Products of one input and weights that are alike, at least two each. */
function groupsOf(g: Graph): readonly (readonly Branch[])[] {
  const known = weightValues(g), uses = usesIn(g), position = new Map<Value, number>();
  g.bindings.forEach((b, k) => b.results.forEach((v) => position.set(v, k)));
  const isBefore = (v: Value | undefined, index: number) => !v || (position.get(v) ?? -1) < index;
  const groups = new Map<Value, Branch[][]>();
  g.bindings.forEach(({ call, results }, index) => {
    const bare = call.kind === "op" ? branchOf(call, results[0] as Value, index, known) : undefined;
    if (!bare) return;
    const branch = withBias(g, bare, uses, known);
    const all = groups.get(branch.x) ?? [];
    groups.set(branch.x, all);
    const fitting = all.find(([first]) =>
      first && fits(first, branch) && isBefore(branch.weight, first.index) &&
      isBefore(branch.bias, first.index)
    );
    if (fitting) fitting.push(branch);
    else if (isBefore(branch.bias, index)) all.push([branch]);
  });
  return [...groups.values()].flat().filter((group) => group.length > 1);
}

function branchOf(call: OpCall, result: Value, index: number, known: ReadonlySet<Value>): Branch | undefined {
  if (call.op !== "linear" && call.op !== "matmul") return undefined;
  const options = call.form[2], given = isOptions(options) ? options : {};
  const transposed = call.op === "linear" || given.transposeB === true;
  const isOwn = (name: string) => name === "bias" || (name === "transposeB" && call.op === "matmul");
  const plain = Object.keys(given).every((name) => isOwn(name) || isDefault(given[name]));
  const [x, weight] = call.form.map((f) => argumentOf(f, call.args)) as [Value, Value];
  const { shape, dtype } = weight.type, n = shape[transposed ? 0 : 1];
  const bias = given.bias instanceof Slot ? call.args[given.bias.index] : undefined;
  const isFit = plain && known.has(weight) && !known.has(x) && shape.length === 2 && n?.kind === "const" &&
    dtype !== "u32" && (!bias || known.has(bias));
  const op = transposed ? "linear" : "matmul";
  return isFit ? { index, op, x, weight, bias, columns: n.value, product: result, result } : undefined;
}

/** A branch with the bias that alone follows it. */
function withBias(
  g: Graph,
  branch: Branch,
  uses: ReadonlyMap<Value, number>,
  known: ReadonlySet<Value>,
): Branch {
  if (branch.bias || uses.get(branch.product) !== 1) return branch;
  const user = g.bindings.find(({ call }) => call.args.includes(branch.product));
  if (user?.call.kind !== "op" || user.call.op !== "add") return branch;
  const bias = user.call.args.find((v) => v !== branch.product), [n, ...others] = bias?.type.shape ?? [];
  const isFit = bias && known.has(bias) && others.length === 0 && n?.kind === "const" &&
    n.value === branch.columns &&
    isFloat(bias.type.dtype);
  return isFit ? { ...branch, bias, result: user.results[0] as Value } : branch;
}

function isDefault(f: Form): boolean {
  return f === undefined || f === false || f === "none";
}

function fits(a: Branch, b: Branch): boolean {
  const k = (x: Branch) => x.weight.type.shape[x.op === "linear" ? 1 : 0] as Expr;
  return a.op === b.op && storageOf(a.weight.type) === storageOf(b.weight.type) && a.weight !== b.weight &&
    equalExpr(k(a), k(b)) && a.bias?.type.dtype === b.bias?.type.dtype;
}

function bytesIn(group: readonly Branch[]): number {
  const elements = ({ weight }: Branch) =>
    weight.type.shape.reduce(
      (n, d) => n * (d.kind === "const" ? d.value : 1),
      storageBytes(storageOf(weight.type)),
    );
  return group.reduce((n, b) => n + elements(b), 0);
}

/**
 * Whether no kernel more is launched afterwards: one is the product, and those that read a part are there before, or are one for
 * several parts.
 */
function isWorth(g: Graph, group: readonly Branch[]): boolean {
  const uses = usesIn(g), ends = new Set<Binding | Value>();
  for (const { result } of group) {
    const end = endOf(g, result, uses);
    if (end) ends.add(end);
  }
  return 1 + ends.size <= group.length;
}

/**
 * What reads a part by a kernel of its own: the call in which maps of it end. Undefined where a kernel reads it that there
 * is anyway.
 */
function endOf(g: Graph, v: Value, uses: ReadonlyMap<Value, number>): Binding | Value | undefined {
  const [user] = g.bindings.filter(({ call }) => call.args.includes(v));
  if (!user || uses.get(v) !== 1 || user.call.kind === "tir") return v;
  if (TAKES_PARTS.has(user.call.op)) return undefined;
  const [next] = user.results as [Value];
  if (UNARY_FLOATS.has(user.call.op)) return endOf(g, next, uses) ?? user;
  return user.results.length === 1 ? user : v;
}
