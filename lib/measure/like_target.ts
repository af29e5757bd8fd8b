import type { DeviceOptions } from "../runtime/device.ts";
import type { Target } from "../target/target.ts";

/** Gives the options that open the device of a target. */
export function likeTarget(target: Target): DeviceOptions {
  const { kind, language, relaxedSimd = false, threads = 1, subgroups } = target;
  if (kind === "webgpu") return { backend: kind, subgroups: subgroups !== undefined };
  return { backend: kind, language: language === "js" ? "js" : "wasm", relaxedSimd, threads };
}
