/** The reference for what a graph computes: its calls, one by one, by the interpreter. */
import { checkArgument, type Kind } from "../base/check_options.ts";
import { passing, recordOf } from "../base/option_kinds.ts";
import { interpret, type NumberArray } from "../interp/interpret.ts";
import { buffer, seq } from "../ir/build.ts";
import type { StorageType } from "../ir/dtype.ts";
import { bf16OfFloats, storageOf } from "../ir/stored.ts";
import { PrimFunc } from "../ir/func.ts";
import { inputsOf, outputsOf } from "../ir/parameters.ts";
import { shapesKind } from "../ir/kinds.ts";
import { type Shapes, solveShapes } from "../ir/shapes.ts";
import { programOf } from "./apply_operator.ts";
import { RelaxError } from "./error.ts";
import type { Graph } from "./graph.ts";
import { graphKind } from "./kinds.ts";
import { updatedInputs } from "./updates.ts";
import type { Call, Value } from "./value.ts";

const arraysKind: Kind<Readonly<Record<string, NumberArray>>> = recordOf(
  passing("a typed array", ArrayBuffer.isView),
);

/**
 * Interprets a graph: each call on the results of those before it, which are rounded to their dtype.
 *
 * @param arrays the inputs and weights by name
 * @param shapes values of shape variables; those that inputs' lengths tell may be left out
 * @returns the outputs by name, and each input that is updated in place as it is after the run
 * @throws {RelaxError} for an input or weight that is missing
 * @throws {IrError} for shapes that don't fit
 */
export function interpretGraph(
  g: Graph,
  arrays: Readonly<Record<string, NumberArray>>,
  shapes: Shapes = {},
): Record<string, NumberArray> {
  checkArgument("relax.interpretGraph", "g", g, graphKind);
  checkArgument("relax.interpretGraph", "arrays", arrays, arraysKind);
  checkArgument("relax.interpretGraph", "shapes", shapes, shapesKind);
  const made = g.transform ? interpretGraph(g.transform, arrays) : {};
  const params = [...g.inputs, ...g.weights];
  const values = new Map<Value, NumberArray>();
  for (const v of params) {
    const array = made[v.name] ?? arrays[v.name];
    if (!array) throw new RelaxError(`expected an array for ${v.name}, got nothing, interpreting ${g.name}`);
    values.set(v, array);
  }
  const known = solveGraphShapes(g, (name) => (made[name] ?? arrays[name])?.length, shapes);
  const at = (v: Value) => v.origin.kind === "constant" ? v.origin.data : values.get(v) as NumberArray;
  for (const { call, results } of g.bindings) {
    const made = interpretCall(call, call.args.map(at), known);
    results.forEach((v, k) => values.set(v, made[k] as NumberArray));
  }
  const updated = [...updatedInputs(g)].map(([input, last]) => [input.name, at(last)]);
  return Object.fromEntries([...Object.entries(g.outputs).map(([name, v]) => [name, at(v)]), ...updated]);
}

/** Gives the results of one call, in order, rounded to their dtype. */
export function interpretCall(
  call: Call,
  args: readonly NumberArray[],
  shapes: Shapes,
): readonly NumberArray[] {
  const func = call.kind === "op" ? programOf(call) : call.func;
  const inputs = Object.fromEntries(inputsOf(func).map((b, k) => [b.name, args[k] as NumberArray]));
  const own = Object.fromEntries(func.shapeVars.map((v) => [v.name, shapes[v.name] as number]));
  const made = interpret(func, inputs, { shapes: own });
  return outputsOf(func).map((b) => rounded(storageOf(b), made[b.name] as NumberArray));
}

function rounded(dtype: StorageType, array: NumberArray): NumberArray {
  if (dtype === "bf16") return bf16OfFloats(array);
  return dtype === "f32" ? Float32Array.from(array) : dtype === "f16" ? Float16Array.from(array) : array;
}

/** Gives a value to each shape variable of a graph: as `shapes` says, or as the inputs' lengths tell. */
export function solveGraphShapes(
  g: Graph,
  length: (name: string) => number | undefined,
  shapes: Shapes,
): Shapes {
  const buffers = [...g.inputs, ...g.weights].map((v) => buffer(v.name, v.type.shape, v.type.dtype));
  return solveShapes(new PrimFunc(g.name, buffers, g.shapeVars, [], seq()), length, shapes);
}
