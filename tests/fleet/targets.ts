import { targetOf } from "../../lib/target/profiles.ts";
import type { Peaks, Target } from "../../lib/target/target.ts";

export const peaks: Peaks = { gflops: 1, bufferGbps: 1, textureGbps: 0, copyGbps: 1, launchMs: 0.01 };

/** The device of workers that measure nothing. */
export const target: Target = { ...targetOf("cpu"), peaks };
