/** Bytes that are needed from one call to another. */
export interface Span {
  /** Bytes. */
  readonly bytes: number;
  /** The first call that needs them. */
  readonly from: number;
  /** The last call that needs them. */
  readonly to: number;
}

/** Where spans lie in one block of memory. */
export interface Packing {
  /** The spans by rising offset. */
  readonly order: readonly number[];
  /** The offset of each span, in the order in which they were given. */
  readonly offsets: readonly number[];
  /** Bytes of the block. */
  readonly bytes: number;
}

/** Whether two spans live at one time. */
export function meet(a: Span, b: Span): boolean {
  return a.from <= b.to && b.from <= a.to;
}

/**
 * Packs spans into one block so that those that live at one time don't overlap: each into the smallest gap that holds it,
 * larger ones first, or those that live longer. The better of several orders is taken (compare TVM's USMP, greedy by size).
 */
export function packNeeds(spans: readonly Span[]): Packing {
  const all = spans.map((_, k) => k);
  const of = (k: number) => spans[k] as Span;
  const length = (k: number) => of(k).to - of(k).from + 1;
  const orders = [
    all.toSorted((a, b) => of(b).bytes - of(a).bytes || length(b) - length(a)),
    all.toSorted((a, b) => of(b).bytes * length(b) - of(a).bytes * length(a)),
    all.toSorted((a, b) => of(a).from - of(b).from || of(b).bytes - of(a).bytes),
  ];
  return orders.map((order) => packedIn(order, spans)).reduce((a, b) => b.bytes < a.bytes ? b : a);
}

function packedIn(order: readonly number[], spans: readonly Span[]): Packing {
  const offsets: number[] = [], placed: number[] = [];
  const offsetOf = (k: number) => offsets[k] as number;
  for (const k of order) {
    const own = spans[k] as Span;
    const others = placed.filter((o) => meet(spans[o] as Span, own)).toSorted((a, b) =>
      offsetOf(a) - offsetOf(b)
    );
    let end = 0, best: { at: number; size: number } | undefined;
    for (const o of others) {
      const size = offsetOf(o) - end;
      if (size >= own.bytes && (!best || size < best.size)) best = { at: end, size };
      end = Math.max(end, offsetOf(o) + (spans[o] as Span).bytes);
    }
    offsets[k] = best?.at ?? end;
    placed.push(k);
  }
  return {
    order: placed.toSorted((a, b) => offsetOf(a) - offsetOf(b)),
    offsets,
    bytes: spans.reduce((n, s, k) => Math.max(n, offsetOf(k) + s.bytes), 0),
  };
}
