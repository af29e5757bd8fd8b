import type { Inputs } from "./known_tensor.ts";
import type { OnnxNode } from "./node.ts";

/** What a Slice takes along one axis. */
export interface Slicing {
  /** The dimension. */
  readonly axis: number;
  /** The first position; below 0 it counts from the end. */
  readonly begin: number;
  /** The position after the last one. */
  readonly end: number;
  /** The distance of neighbouring positions. */
  readonly stride: number;
}

/** Reads what a Slice takes: attributes before version 10, and inputs since. Undefined where only a run knows it. */
export function slicing(node: OnnxNode, inputs: Inputs, rank: number): readonly Slicing[] | undefined {
  const list = (k: number, name: string) => {
    const numbers = inputs[k]?.numbers;
    return node.opset < 10 ? node.ints(name) : numbers && Array.from(numbers);
  };
  const starts = list(1, "starts"), ends = list(2, "ends");
  const axes = list(3, "axes"), steps = list(4, "steps");
  if (!starts || !ends || (inputs[3] && !axes) || (inputs[4] && !steps)) return undefined;
  const along = node.axes(axes ?? starts.map((_, k) => k), rank);
  if (ends.length !== starts.length || along.length !== starts.length) {
    node.fail("starts, ends and axes of one length", `${starts.length}, ${ends.length} and ${along.length}`);
  }
  return along.map((axis, k) => {
    const stride = steps?.[k] ?? 1;
    if (!Number.isSafeInteger(stride) || stride === 0) node.fail("steps that are not 0", `${stride}`);
    return { axis, begin: starts[k] as number, end: ends[k] as number, stride };
  });
}

/** The positions of a slice along an extent. */
export interface Positions {
  /** The first one. */
  readonly from: number;
  /** Their number; may be 0. */
  readonly count: number;
  /** The distance of neighbouring ones. */
  readonly stride: number;
}

/** Gives the positions of a slice along an extent, as Python's slice.indices has them. */
export function positions({ begin, end, stride }: Slicing, extent: number): Positions {
  const [lowest, highest] = stride > 0 ? [0, extent] : [-1, extent - 1];
  const place = (x: number) => Math.max(lowest, Math.min(highest, x < 0 ? x + extent : x));
  const from = place(begin);
  return { from, count: Math.max(0, Math.ceil((place(end) - from) / stride)), stride };
}
