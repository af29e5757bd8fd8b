import type { ClipOptions } from "../../op/clip.ts";
import type { ImageLayout } from "../../op/window.ts";
import type { BlockBuilder } from "../../relax/builder.ts";
import type { Value } from "../../relax/value.ts";
import type { VisionOptions } from "./options.ts";

/** What follows a convolution and its batch norm. */
export type After = "relu" | "relu6" | "none";

/** A convolution with its batch norm. */
export interface Layer {
  /** Channels of the result. */
  readonly filters: number;
  /** Rows and columns of the window; it is padded such that stride 1 keeps the size. */
  readonly kernel: number;
  /** The distance between neighbouring windows. Default: 1. */
  readonly stride?: number;
  /** True where each channel has a filter of its own. Default: false. */
  readonly depthwise?: boolean;
  /** What follows. Default: none. */
  readonly after?: After;
}

const RELU6: ClipOptions = { min: 0, max: 6 };

/** Builds networks of convolutions, layer by layer. Weights are named in order: `conv0_weight`, `norm0_gamma`, … */
export class NetworkBuilder {
  readonly layout: ImageLayout;
  #layers = 0;

  /** Builds on a graph's builder. */
  constructor(readonly b: BlockBuilder, readonly options: VisionOptions) {
    this.layout = options.layout ?? "NHWC";
  }

  /** The pictures: channels of red, green and blue. */
  image(): Value {
    const { size = 224, batch = 1 } = this.options;
    return this.b.input("image", this.layout === "NHWC" ? [batch, size, size, 3] : [batch, 3, size, size]);
  }

  /** The number of a value's channels. */
  channels(x: Value): number {
    const d = x.type.shape[this.layout === "NHWC" ? 3 : 1];
    return d?.kind === "const" ? d.value : NaN;
  }

  /** A convolution without a bias, its batch norm, and what follows. */
  conv(x: Value, { filters, kernel, stride = 1, depthwise = false, after = "none" }: Layer): Value {
    const { b, layout } = this, k = this.#layers++, channels = this.channels(x);
    const inGroup = depthwise ? 1 : channels, nhwc = layout === "NHWC";
    const w = b.weight(
      `conv${k}_weight`,
      nhwc ? [kernel, kernel, inGroup, filters] : [filters, inGroup, kernel, kernel],
    );
    const groups = depthwise ? channels : 1, padding = Math.floor(kernel / 2);
    const sums = b.conv2d(x, w, { stride, padding, groups, layout });
    const of = (name: string) => b.weight(`norm${k}_${name}`, [filters]);
    const statistics = { mean: of("mean"), variance: of("variance") };
    const y = b.batchNorm(sums, of("gamma"), of("beta"), statistics, { axis: nhwc ? 3 : 1 });
    return after === "relu" ? b.relu(y) : after === "relu6" ? b.clip(y, RELU6) : y;
  }

  /** The means of the channels, and a linear layer of classes. */
  head(x: Value): Value {
    const { b, options: { classes = 1000 } } = this, channels = this.channels(x);
    const means = b.globalAvgPool2d(x, { layout: this.layout });
    const w = b.weight("classifier_weight", [classes, channels]);
    return b.linear(means, w, { bias: b.weight("classifier_bias", [classes]) });
  }
}
