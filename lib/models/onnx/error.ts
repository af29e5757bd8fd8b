import { TunebookError } from "../../base/error.ts";

/** A file that is no ONNX model, or a model that can't become a graph. The message names the byte or the node. */
export class OnnxError extends TunebookError {
  /** The name of the error's class. */
  override readonly name = "OnnxError";
}
