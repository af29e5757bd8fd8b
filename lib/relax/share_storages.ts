/** Storages for things that are needed at different times. */
import { meet, type Span } from "./pack_needs.ts";

/** Storages, and which of them each span has. */
export interface SharedStorages {
  /** Bytes of each storage. */
  readonly storages: readonly number[];
  /** The storage of each span, by its index. */
  readonly places: readonly number[];
}

/**
 * Shares storages among spans that don't live at one time (a colouring of intervals by size; compare Relax's
 * StaticPlanBlockMemory, which takes calls in order). Larger spans are placed first, each in the storage that fits it best.
 * Spans share within a kind; the default is one kind.
 */
export function shareStorages(
  spans: readonly Span[],
  kindOf: (span: number) => string = () => "",
): SharedStorages {
  const places: number[] = [];
  const storages: { readonly kind: string; readonly bytes: number; readonly taken: Span[] }[] = [];
  for (const k of spans.map((_, k) => k).toSorted((a, b) => bytesOf(spans, b) - bytesOf(spans, a))) {
    const span = spans[k] as Span, kind = kindOf(k);
    const free = storages.filter((s) => s.kind === kind && !s.taken.some((t) => meet(t, span)));
    // All are large enough, because larger spans came before; the smallest leaves the others to larger ones.
    const best = free.reduce<typeof free[number] | undefined>(
      (x, y) => x && x.bytes <= y.bytes ? x : y,
      undefined,
    );
    const storage = best ?? { kind, bytes: span.bytes, taken: [] };
    if (!best) storages.push(storage);
    storage.taken.push(span);
    places[k] = storages.indexOf(storage);
  }
  return { storages: storages.map((s) => s.bytes), places };
}

/** The most bytes of spans that live at one time. */
export function mostAlive(spans: readonly Span[]): number {
  // The sum grows only where a span begins.
  return Math.max(
    0,
    ...spans.map(({ from }) =>
      spans.filter((s) => s.from <= from && from <= s.to).reduce((n, s) => n + s.bytes, 0)
    ),
  );
}

function bytesOf(spans: readonly Span[], k: number): number {
  return spans[k]?.bytes ?? 0;
}
