import { interpretBounded } from "../interp/interpret_bounded.ts";
import type { PrimFunc } from "../ir/func.ts";
import type { Shapes } from "../runtime/arguments.ts";
import type { Device } from "../runtime/device.ts";
import { Bench } from "./bench.ts";
import { inputSets } from "./input_sets.ts";
import type { GivenInputs } from "./random_inputs.ts";

/**
 * Makes the bench of a program, whose results the interpreter gives.
 *
 * @throws {TunebookError} if a candidate that does nothing would seem right
 */
export function benchOf(
  device: Device,
  func: PrimFunc,
  shapes: Shapes,
  seed: number,
  inputs: GivenInputs = {},
): Bench {
  const sets = inputSets(func, shapes, seed, inputs, (given) => interpretBounded(func, given, { shapes }));
  return new Bench(device, shapes, sets);
}
