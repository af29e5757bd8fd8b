import { type Executable, isGiven } from "../codegen/executable.ts";
import { lengthOf, type Shapes } from "../runtime/arguments.ts";
import { zeros } from "../runtime/arrays.ts";
import type { Device } from "../runtime/device.ts";

/**
 * Makes the driver compile a program completely. Many drivers compile at the first launch, and keep the result in a cache
 * that other processes share. One workgroup of each kernel runs, on zeros.
 */
export async function warm(device: Device, executable: Executable, shapes: Shapes): Promise<void> {
  const launches = executable.launches.map((l) => ({ ...l, grid: [1, 1, 1] as const }));
  const known = executable.shapeVars.length > 0 ? shapes : {};
  const inputs = executable.buffers.filter(isGiven)
    .map((b) => [b.name, zeros(b.dtype, lengthOf(b, known))] as const);
  using program = await device.load({ ...executable, launches });
  using bound = await program.bind(Object.fromEntries(inputs), known);
  await bound.run(1);
}
