import type { PrimFunc } from "../../ir/func.ts";
import type { Shapes } from "../../ir/shapes.ts";
import type { ImageLayout } from "../../op/window.ts";
import type { Graph } from "../graph.ts";

/** What passes can't know by themselves: the device, and the rules that schedule functions. */
export interface PassContext {
  /** The most buffers that a function may have: the device's storage buffers a stage. Default: no limit. */
  readonly maxBuffers?: number;
  /**
   * Tells whether a fused function is scheduled as well as its parts: it is asked before two functions become one.
   * Default: any is.
   */
  readonly accepts?: (fused: PrimFunc, parts: readonly PrimFunc[]) => boolean;
  /** Values of shape variables that are always the same. Default: none. */
  readonly shapes?: Shapes;
  /** The order of images' dimensions in which convolutions are computed. Default: as each is written. */
  readonly layout?: ImageLayout;
  /** `f16`: products and convolutions of f32 take and give f16, and sum in f32. Default: as written. */
  readonly precision?: "f16";
  /** The most bytes of a buffer. Default: no limit. */
  readonly maxBufferBytes?: number;
}

/** One step from a graph to another that computes the same. */
export interface GraphPass {
  /** Its name, as Relax has it where Relax has it. */
  readonly name: string;
  /** Makes the graph. */
  readonly run: (g: Graph, context?: PassContext) => Graph;
}
