import type { Target } from "../target/target.ts";

/**
 * The order of images' dimensions that the rule for convolutions computes fastest on a target. Neighbouring channels lie
 * beside each other in NHWC, and are read as one vector. Undefined on targets without vectors, where both are alike.
 */
export function preferredLayout({ lanes }: Target): "NHWC" | undefined {
  return lanes > 1 ? "NHWC" : undefined;
}
