import type { BufferSpec, Executable } from "../codegen/executable.ts";
import { evaluate } from "../ir/json.ts";
import type { Shapes } from "../ir/shapes.ts";
import type { DeviceMemory } from "./device_memory.ts";
import { DeviceTensor } from "./device_tensor.ts";
import { givenShape } from "./tensor_arguments.ts";

/** Makes tensors of a run's results. */
export function tensorsOf(
  exe: Executable,
  made: Readonly<Record<string, DeviceMemory>>,
  shapes: Shapes,
): Record<string, DeviceTensor> {
  return Object.fromEntries(
    Object.entries(made).map(([name, memory]) => {
      const shape = givenShape(exe.buffers.find((b) => b.name === name) as BufferSpec);
      return [name, new DeviceTensor(memory, shape.map((d) => evaluate(d, shapes)))];
    }),
  );
}
