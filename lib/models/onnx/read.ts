import { checkArgument, checkOptions, type Fields, type Kind } from "../../base/check_options.ts";
import { aFunction, instanceOf, passing, recordOf } from "../../base/option_kinds.ts";
import type { Graph } from "../../relax/graph.ts";
import { type Extent, isExtent } from "./extents.ts";
import { importModel, type OnnxTensor } from "./import_graph.ts";
import type { ModelProto } from "./messages.ts";
import { readModel } from "./read_messages.ts";
import type { External, Weights } from "./tensor_data.ts";

/** The options of {@linkcode read} and {@linkcode load}, external data apart. */
export interface OnnxShapeOptions {
  /**
   * Extents of dimensions by their names in the model, as `{ batch: 1 }`, or all extents of an input by its name, as
   * `{ x: [1, 3, 48, "width"] }`. An extent is a number, or the name of a shape variable. Dimensions that are left out
   * become shape variables.
   */
  readonly shapes?: Readonly<Record<string, number | string | readonly (number | string)[]>>;
  /** Elements of inputs that are always the same, by name: shapes may depend on them. They are no inputs of the graph. */
  readonly constants?: Readonly<Record<string, ArrayLike<number>>>;
}

/** The options of {@linkcode read}. */
export interface OnnxReadOptions extends OnnxShapeOptions {
  /** Gives the bytes of a file of external data, by its name in the model. Default: external data is refused. */
  readonly external?: External;
}

const extents: Kind<Extent | readonly Extent[]> = passing(
  "a positive integer, the name of a shape variable, or a list of them",
  (x) => [x].flat().every(isExtent),
);
const numbers: Kind<ArrayLike<number>> = passing(
  "a list of numbers",
  (x) => ArrayBuffer.isView(x) || (Array.isArray(x) && x.every((n) => typeof n === "number")),
);

/** The kinds of {@linkcode OnnxShapeOptions}. */
export const SHAPE_OPTIONS = {
  shapes: recordOf(extents),
  constants: recordOf(numbers),
} satisfies Fields<OnnxShapeOptions>;
const OPTIONS = {
  ...SHAPE_OPTIONS,
  external: aFunction<External>("a function that gives a file's bytes by its name"),
} satisfies Fields<OnnxReadOptions>;

/** An ONNX model as a graph. */
export interface OnnxModel {
  /** The graph; `build(graph, device, { weights })` runs it. */
  readonly graph: Graph;
  /** The weights by their names in the graph. */
  readonly weights: Record<string, Weights>;
  /** The name of the model's graph. */
  readonly name: string;
  /** The version of ONNX's operators that the model uses. */
  readonly opset: number;
  /** The inputs that a run is given, in order. */
  readonly inputs: readonly OnnxTensor[];
  /** The outputs, in order. */
  readonly outputs: readonly OnnxTensor[];
}

/**
 * Reads an ONNX model as a graph. Arithmetic on shapes is done at import; 64-bit integers become i32, and doubles f32.
 *
 * @param bytes the file; weights may be views of it, so it must not change
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {OnnxError} for bytes that are no model, operators that graphs don't have, and values that don't fit; also for names in `shapes` that the model hasn't
 */
export function read(bytes: Uint8Array<ArrayBuffer>, options: OnnxReadOptions = {}): OnnxModel {
  checkArgument("onnx.read", "bytes", bytes, instanceOf(Uint8Array));
  checkOptions("onnx.read", options, OPTIONS);
  return readParsed(readModel(bytes), options);
}

/** Makes a graph of a model whose messages have been read. */
export function readParsed(model: ModelProto, options: OnnxReadOptions): OnnxModel {
  const { shapes = {}, constants = {}, external } = options;
  const made = importModel(model, { shapes, constants, ...(external ? { external } : {}) });
  return { ...made, name: model.graph?.name ?? "", opset: model.opsets.get("") ?? 1 };
}
