/** Packings of spans against enumeration: nothing that lives at one time overlaps, and little is wasted. */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { layoutArena, SLOT_ALIGNED } from "../../lib/codegen/arena.ts";
import { meet, packNeeds, type Span } from "../../lib/relax/pack_needs.ts";

const arbSpans = (most: number) =>
  fc.array(
    fc.record({ bytes: fc.integer({ min: 1, max: 40 }), from: fc.nat(8), length: fc.nat(5) })
      .map(({ bytes, from, length }): Span => ({ bytes, from, to: from + length })),
    { minLength: 1, maxLength: most },
  );

function liveOf(spans: readonly Span[]): number {
  const at = Array.from({ length: 14 }, (_, k) => spans.filter((s) => s.from <= k && k <= s.to));
  return Math.max(...at.map((some) => some.reduce((n, s) => n + s.bytes, 0)));
}

/** The least bytes of any packing: spans placed in every order, each as low as it fits. */
function leastOf(spans: readonly Span[]): number {
  let least = Infinity;
  const place = (
    placed: readonly (Span & { readonly at: number })[],
    rest: readonly Span[],
    top: number,
  ): void => {
    if (top >= least) return;
    if (rest.length === 0) {
      least = top;
      return;
    }
    rest.forEach((s, k) => {
      const others = placed.filter((p) => meet(p, s)).toSorted((a, b) => a.at - b.at);
      let at = 0;
      for (const p of others) if (p.at < at + s.bytes) at = Math.max(at, p.at + p.bytes);
      place([...placed, { ...s, at }], rest.toSpliced(k, 1), Math.max(top, at + s.bytes));
    });
  };
  place([], spans, 0);
  return least;
}

Deno.test("spans that meet don't overlap, and all lie in the block", () => {
  fc.assert(fc.property(arbSpans(30), (spans) => {
    const { offsets, bytes, order } = packNeeds(spans);
    assertEquals(order.toSorted((a, b) => a - b), spans.map((_, k) => k));
    spans.forEach((a, i) => {
      assert((offsets[i] as number) + a.bytes <= bytes);
      spans.slice(0, i).forEach((b, j) => {
        const [x, y] = [offsets[i] as number, offsets[j] as number];
        assert(!meet(a, b) || x + a.bytes <= y || y + b.bytes <= x);
      });
    });
    assert(bytes >= liveOf(spans));
  }));
});

Deno.test("packings are near the least of all, on small sets", () => {
  let total = 0, least = 0, runs = 0, met = 0;
  fc.assert(
    fc.property(arbSpans(6), (spans) => {
      const { bytes } = packNeeds(spans), best = leastOf(spans);
      assert(bytes >= best && best >= liveOf(spans));
      total += bytes;
      least += best;
      runs++;
      if (bytes === best) met++;
    }),
    { numRuns: 100 },
  );
  assert(total <= 1.05 * least && met >= 0.7 * runs, `${total} for ${least}, ${met} of ${runs}`);
});

Deno.test("slots lie behind those that they must, at any smaller sizes too", () => {
  fc.assert(
    fc.property(arbSpans(20), fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 20 }), (spans, parts) => {
      const aligned = spans.map((s) => ({ ...s, bytes: s.bytes * SLOT_ALIGNED }));
      const { order, bytes } = packNeeds(aligned);
      const sorted = order.map((k) => aligned[k] as Span);
      const slots = (scale: (k: number) => number) =>
        sorted.map((s, k) => ({
          bytes: Math.ceil(s.bytes * scale(k) / 16) * 16,
          behind: sorted.slice(0, k).flatMap((o, at) => meet(o, s) ? [at] : []),
        }));
      const largest = layoutArena(slots(() => 1), {});
      assert(largest.bytes <= bytes);
      const some = layoutArena(slots((k) => (parts[k] as number) / 9), {});
      sorted.forEach((a, i) => {
        assertEquals((some.offsets[i] as number) % SLOT_ALIGNED, 0);
        assert((some.offsets[i] as number) <= (largest.offsets[i] as number));
        sorted.slice(0, i).forEach((b, j) => {
          if (!meet(a, b)) return;
          assert((some.offsets[j] as number) + (some.sizes[j] as number) <= (some.offsets[i] as number));
        });
      });
    }),
  );
});
