/** What the rows of the operators' table are, and what they share. */
import type { Expr } from "../../../ir/expr.ts";
import { asExpr, productOf } from "../../../op/extents.ts";
import type { Value } from "../../../relax/value.ts";
import type { ImportContext } from "../context.ts";
import { dtypeOf, type ElementType, isFloatType } from "../element_types.ts";
import type { Item } from "../item.ts";
import type { Inputs } from "../known_tensor.ts";
import type { OnnxNode } from "../node.ts";

/** Makes the outputs of a node of its inputs. An output that a node doesn't want may be undefined. */
export type Importer = (
  node: OnnxNode,
  inputs: Inputs,
  c: ImportContext,
) => Item | readonly (Item | undefined)[];

/** Operators by their names in ONNX. */
export type Importers = Readonly<Record<string, Importer>>;

/** Gives the value of an input that must be there. */
export function valueOf(node: OnnxNode, inputs: Inputs, k: number, c: ImportContext): Value {
  return c.value(node.input(inputs, k));
}

/** Gives an input of floats. */
export function floatInput(node: OnnxNode, inputs: Inputs, k: number): Item {
  const item = node.input(inputs, k);
  return isFloatType(item.type) ? item : node.fail(`floats as input ${k}`, item.type);
}

/** Checks that inputs have the type of the first one. */
export function sameType(node: OnnxNode, items: readonly Item[]): ElementType {
  const [first] = items, other = items.find((x) => x.type !== first?.type);
  if (!first) return node.fail("at least one input", "none");
  return other ? node.fail(`inputs of one type, ${first.type}`, other.type) : first.type;
}

/** The product of extents. */
export function product(shape: readonly Expr[]): Expr {
  return asExpr(productOf(shape));
}

/** Applies an operator on floats to a tensor of any numbers, by way of f32. */
export function throughF32(c: ImportContext, item: Item, f: (x: Value) => Value): Item {
  const dtype = dtypeOf(item.type);
  return c.of(item.type, c.as(f(c.as(c.value(item), "f32")), dtype));
}

/** Gives another shape to a value, where it has not got it yet. */
export function shaped(c: ImportContext, x: Value, shape: readonly (Expr | number)[]): Value {
  const same = shape.length === x.type.shape.length && shape.every((d, k) => {
    const own = x.type.shape[k] as Expr;
    return typeof d === "number" ? own.kind === "const" && own.value === d : own === d;
  });
  return same ? x : c.b.reshape(x, shape);
}
