/** Arguments held against what a program takes, before anything reaches a device. */
import type { BufferSpec, Executable } from "../codegen/executable.ts";
import { evaluate, type ExprJson } from "../ir/json.ts";
import { ARRAYS, type TypedArray } from "./arrays.ts";
import { RuntimeError } from "./error.ts";

/** Values of the shape variables, by name. */
export type Shapes = Readonly<Record<string, number>>;
/** Arguments by parameter name. */
export type Inputs = Readonly<Record<string, TypedArray>>;

/** Elements of a buffer. */
export function sizeOf(spec: BufferSpec, shapes: Shapes): number {
  return spec.shape.reduce<number>((n, d) => n * evaluate(d, shapes), 1);
}

function show(spec: BufferSpec): string {
  const text = (e: ExprJson): string => Array.isArray(e) ? `${e[0]}(${text(e[1])}, ${text(e[2])})` : `${e}`;
  return `${spec.dtype}[${spec.shape.map(text).join(", ")}]`;
}

/**
 * Checks `inputs` and works out the shape variables that `shapes` leaves open, from the arguments' lengths.
 *
 * @throws {RuntimeError} for a missing or unknown argument, a wrong kind of array, or a wrong length
 */
export function checkArguments(exe: Executable, inputs: Inputs, shapes: Shapes = {}): Shapes {
  const specs = exe.buffers.filter((b) => b.role === "input");
  const takes = specs.map((b) => `${b.name}: ${show(b)}`).join(", ");
  const unknown = Object.keys(inputs).find((name) => !specs.some((b) => b.name === name));
  if (unknown !== undefined) {
    throw new RuntimeError(`cannot run ${exe.name} with argument ${unknown}: it takes ${takes}`);
  }
  for (const spec of specs) {
    const array = Object.hasOwn(inputs, spec.name) ? inputs[spec.name] : undefined;
    if (array === undefined) {
      throw new RuntimeError(`cannot run ${exe.name}: argument ${spec.name} is missing; it takes ${takes}`);
    }
    const wanted = ARRAYS[spec.dtype];
    if (!(array instanceof wanted)) {
      const got = (array as object)?.constructor?.name ?? typeof array;
      throw new RuntimeError(
        `cannot run ${exe.name} with ${spec.name} as ${got}: ${show(spec)} is given as ${wanted.name}`,
      );
    }
  }
  const known = solve(exe, inputs, shapes);
  for (const spec of specs) {
    const length = inputs[spec.name]?.length, wanted = sizeOf(spec, known);
    if (length !== wanted) {
      throw new RuntimeError(
        `cannot run ${exe.name} with ${spec.name} of ${length} elements: ${show(spec)} takes ${wanted}`,
      );
    }
  }
  return known;
}

function solve(exe: Executable, inputs: Inputs, given: Shapes): Shapes {
  const known = new Map<string, number>();
  const strange = Object.keys(given).find((name) => !exe.shapeVars.includes(name));
  if (strange !== undefined) {
    throw new RuntimeError(
      `cannot run ${exe.name} with shape ${strange}: its shape variables are ${
        exe.shapeVars.join(", ") || "none"
      }`,
    );
  }
  for (const name of exe.shapeVars) {
    if (Object.hasOwn(given, name)) known.set(name, given[name] as number);
  }
  // A length may tell a variable only when others are known.
  for (let before = -1; before !== known.size;) {
    before = known.size;
    for (const name of exe.shapeVars) {
      const value = known.has(name) ? undefined : fromLengths(exe, inputs, name, known);
      if (value !== undefined) known.set(name, value);
    }
  }
  for (const name of exe.shapeVars) {
    const value = known.get(name);
    if (value === undefined) {
      throw new RuntimeError(
        `cannot run ${exe.name}: shape variable ${name} does not follow from the arguments' lengths; give it in shapes`,
      );
    }
    if (!Number.isInteger(value) || value <= 0) {
      throw new RuntimeError(
        `cannot run ${exe.name} with ${name} = ${value}: shape variables are positive integers`,
      );
    }
  }
  return Object.fromEntries(known);
}

/** The value of a variable that is itself a dimension of an argument whose other dimensions are known. */
function fromLengths(
  exe: Executable,
  inputs: Inputs,
  name: string,
  known: ReadonlyMap<string, number>,
): number | undefined {
  const isKnown = (e: ExprJson): boolean =>
    typeof e === "string" ? known.has(e) : typeof e === "number" || (isKnown(e[1]) && isKnown(e[2]));
  for (const spec of exe.buffers) {
    const others = spec.shape.filter((d) => d !== name);
    if (spec.role !== "input" || others.length !== spec.shape.length - 1 || !others.every(isKnown)) continue;
    const shapes = Object.fromEntries(known);
    return (inputs[spec.name] as TypedArray).length /
      others.reduce<number>((n, d) => n * evaluate(d, shapes), 1);
  }
  return undefined;
}
