import type { Target } from "../target/target.ts";

/**
 * The order of images' dimensions that the rule for convolutions computes fastest on a target. Neighbouring channels lie
 * beside each other in NHWC, and are read as one vector.
 */
export function preferredLayout(_: Target): "NCHW" | "NHWC" {
  return "NHWC";
}
