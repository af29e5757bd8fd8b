/** Checks arguments against the parameters of a program, before anything reaches a device. */
import { checkArgument, isPlainObject, type Kind } from "../base/check_options.ts";
import { passing } from "../base/option_kinds.ts";
import { shapesKind } from "../ir/kinds.ts";
import { ownValue } from "../base/own_value.ts";
import { layoutArena } from "../codegen/arena.ts";
import { type BufferSpec, type Executable, isGiven, type Launch } from "../codegen/executable.ts";
import type { Shapes } from "../ir/shapes.ts";
import { evaluate, type ExprJson } from "../ir/json.ts";
import { brokenRequirement } from "../ir/requirement.ts";
import { ARRAYS, type TypedArray } from "./arrays.ts";
import { DeviceTensor } from "./device_tensor.ts";
import { RuntimeError } from "./error.ts";
import { checkTensors, type Inputs, shapesOfTensors, show } from "./tensor_arguments.ts";
import type { Preparation } from "./preparation.ts";

export type { Inputs, Shapes };

const inputsKind: Kind<Inputs> = passing("an object with an array or tensor for each input", isPlainObject);

/** Checks that inputs are an object, and shapes one of numbers. */
export function checkInputs(where: string, inputs: Inputs, shapes: Shapes = {}): void {
  checkArgument(where, "inputs", inputs, inputsKind);
  checkArgument(where, "shapes", shapes, shapesKind);
}

/** Counts the elements of a buffer; an arena has words. */
export function lengthOf(spec: Pick<BufferSpec, "shape" | "slots">, shapes: Shapes): number {
  if (spec.slots) return layoutArena(spec.slots, shapes).bytes / 4;
  return spec.shape.reduce<number>((n, d) => n * evaluate(d, shapes), 1);
}

/** Inputs of a program that are on the device already. */
export interface HeldInputs {
  /** Elements of each of those inputs. */
  readonly lengths: Readonly<Record<string, number>>;
  /** The shape variables that are settled by them. */
  readonly shapes: Shapes;
}

const NOTHING: HeldInputs = { lengths: {}, shapes: {} };

/**
 * Checks `inputs` and computes the shape variables that `shapes` leaves open, from the arguments' lengths. Inputs in
 * `held` must not be given again.
 *
 * @throws {RuntimeError} for a missing or unknown argument, a wrong kind of array, a wrong length, or shapes that break
 * one of the program's requirements
 */
export function checkArguments(
  exe: Executable,
  inputs: Inputs,
  shapes: Shapes = {},
  held: HeldInputs = NOTHING,
): Shapes {
  const asked = `cannot run ${exe.name}`;
  const again = Object.keys(inputs).find((name) => Object.hasOwn(held.lengths, name));
  if (again !== undefined) {
    throw new RuntimeError(
      `${asked} with argument ${again}: it is prepared already; leave it out, or prepare another`,
    );
  }
  const specs = inputsOf(exe).filter((b) => !Object.hasOwn(held.lengths, b.name));
  checkKinds(asked, specs, inputs);
  for (const [name, value] of Object.entries(held.shapes)) {
    if (!Object.hasOwn(shapes, name) || shapes[name] === value) continue;
    throw new RuntimeError(
      `${asked} with ${name} = ${shapes[name]}: what is prepared is for ${name} = ${value}`,
    );
  }
  const lengths = { ...held.lengths, ...lengthsOf(specs, inputs) };
  const told = shapesOfTensors(exe.shapeVars, specs, inputs);
  const known = solve(asked, exe, lengths, { ...told, ...shapes, ...held.shapes });
  checkOpen(asked, exe.shapeVars, known);
  const broken = brokenRequirement(exe.requires ?? [], known);
  if (broken !== undefined) throw new RuntimeError(`${asked}: ${broken}`);
  checkTensors(asked, specs, inputs, known);
  checkLengths(asked, specs, lengths, known);
  return known;
}

/**
 * Checks the inputs that `plan` prepares, and computes the shape variables that follow from them. Variables that
 * preparing does not need may stay open.
 *
 * @throws {RuntimeError} as `checkArguments` does
 */
export function checkWeights(exe: Executable, inputs: Inputs, shapes: Shapes, plan: Preparation): Shapes {
  const asked = `cannot prepare ${exe.name}`;
  const takes = inputsOf(exe).filter((b) => b.role === "input");
  const specs = takes.filter((b) => Object.hasOwn(inputs, b.name));
  checkKinds(asked, specs, inputs, takes);
  const lengths = lengthsOf(specs, inputs);
  const known = solve(asked, exe, lengths, shapes);
  const needs = [...specs, ...plan.kept].flatMap((b) => b.shape.flatMap(namesIn))
    .concat(plan.launches.flatMap(namesOf));
  checkOpen(asked, exe.shapeVars.filter((name) => needs.includes(name)), known);
  checkLengths(asked, specs, lengths, known);
  return known;
}

function inputsOf(exe: Executable): readonly BufferSpec[] {
  return exe.buffers.filter(isGiven);
}

/** Shape variables in an expression. */
function namesIn(e: ExprJson): readonly string[] {
  return typeof e === "string" ? [e] : typeof e === "number" ? [] : [...namesIn(e[1]), ...namesIn(e[2])];
}

/** Shape variables that a launch needs. */
function namesOf(l: Launch): readonly string[] {
  return [...l.uniforms, ...l.grid.flatMap(namesIn), ...l.loops.flat().flatMap(namesIn)];
}

function lengthsOf(specs: readonly BufferSpec[], inputs: Inputs): Readonly<Record<string, number>> {
  return Object.fromEntries(specs.map((b) => [b.name, (inputs[b.name] as TypedArray | DeviceTensor).length]));
}

/** Checks the kinds of arrays against `all` inputs; those in `specs` must be there. */
function checkKinds(
  asked: string,
  specs: readonly BufferSpec[],
  inputs: Inputs,
  all: readonly BufferSpec[] = specs,
): void {
  const takes = all.map((b) => `${b.name}: ${show(b)}`).join(", ") || "no arguments";
  const unknown = Object.keys(inputs).find((name) => !all.some((b) => b.name === name));
  if (unknown !== undefined) {
    throw new RuntimeError(`${asked}: expected its arguments, got ${unknown}; it takes ${takes}`);
  }
  for (const spec of specs) {
    const array = ownValue(inputs, spec.name);
    if (array === undefined) {
      throw new RuntimeError(
        `${asked}: expected argument ${spec.name}: ${show(spec)}, got nothing; it takes ${takes}`,
      );
    }
    const wanted = ARRAYS[spec.dtype];
    if (array instanceof DeviceTensor) {
      if (array.dtype === spec.dtype) continue;
      throw new RuntimeError(
        `${asked}: expected ${spec.name}: ${show(spec)}, got a tensor of ${array.dtype}`,
      );
    }
    if (!(array instanceof wanted)) {
      const got = (array as object)?.constructor?.name ?? typeof array;
      throw new RuntimeError(
        `${asked}: expected ${spec.name}: ${show(spec)} as a ${wanted.name}, got ${got}`,
      );
    }
  }
}

function checkLengths(
  asked: string,
  specs: readonly BufferSpec[],
  lengths: Readonly<Record<string, number>>,
  known: Shapes,
): void {
  for (const spec of specs) {
    const length = lengths[spec.name], wanted = lengthOf(spec, known);
    if (length !== wanted) {
      throw new RuntimeError(
        `${asked}: expected ${wanted} elements of ${spec.name}: ${show(spec)}, got ${length}`,
      );
    }
  }
}

/** @throws {RuntimeError} for the first of `names` that is not known */
function checkOpen(asked: string, names: readonly string[], known: Shapes): void {
  const open = names.find((name) => !Object.hasOwn(known, name));
  if (open === undefined) return;
  throw new RuntimeError(
    `${asked}: shape variable ${open} does not follow from the arguments' lengths; give it in shapes`,
  );
}

/** The shape variables that are given or follow from lengths. */
function solve(
  asked: string,
  exe: Executable,
  lengths: Readonly<Record<string, number>>,
  given: Shapes,
): Shapes {
  const known = new Map<string, number>();
  const strange = Object.keys(given).find((name) => !exe.shapeVars.includes(name));
  if (strange !== undefined) {
    throw new RuntimeError(
      `${asked}: expected its shape variables (${exe.shapeVars.join(", ") || "none"}), got ${strange}`,
    );
  }
  for (const name of exe.shapeVars) {
    if (Object.hasOwn(given, name)) known.set(name, given[name] as number);
  }
  // A length may tell a variable only when others are known.
  for (let before = -1; before !== known.size;) {
    before = known.size;
    for (const name of exe.shapeVars) {
      const value = known.has(name) ? undefined : fromLengths(exe, lengths, name, known);
      if (value !== undefined) known.set(name, value);
    }
  }
  for (const [name, value] of known) {
    if (!Number.isInteger(value) || value <= 0) {
      throw new RuntimeError(
        `${asked}: expected shape variable ${name} to be a positive integer, got ${value}`,
      );
    }
  }
  return Object.fromEntries(known);
}

/** The value of a variable that is itself a dimension of an argument, or a factor of one, where all others are known. */
function fromLengths(
  exe: Executable,
  lengths: Readonly<Record<string, number>>,
  name: string,
  known: ReadonlyMap<string, number>,
): number | undefined {
  for (const spec of exe.buffers) {
    const factors = spec.shape.flatMap(factorsOf), others = factors.filter((d) => d !== name);
    if (!Object.hasOwn(lengths, spec.name) || others.length !== factors.length - 1) continue;
    if (!others.flatMap(namesIn).every((n) => known.has(n))) continue;
    const shapes = Object.fromEntries(known);
    return (lengths[spec.name] as number) / others.reduce<number>((n, d) => n * evaluate(d, shapes), 1);
  }
  return undefined;
}

/** The factors of a dimension: rows of several axes are their product. */
function factorsOf(d: ExprJson): readonly ExprJson[] {
  return Array.isArray(d) && d[0] === "mul" ? [d[1], d[2]].flatMap(factorsOf) : [d];
}
