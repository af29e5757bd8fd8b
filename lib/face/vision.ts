/**
 * Vision models as graphs, and random weights for them: to try the whole way from a graph to a device without a file.
 * `build(graph, device, { weights })` runs one.
 */
export { mobilenetV2 } from "../models/vision/mobilenet_v2.ts";
export { resnet18 } from "../models/vision/resnet18.ts";
export { randomWeights, type RandomWeightsOptions } from "../models/vision/random_weights.ts";
export type { VisionOptions } from "../models/vision/options.ts";
