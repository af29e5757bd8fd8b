/** Products of matrices and tensors. */
import { cast, mul } from "../../../ir/build.ts";
import { isFloat, type ScalarType } from "../../../ir/dtype.ts";
import type { Expr, Var } from "../../../ir/expr.ts";
import type { Value } from "../../../relax/value.ts";
import { compute } from "../../../te/compute.ts";
import { reduceAxis, sum } from "../../../te/reduce.ts";
import type { Tensor } from "../../../te/tensor.ts";
import { equalExpr } from "../../../ir/equal.ts";
import { isConst } from "../../../ir/build.ts";
import type { ImportContext } from "../context.ts";
import { isFloatType } from "../element_types.ts";
import type { OnnxNode } from "../node.ts";
import { type Importer, type Importers, sameType } from "./operator.ts";

/** Multiplies matrices as NumPy's matmul does: vectors become matrices, and batches are broadcast. */
export function matmul(c: ImportContext, a: Value, b: Value, node: OnnxNode): Value {
  const column = b.type.shape.length === 1, row = a.type.shape.length === 1;
  if (row) a = c.b.expandDims(a, { axis: 0 });
  if (column) b = c.b.expandDims(b, { axis: 1 });
  const leadA = a.type.shape.slice(0, -2), leadB = b.type.shape.slice(0, -2);
  const lead = leadB.length === 0 ? leadA : broadcast(leadA, leadB, node);
  if (!isSame(leadA, lead)) a = c.b.broadcastTo(a, [...lead, ...a.type.shape.slice(-2)]);
  if (leadB.length > 0 && !isSame(leadB, lead)) b = c.b.broadcastTo(b, [...lead, ...b.type.shape.slice(-2)]);
  let made = isFloat(a.type.dtype) ? c.b.matmul(a, b) : integerProduct(c, a, b);
  if (row) made = c.b.squeeze(made, { axis: -2 });
  return column ? c.b.squeeze(made, { axis: -1 }) : made;
}

function isSame(a: readonly Expr[], b: readonly Expr[]): boolean {
  return a.length === b.length && a.every((d, k) => equalExpr(d, b[k] as Expr));
}

function broadcast(a: readonly Expr[], b: readonly Expr[], node: OnnxNode): readonly Expr[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, k) => {
    const x = a[k - rank + a.length], y = b[k - rank + b.length];
    if (!x || (y && isConst(x, 1))) return y as Expr;
    if (!y || isConst(y, 1) || equalExpr(x, y)) return x;
    return node.fail("batches that fit together", "others");
  });
}

/** Multiplies matrices of integers, summed in their dtype. */
function integerProduct(c: ImportContext, a: Value, b: Value): Value {
  return c.program("integer_matmul", [a, b], (...[x, y]) => {
    const A = x as Tensor, B = y as Tensor, n = B.shape.at(-1) as Expr, shared = B.shape.length === 2;
    return compute("C", [...A.shape.slice(0, -1), n], (...at) => {
      const k = reduceAxis(A.shape.at(-1) as Expr), lead = shared ? [] : at.slice(0, -2);
      return sum(mul(A.at(...at.slice(0, -1), k.var), B.at(...lead, k.var, at.at(-1) as Var)), [k]);
    });
  })[0] as Value;
}

const matMul: Importer = (node, inputs, c) => {
  const a = node.input(inputs, 0), b = node.input(inputs, 1), type = sameType(node, [a, b]);
  return c.of(type, matmul(c, c.value(a), c.value(b), node));
};

const gemm: Importer = (node, inputs, c) => {
  const a = node.input(inputs, 0), b = node.input(inputs, 1), type = sameType(node, [a, b]);
  if (!isFloatType(type)) node.fail("floats", type);
  const alpha = node.float("alpha", 1), beta = node.float("beta", 1), bias = inputs[2];
  let made = c.b.matmul(c.value(a), c.value(b), {
    transposeA: node.flag("transA", false),
    transposeB: node.flag("transB", false),
  });
  const { dtype } = made.type;
  if (alpha !== 1) made = c.b.mul(made, c.scalar(alpha, dtype));
  if (!bias || beta === 0) return c.of(type, made);
  const scaled = beta === 1 ? c.value(bias) : c.b.mul(c.value(bias), c.scalar(beta, dtype));
  return c.of(type, c.b.add(made, scaled));
};

const LABEL = /^[A-Za-z]$/;

/** Writes "..." as labels of their own, and leaves out spaces. */
function labelsOf(term: string, rank: number, node: OnnxNode): readonly string[] {
  const [before = "", after] = term.split("..."), named = [...before, ...(after ?? "")];
  const rest = after === undefined ? 0 : rank - named.length;
  const labels = [
    ...before,
    ...Array.from({ length: Math.max(rest, 0) }, (_, k) => `.${rest - k}`),
    ...(after ?? ""),
  ];
  if (labels.length !== rank || named.some((x) => !LABEL.test(x))) {
    node.fail(`a term of ${rank} letters`, JSON.stringify(term.slice(0, 100)));
  }
  return labels;
}

const einsum: Importer = (node, inputs, c) => {
  const items = inputs.map((_, k) => node.input(inputs, k)), type = sameType(node, items);
  const [left = "", right] = node.text("equation", "").replaceAll(" ", "").split("->"),
    terms = left.split(",");
  if (terms.length !== items.length) node.fail(`${items.length} terms`, `${terms.length}`);
  const labels = terms.map((t, k) => labelsOf(t, items[k]?.rank ?? 0, node)), all = labels.flat();
  const extents = new Map<string, Expr>();
  labels.forEach((list, n) =>
    list.forEach((x, d) => {
      const extent = items[n]?.shape[d] as Expr, known = extents.get(x);
      if (known && !equalExpr(known, extent)) node.fail(`one extent of ${x}`, "two");
      extents.set(x, extent);
    })
  );
  const dots = [...extents.keys()].filter((x) => x.startsWith(".")).toSorted().toReversed();
  const once = [...extents.keys()].filter((x) => LABEL.test(x) && all.indexOf(x) === all.lastIndexOf(x))
    .toSorted();
  const out = right === undefined ? [...dots, ...once] : labelsOf(
    right,
    right.replaceAll(".", "").length + (right.includes("...") ? dots.length : 0),
    node,
  );
  const odd = out.find((x) => !extents.has(x));
  if (odd) node.fail("output letters that inputs have", odd);
  const values = items.map((x) => c.value(x)), first = all.filter((x, k) => all.indexOf(x) === k);
  const [made] = c.program("einsum", values, (...tensors) => {
    const own = new Map<string, Expr>();
    labels.forEach((list, n) => list.forEach((x, d) => own.set(x, tensors[n]?.shape[d] as Expr)));
    const summed = first.filter((x) => !out.includes(x)), dtype = tensors[0]?.dtype as ScalarType;
    const wide = isFloat(dtype) ? "f32" as ScalarType : dtype;
    const element = (place: (x: string) => Expr) =>
      tensors.map((t, n) => cast(wide, t.at(...(labels[n] as readonly string[]).map(place)))).reduce(mul);
    const shape = out.map((x) => own.get(x) as Expr);
    if (summed.length === 0) {
      return compute("B", shape, (...at) => cast(dtype, element((x) => at[out.indexOf(x)] as Var)));
    }
    const total = compute("total", shape, (...at) => {
      const axes = summed.map((x) => reduceAxis(own.get(x) as Expr));
      return sum(
        element((x) =>
          out.includes(x) ? at[out.indexOf(x)] as Var : (axes[summed.indexOf(x)] as { var: Var }).var
        ),
        axes,
      );
    });
    return dtype === wide ? total : compute("B", shape, (...at) => cast(dtype, total.at(...at)));
  });
  return c.of(type, made as Value);
};

/** Products. */
export const PRODUCTS: Importers = { MatMul: matMul, Gemm: gemm, Einsum: einsum };
