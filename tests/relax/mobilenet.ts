import { MOBILENET_V2 } from "../../lib/op/models.ts";
import { type BlockBuilder, graph } from "../../lib/relax/builder.ts";
import type { Graph } from "../../lib/relax/graph.ts";
import type { Value } from "../../lib/relax/value.ts";

/** MobileNetV2 as a graph in NHWC: images of `size` by `size` in, 1000 logits out. */
export function mobilenet(size = 224): Graph {
  return graph("mobilenet_v2", (b) => {
    const net = new Layers(b);
    let x = net.conv(b.input("image", [1, size, size, 3]), 3, 32, { kernel: 3, stride: 2 });
    let channels = 32;
    for (const [expansion, filters, blocks, stride] of MOBILENET_V2) {
      for (let block = 0; block < blocks; block++) {
        const wide = channels * expansion, step = block === 0 ? stride : 1;
        let y = expansion > 1 ? net.conv(x, channels, wide, {}) : x;
        y = net.conv(y, wide, wide, { kernel: 3, stride: step, groups: wide });
        y = net.conv(y, wide, filters, { linear: true });
        x = step === 1 && channels === filters ? b.add(x, y) : y;
        channels = filters;
      }
    }
    const pooled = b.globalAvgPool2d(net.conv(x, channels, 1280, {}), { layout: "NHWC" });
    const flat = b.reshape(pooled, [1, 1280]);
    return { logits: b.add(b.linear(flat, b.weight("classify", [1000, 1280])), b.weight("bias", [1000])) };
  });
}

interface Layer {
  readonly kernel?: number;
  readonly stride?: number;
  readonly groups?: number;
  readonly linear?: boolean;
}

/** Adds layers with weights of their own. */
class Layers {
  #count = 0;

  constructor(readonly b: BlockBuilder) {}

  conv(x: Value, channels: number, filters: number, layer: Layer): Value {
    const { b } = this, { kernel = 1, stride = 1, groups = 1, linear = false } = layer;
    const k = this.#count++;
    const w = b.weight(`w${k}`, [kernel, kernel, channels / groups, filters]);
    const y = b.conv2d(x, w, { layout: "NHWC", stride, padding: Math.floor(kernel / 2), groups });
    const z = b.add(y, b.weight(`b${k}`, [filters]));
    return linear ? z : b.clip(z, { min: 0, max: 6 });
  }
}
