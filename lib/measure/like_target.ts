import type { DeviceOptions } from "../runtime/device.ts";
import type { Target } from "../target/target.ts";

/** Gives the options that open the device of a target. */
export function likeTarget(target: Target): DeviceOptions {
  return { backend: target.kind, subgroups: target.subgroups !== undefined };
}
