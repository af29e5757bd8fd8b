/**
 * Models from files as graphs: `onnx.load` reads an ONNX model from a file, and `onnx.read` from its bytes.
 *
 * @module
 */
/** Reads ONNX models. */
export * as onnx from "./onnx.ts";
