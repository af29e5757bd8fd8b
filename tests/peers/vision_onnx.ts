/** Layers as an ONNX model, as exporters write them: NCHW, batch norms folded. */
import { type Initializer, modelBytes, type Node } from "./onnx_model.ts";
import { permuted } from "./layout.ts";
import type { Layer } from "./vision_layers.ts";

/** Writes the model: `image` [1, 3, size, size] to `logits`. */
export function onnxModel(layers: readonly Layer[], size: number): Uint8Array {
  const constants: Initializer[] = [], nodes: Node[] = [];
  const constant = (name: string, dims: readonly number[], data: Float32Array<ArrayBuffer>) => {
    constants.push({
      name,
      type: "float32",
      dims,
      data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
    });
    return name;
  };
  constant("zero", [], Float32Array.of(0));
  constant("six", [], Float32Array.of(6));
  const node = (op: string, inputs: readonly string[], y: string, attributes: Node["attributes"] = {}) =>
    nodes.push({ op, inputs, outputs: [y], attributes });
  for (const [k, layer] of layers.entries()) {
    const y = layer.after === "none" ? layer.y : `${layer.y}_sum`;
    const square = (n: number) => [n, n], sides = (n: number) => [n, n, n, n];
    switch (layer.kind) {
      case "conv": {
        const arg = permuted({ name: "w", shape: layer.shape, data: layer.filters }, [3, 2, 0, 1]);
        const w = constant(`w${k}`, arg.shape, arg.data as Float32Array<ArrayBuffer>);
        const b = constant(`b${k}`, [layer.shape[3]], layer.bias);
        const { stride, padding, groups } = layer, [rows, columns] = layer.shape;
        const window = { kernel_shape: [rows, columns], strides: square(stride), pads: sides(padding) };
        node("Conv", [layer.x, w, b], y, { ...window, group: groups });
        break;
      }
      case "add":
        node("Add", [layer.x, layer.z], y);
        break;
      case "maxPool": {
        const { kernel, stride, padding } = layer;
        const window = { kernel_shape: square(kernel), strides: square(stride), pads: sides(padding) };
        node("MaxPool", [layer.x], y, window);
        break;
      }
      case "mean":
        node("GlobalAveragePool", [layer.x], `${y}_image`);
        node("Flatten", [`${y}_image`], y, { axis: 1 });
        break;
      case "linear": {
        const w = constant(`w${k}`, layer.shape, layer.weight),
          b = constant(`b${k}`, [layer.shape[0]], layer.bias);
        node("Gemm", [layer.x, w, b], y, { transB: 1 });
        break;
      }
      default:
        layer satisfies never;
    }
    if (layer.after === "relu") node("Relu", [y], layer.y);
    if (layer.after === "relu6") node("Clip", [y, "zero", "six"], layer.y);
  }
  const last = layers.at(-1) as Layer, classes = last.kind === "linear" ? last.shape[0] : 0;
  return modelBytes({
    nodes,
    inputs: [{ name: "image", type: "float32", dims: [1, 3, size, size] }],
    outputs: [{ name: last.y, type: "float32", dims: [1, classes] }],
    initializers: constants,
  });
}
