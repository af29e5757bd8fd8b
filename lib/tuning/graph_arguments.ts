/** Inputs and weights of graphs, drawn at random where none are given. */
import { ownValue } from "../base/own_value.ts";
import { isFloat } from "../ir/dtype.ts";
import { elements, randomArray } from "../measure/random_inputs.ts";
import type { Graph } from "../relax/graph.ts";
import type { Value } from "../relax/value.ts";
import type { Inputs, Shapes } from "../runtime/arguments.ts";
import type { TypedArray } from "../runtime/arrays.ts";
import type { Arrays } from "../runtime/backend.ts";
import { RuntimeError } from "../runtime/error.ts";

/** Gives the inputs of a graph: those given, and random ones, floats in [-1, 1). */
export function inputsFor(g: Graph, given: Arrays, shapes: Shapes, seed: number): Arrays {
  return filled(
    g,
    "inputs",
    given,
    (v, k) => randomArray(named(v), { seed: seed + k, shapes, domain: domainOf(v) }),
  );
}

/**
 * Gives the weights of a graph: those given, and random ones. The random ones are small enough that a layer leaves values
 * about as large as it finds them.
 */
export function weightsFor(g: Graph, given: Inputs, shapes: Shapes, seed: number): Inputs {
  return filled(g, "weights", given, (v, k) => {
    const b = named(v), domain = domainOf(v);
    const array = randomArray(b, { seed: seed + 1000 + k, shapes, domain });
    if (domain || !isFloat(b.dtype) || b.shape.length < 2) return array;
    const largest = Math.max(...b.shape.map((d) => elements({ shape: [d] }, shapes)));
    const scale = Math.sqrt(3 * largest / array.length);
    for (let k = 0; k < array.length; k++) array[k] = (array[k] ?? 0) * scale;
    return array;
  });
}

function filled<T extends Inputs[string]>(
  g: Graph,
  kind: "inputs" | "weights",
  given: Readonly<Record<string, T>>,
  draw: (v: Value, k: number) => TypedArray,
): Readonly<Record<string, T | TypedArray>> {
  const values = g[kind], unknown = Object.keys(given).find((name) => !values.some((v) => v.name === name));
  if (unknown === undefined) {
    return Object.fromEntries(values.map((v, k) => [v.name, ownValue(given, v.name) ?? draw(v, k)]));
  }
  const known = values.map((v) => v.name).join(", ") || "none";
  throw new RuntimeError(`expected ${kind} among ${known}, got ${unknown}, comparing levels of ${g.name}`);
}

function named({ name, type }: Value) {
  return { name, ...type };
}

function domainOf({ origin }: Value) {
  return "domain" in origin ? origin.domain : undefined;
}
