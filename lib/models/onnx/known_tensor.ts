/** Tensors whose elements are known at import. */
import { type Item, type KnownElement, knownItem } from "./item.ts";
import type { OnnxNode } from "./node.ts";

/** The inputs of a node; those that are left out are undefined. */
export type Inputs = readonly (Item | undefined)[];
/** A value whose elements are all known. */
export type Known = Item & { readonly known: ArrayLike<KnownElement> };
/** Computes a node at import; undefined where a graph has to. */
export type Fold = (node: OnnxNode, inputs: Inputs) => Item | readonly Item[] | undefined;
/** Computes a node of known inputs. */
export type KnownFold = (node: OnnxNode, inputs: readonly Known[], dims: readonly (readonly number[])[]) =>
  | Item
  | readonly Item[]
  | undefined;

/** The most elements that are computed at import. */
export const MOST = 4096;

/** Computes a node whose inputs are all known, and few. */
export function ofKnown(fold: KnownFold): Fold {
  return (node, inputs) => {
    const given = inputs.filter((x) => x !== undefined);
    // An input between others that is left out would move them.
    if (given.length === 0 || inputs.slice(0, given.length).includes(undefined)) return undefined;
    const dims = given.map((x) => x.dims);
    const few = given.every((x, k) => x.known && dims[k] && x.known.length <= MOST);
    return few ? fold(node, given as readonly Known[], dims as readonly (readonly number[])[]) : undefined;
  };
}

/** The number of elements of a shape. */
export const sizeOf = (dims: readonly number[]) => dims.reduce((n, d) => n * d, 1);

/** Takes elements by their index in another shape. */
export function taken(
  item: Known,
  dims: readonly number[],
  from: (at: readonly number[]) => number,
): Item | undefined {
  const size = sizeOf(dims);
  if (size > MOST) return undefined;
  const elements = Array.from(
    { length: size },
    (_, k) => item.known[from(unraveled(k, dims))] as KnownElement,
  );
  return knownItem(item.type, dims, elements);
}

/** The position of an element by its index in the order of rows. */
export function unraveled(k: number, dims: readonly number[]): readonly number[] {
  const at = dims.map(() => 0);
  for (let d = dims.length - 1, rest = k; d >= 0; d--) {
    const extent = dims[d] as number;
    at[d] = rest % extent;
    rest = Math.floor(rest / extent);
  }
  return at;
}

/** The index of a position in the order of rows. */
export function raveled(at: readonly number[], dims: readonly number[]): number {
  return at.reduce((k, i, d) => k * (dims[d] as number) + i, 0);
}

/** The index in a tensor of a position in the shape that it is broadcast to. */
export function broadcastIndex(at: readonly number[], dims: readonly number[]): number {
  const first = at.length - dims.length;
  return raveled(dims.map((d, k) => d === 1 ? 0 : at[first + k] as number), dims);
}

/** The shape of several together; undefined where they do not fit, or have too many elements. */
export function broadcastDims(all: readonly (readonly number[])[]): readonly number[] | undefined {
  const rank = Math.max(...all.map((d) => d.length));
  const dims = Array.from({ length: rank }, (_, k) => {
    const own = all.map((d) => d[k - rank + d.length] ?? 1), wide = own.find((d) => d !== 1) ?? 1;
    return own.every((d) => d === 1 || d === wide) ? wide : -1;
  });
  return dims.includes(-1) || sizeOf(dims) > MOST ? undefined : dims;
}
