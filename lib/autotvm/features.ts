/** Features of a scheduled program for a cost model, by family. Every quantity is log2(1 + x). */
import type { PrimFunc } from "../ir/func.ts";
import { targetOf } from "../target/profiles.ts";
import type { Target } from "../target/target.ts";
import type { FeatureInput } from "../estimate/accesses.ts";
import { itervarFeatures, itervarNames } from "./itervar_features.ts";
import { storeNestsOf } from "../estimate/store_nests.ts";
import { targetFeatures, targetNames } from "../estimate/time.ts";

interface FeatureFamily {
  /** The name of each feature, in order. */
  readonly names: readonly string[];
  of(scheduled: FeatureInput): readonly number[];
}

/** Each family of features. `KnobFeatures` is another one; it needs no program. */
export const FAMILIES = {
  itervar: { names: itervarNames, of: itervarFeatures },
  target: { names: targetNames, of: targetFeatures },
} as const satisfies Readonly<Record<string, FeatureFamily>>;

export type Family = keyof typeof FAMILIES;

/**
 * The families that models use by default. AutoTVM's curve features and MetaSchedule's features per store were tested on
 * recorded spaces: alone they ranked worse, and they added nothing to these.
 */
export const DEFAULT_FAMILIES: readonly Family[] = ["itervar", "target"];

/** The names of the features of some families, in the order of `loopFeatures`. */
export function featureNames(families: readonly Family[] = DEFAULT_FAMILIES): readonly string[] {
  return families.flatMap((f) => FAMILIES[f].names);
}

/**
 * Computes the features of a program on a target, one for each of `featureNames`. Shape variables count as 512. Without
 * a target it assumes a generic GPU.
 */
export function loopFeatures(
  func: PrimFunc,
  target: Target = targetOf("generic-webgpu"),
  families: readonly Family[] = DEFAULT_FAMILIES,
): Float64Array {
  const scheduled = { func, leaves: storeNestsOf(func), target };
  return Float64Array.from(families.flatMap((f) => FAMILIES[f].of(scheduled)), (x) => Math.log2(1 + x));
}
