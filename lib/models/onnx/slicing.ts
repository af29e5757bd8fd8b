import type { KnownElement } from "./item.ts";
import type { Inputs } from "./known_tensor.ts";
import type { OnnxNode } from "./node.ts";

/** What a Slice takes along one axis: numbers, or expressions of shape variables. */
export interface Slicing {
  /** The dimension. */
  readonly axis: number;
  /** The first position; below 0 it counts from the end. */
  readonly begin: KnownElement;
  /** The position after the last one. */
  readonly end: KnownElement;
  /** The distance of neighbouring positions. */
  readonly stride: number;
}

/** Reads what a Slice takes: attributes before version 10, and inputs since. Undefined where only a run knows it. */
export function slicing(node: OnnxNode, inputs: Inputs, rank: number): readonly Slicing[] | undefined {
  const list = (k: number, name: string): readonly KnownElement[] | undefined => {
    const known = inputs[k]?.known;
    return node.opset < 10 ? node.ints(name) : known && Array.from(known);
  };
  const numbers = (k: number, name: string) => list(k, name)?.filter((x) => typeof x === "number");
  const starts = list(1, "starts"), ends = list(2, "ends");
  const axes = numbers(3, "axes"), steps = numbers(4, "steps");
  if (!starts || !ends || (inputs[3] && !axes) || (inputs[4] && !steps)) return undefined;
  const along = node.axes(axes ?? starts.map((_, k) => k), rank);
  if (ends.length !== starts.length || along.length !== starts.length) {
    node.fail("starts, ends and axes of one length", `${starts.length}, ${ends.length} and ${along.length}`);
  }
  return along.map((axis, k) => {
    const stride = steps?.[k] ?? 1;
    if (!Number.isSafeInteger(stride) || stride === 0) node.fail("steps that are not 0", `${stride}`);
    return { axis, begin: starts[k] as KnownElement, end: ends[k] as KnownElement, stride };
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

/**
 * Gives the positions of a slice along an extent, as Python's slice.indices has them; undefined for bounds that are
 * expressions.
 */
export function positions({ begin, end, stride }: Slicing, extent: number): Positions | undefined {
  if (typeof begin !== "number" || typeof end !== "number") return undefined;
  const [lowest, highest] = stride > 0 ? [0, extent] : [-1, extent - 1];
  const place = (x: number) => Math.max(lowest, Math.min(highest, x < 0 ? x + extent : x));
  const from = place(begin);
  return { from, count: Math.max(0, Math.ceil((place(end) - from) / stride)), stride };
}
