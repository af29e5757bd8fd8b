/** ONNX models as graphs: `load` reads a file, and `read` its bytes. `build(graph, device, { weights })` runs one. */
export { load } from "../models/onnx/load.ts";
export { type OnnxModel, type OnnxReadOptions, type OnnxShapeOptions, read } from "../models/onnx/read.ts";
export { OnnxError } from "../models/onnx/error.ts";
export type { OnnxTensor } from "../models/onnx/import_graph.ts";
export type { ElementType } from "../models/onnx/element_types.ts";
export type { Elements, External, Weights } from "../models/onnx/tensor_data.ts";
