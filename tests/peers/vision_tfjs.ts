/** Layers in TensorFlow.js, with the fused operators that its converter makes. */
import * as tf from "@tensorflow/tfjs-core";
import type { Layer } from "./vision_layers.ts";

/** Makes the function of a model: images NHWC to logits. Weights are on the device. */
export function tfjsModel(layers: readonly Layer[]): (image: tf.Tensor4D) => tf.Tensor {
  const made = layers.map(tfjsLayer);
  return (image) =>
    tf.tidy(() => {
      const values = new Map<string, tf.Tensor>([["image", image]]);
      let y: tf.Tensor = image;
      for (const [k, layer] of layers.entries()) {
        const of = (name: string) => values.get(name) as tf.Tensor;
        y = (made[k] as ReturnType<typeof tfjsLayer>)(
          of(layer.x),
          layer.kind === "add" ? of(layer.z) : undefined,
        );
        values.set(layer.y, y);
      }
      return y;
    });
}

function tfjsLayer(layer: Layer): (x: tf.Tensor, z?: tf.Tensor) => tf.Tensor {
  const after = (y: tf.Tensor) =>
    layer.after === "relu" ? tf.relu(y) : layer.after === "relu6" ? tf.relu6(y) : y;
  const activation = layer.after === "none" ? "linear" : layer.after;
  switch (layer.kind) {
    case "conv": {
      const [rows, columns, own, filters] = layer.shape, { groups, stride: strides, padding } = layer;
      const shape: [number, number, number, number] = groups > 1
        ? [rows, columns, filters, 1]
        : [rows, columns, own, filters];
      const filter = tf.tensor4d(layer.filters, shape), bias = tf.tensor1d(layer.bias);
      const conv = groups > 1 ? tf.fused.depthwiseConv2d : tf.fused.conv2d;
      return (x) =>
        conv({
          x: x as tf.Tensor4D,
          filter,
          bias,
          strides,
          pad: padding === 0 ? "valid" : padding,
          activation,
          ...(padding === 0 ? {} : { dimRoundingMode: "floor" as const }),
        });
    }
    case "add":
      return (x, z) => after(tf.add(x, z as tf.Tensor));
    case "maxPool":
      return (x) => after(tf.maxPool(x as tf.Tensor4D, layer.kernel, layer.stride, layer.padding, "floor"));
    case "mean":
      return (x) => after(tf.mean(x, [1, 2]));
    case "linear": {
      const b = tf.tensor2d(layer.weight, [...layer.shape]), bias = tf.tensor1d(layer.bias);
      return (x) => tf.fused.matMul({ a: x as tf.Tensor2D, b, transposeB: true, bias, activation });
    }
    default:
      return layer satisfies never;
  }
}
