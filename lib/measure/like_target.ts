import type { DeviceOptions } from "../runtime/device.ts";
import type { Target } from "../target/target.ts";

/** The options that open a device like a target. */
export function likeTarget(target: Target): DeviceOptions {
  return { backend: target.kind, subgroups: target.subgroups !== undefined };
}
