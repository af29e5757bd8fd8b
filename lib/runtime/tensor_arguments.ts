/** Checks tensors against the parameters of a program, and takes their memory out of them. */
import type { BufferSpec } from "../codegen/executable.ts";
import { evaluate, type ExprJson } from "../ir/json.ts";
import type { Shapes } from "../ir/shapes.ts";
import type { TypedArray } from "./arrays.ts";
import type { Given } from "./backend.ts";
import { DeviceTensor } from "./device_tensor.ts";
import { RuntimeError } from "./error.ts";

/** Arguments by parameter name: arrays, row-major, or tensors of the device. */
export type Inputs = Readonly<Record<string, TypedArray | DeviceTensor>>;

/** Writes a buffer's dtype and shape. */
export function show(spec: BufferSpec): string {
  const text = (e: ExprJson): string => Array.isArray(e) ? `${e[0]}(${text(e[1])}, ${text(e[2])})` : `${e}`;
  return `${spec.dtype}[${givenShape(spec).map(text).join(", ")}]`;
}

/** The dimensions of an argument as callers give it. */
export function givenShape({ given, shape }: BufferSpec): readonly ExprJson[] {
  return given ?? shape;
}

/** The values of shape variables that are dimensions of tensors. */
export function shapesOfTensors(
  shapeVars: readonly string[],
  specs: readonly BufferSpec[],
  inputs: Inputs,
): Shapes {
  const told: Record<string, number> = {};
  for (const spec of specs) {
    const tensor = inputs[spec.name], shape = givenShape(spec);
    if (!(tensor instanceof DeviceTensor) || tensor.shape.length !== shape.length) continue;
    shape.forEach((d, k) => {
      if (typeof d === "string" && shapeVars.includes(d)) told[d] ??= tensor.shape[k] as number;
    });
  }
  return told;
}

/** @throws {RuntimeError} for a tensor of another shape, and one that is updated in place and given twice */
export function checkTensors(
  asked: string,
  specs: readonly BufferSpec[],
  inputs: Inputs,
  known: Shapes,
): void {
  const tensors = specs.flatMap((spec) => {
    const tensor = inputs[spec.name];
    return tensor instanceof DeviceTensor ? [{ spec, tensor }] : [];
  });
  for (const { spec, tensor: { shape } } of tensors) {
    const wanted = givenShape(spec).map((d) => evaluate(d, known));
    const fits = shape.length === wanted.length && shape.every((d, k) => d === wanted[k]);
    if (!fits) {
      throw new RuntimeError(
        `${asked}: expected ${spec.name}: ${show(spec)}, got a tensor of [${shape.join(", ")}]`,
      );
    }
  }
  for (const { spec, tensor } of tensors) {
    if (spec.role !== "inPlace") continue;
    const other = tensors.find((t) => t.spec !== spec && t.tensor.memory === tensor.memory);
    if (!other) continue;
    throw new RuntimeError(
      `${asked}: expected ${spec.name}, which is updated in place, as a tensor of its own, got that of ${other.spec.name}`,
    );
  }
}

/**
 * Takes the memory out of tensors, as backends take arguments.
 *
 * @throws {RuntimeError} for a tensor that is disposed or on another device
 */
export function memoryIn(asked: string, inputs: Inputs, device: object): Given {
  return Object.fromEntries(
    Object.entries(inputs).map(([name, given]) => {
      if (!(given instanceof DeviceTensor)) return [name, given];
      const { memory } = given;
      if (memory.device === device) return [name, memory];
      throw new RuntimeError(
        `${asked}: expected ${name} on the program's device, got a tensor of another one; read it, and give the array`,
      );
    }),
  );
}
