/**
 * Models as graphs: `onnx.load` reads an ONNX model from a file, and `onnx.read` from its bytes; `vision` has models with
 * random weights.
 *
 * @module
 */
/** Reads ONNX models. */
export * as onnx from "./onnx.ts";
/** Vision models with random weights. */
export * as vision from "./vision.ts";
