import { checkArgument, checkOptions, type Fields } from "../../base/check_options.ts";
import { integer } from "../../base/option_kinds.ts";
import { Rng } from "../../base/random.ts";
import type { Graph } from "../../relax/graph.ts";
import { graphKind } from "../../relax/kinds.ts";

/** The options of {@linkcode randomWeights}. */
export interface RandomWeightsOptions {
  /** The same seed gives the same weights. Default: 0. */
  readonly seed?: number;
}
const OPTIONS = { seed: integer() } satisfies Fields<RandomWeightsOptions>;

/**
 * Gives a vision model random weights that keep the magnitude of what goes through it: `weights` of `build`.
 *
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 */
export function randomWeights(
  graph: Graph,
  options: RandomWeightsOptions = {},
): Record<string, Float32Array<ArrayBuffer>> {
  checkArgument("vision.randomWeights", "graph", graph, graphKind);
  checkOptions("vision.randomWeights", options, OPTIONS);
  const rng = Rng.of(options.seed ?? 0);
  const channels = graph.inputs[0]?.type.shape.at(-1),
    nhwc = channels?.kind === "const" && channels.value === 3;
  return Object.fromEntries(graph.weights.map(({ name, type }) => {
    const extents = type.shape.map((d) => d.kind === "const" ? d.value : NaN);
    const size = extents.reduce((n, d) => n * d, 1);
    const filters = (nhwc && extents.length === 4 ? extents.at(-1) : extents[0]) as number;
    // So wide that the sums have the variance of what is summed (He et al., arXiv 1502.01852).
    const wide = extents.length === 1 ? 0.1 : Math.sqrt(6 * filters / size);
    const positive = name.endsWith("_variance") || name.endsWith("_gamma");
    return [
      name,
      new Float32Array(size).map(() => positive ? 0.5 + rng.float() : (2 * rng.float() - 1) * wide),
    ];
  }));
}
