import { checkOptions } from "../../base/check_options.ts";
import { RESNET18 } from "../../op/models.ts";
import { graph } from "../../relax/builder.ts";
import type { Graph } from "../../relax/graph.ts";
import type { Value } from "../../relax/value.ts";
import { NetworkBuilder } from "./network.ts";
import { VISION, type VisionOptions } from "./options.ts";

/**
 * Makes ResNet-18 (He et al., arXiv 1512.03385) as a graph: input `image`, output `logits` [batch, classes]. Its 20
 * convolutions have batch norms of their own, as models in training do.
 *
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 */
export function resnet18(options: VisionOptions = {}): Graph {
  checkOptions("vision.resnet18", options, VISION);
  return graph("resnet18", (b) => {
    const net = new NetworkBuilder(b, options);
    const first = net.conv(net.image(), { filters: 64, kernel: 7, stride: 2, after: "relu" });
    let x = b.maxPool2d(first, { kernel: 3, stride: 2, padding: 1, layout: net.layout });
    for (const [filters, blocks, stride] of RESNET18) {
      for (let k = 0; k < blocks; k++) x = residual(net, x, filters, k === 0 ? stride : 1);
    }
    return { logits: net.head(x) };
  });
}

/** Two convolutions, beside the input as it is or, where its shape changes, convolved with windows of one element. */
function residual(net: NetworkBuilder, x: Value, filters: number, stride: number): Value {
  const h = net.conv(x, { filters, kernel: 3, stride, after: "relu" });
  const y = net.conv(h, { filters, kernel: 3 });
  const same = stride === 1 && net.channels(x) === filters;
  return net.b.relu(net.b.add(y, same ? x : net.conv(x, { filters, kernel: 1, stride })));
}
