/** What a program must give, where no interpreter may run: the results of Fallback's kernel. */
import { fallback } from "../dlight/fallback/fallback.ts";
import type { PrimFunc } from "../ir/func.ts";
import type { Shapes } from "../ir/shapes.ts";
import type { Inputs, Reference } from "../measure/input_sets.ts";
import { drawInputs, type GivenInputs } from "../measure/random_inputs.ts";
import type { Device } from "../runtime/device.ts";
import { buildBy } from "./build_by.ts";

/** The inputs of a program, and what it gives for them. */
export interface FallbackReference {
  /** Random inputs, and those that are given. */
  readonly inputs: Inputs;
  /** The results of Fallback's kernel for them, with the tolerance of the coarsest float among them. */
  readonly reference: Reference;
}

/**
 * Runs Fallback's kernel on random inputs, or those that are given. It evaluates no text as code, so a page may use it under any policy.
 *
 * @throws {TunebookError} where Fallback's kernel doesn't run on the device
 */
export async function fallbackReference(
  func: PrimFunc,
  device: Device,
  shapes: Shapes,
  seed: number,
  given: GivenInputs = {},
): Promise<FallbackReference> {
  const inputs = drawInputs(func, seed, shapes, given);
  using program = await buildBy(func, device, 0, [fallback]);
  const results = await program.run(inputs, shapes);
  const half = [...func.params, ...func.allocs].some((b) => b.dtype === "f16");
  const outputs = Object.fromEntries(
    Object.entries(results).map((
      [name, values],
    ) => [name, { values, bounds: half ? "f16" : "f32" } as const]),
  );
  return { inputs, reference: () => outputs };
}
