import { checkOptions } from "../../base/check_options.ts";
import { MOBILENET_V2 } from "../../op/models.ts";
import { graph } from "../../relax/builder.ts";
import type { Graph } from "../../relax/graph.ts";
import type { Value } from "../../relax/value.ts";
import { NetworkBuilder } from "./network.ts";
import { VISION, type VisionOptions } from "./options.ts";

/**
 * Makes MobileNetV2 (Sandler et al., arXiv 1801.04381) as a graph: input `image`, output `logits` [batch, classes]. Its 52
 * convolutions have batch norms of their own, as models in training do.
 *
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 */
export function mobilenetV2(options: VisionOptions = {}): Graph {
  checkOptions("vision.mobilenetV2", options, VISION);
  return graph("mobilenet_v2", (b) => {
    const net = new NetworkBuilder(b, options);
    let x = net.conv(net.image(), { filters: 32, kernel: 3, stride: 2, after: "relu6" });
    for (const [expansion, filters, blocks, stride] of MOBILENET_V2) {
      for (let k = 0; k < blocks; k++) x = inverted(net, x, expansion, filters, k === 0 ? stride : 1);
    }
    return { logits: net.head(net.conv(x, { filters: 1280, kernel: 1, after: "relu6" })) };
  });
}

/** An inverted residual: it widens, convolves each channel by itself, and narrows. */
function inverted(net: NetworkBuilder, x: Value, expansion: number, filters: number, stride: number): Value {
  const wide = net.channels(x) * expansion;
  const h = expansion === 1 ? x : net.conv(x, { filters: wide, kernel: 1, after: "relu6" });
  const d = net.conv(h, { filters: wide, kernel: 3, stride, depthwise: true, after: "relu6" });
  const y = net.conv(d, { filters, kernel: 1 });
  return stride === 1 && net.channels(x) === filters ? net.b.add(x, y) : y;
}
