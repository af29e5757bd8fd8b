/**
 * Models from files. ONNX models as graphs: `onnx.load` reads one from a file, and `onnx.read` from its bytes. Language
 * models: `readConfig` reads what shapes one, and `openWeights` opens its weights.
 *
 * @module
 */
/** Reads ONNX models. */
export * as onnx from "./onnx.ts";
export { readConfig, type ReadConfigOptions } from "../models/config/read_config.ts";
export type { Activation, ArchitectureName, ModelConfig } from "../models/config/model_config.ts";
export { type Rope, type RopeFrequencies, ropeFrequencies, type RopeScaling } from "../models/config/rope.ts";
export { ModelError } from "../models/error.ts";
export { openWeights } from "../models/weights/open_weights.ts";
export type {
  ReadOptions,
  StoredType,
  TensorInfo,
  WeightArray,
  WeightSource,
} from "../models/weights/weight_source.ts";
