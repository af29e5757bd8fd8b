import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { SpaceError } from "../../lib/space/error.ts";
import type { PartCount } from "../../lib/space/knobs.ts";
import { enumerateSplits, nearestSplit, withOuter } from "../../lib/space/splits.ts";

/** All tuples of `length` numbers of 1 … most. */
function tuples(length: number, most: number): readonly (readonly number[])[] {
  if (length === 0) return [[]];
  const shorter = tuples(length - 1, most);
  return Array.from({ length: most }, (_, i) => shorter.map((t) => [i + 1, ...t])).flat();
}
const product = (list: readonly number[]) => list.reduce((a, b) => a * b, 1);
const ones = (parts: number) => Array<number>(parts - 1).fill(1);

Deno.test("splits by divisors are those that brute force finds, in the same order", () => {
  for (const extent of [1, 2, 7, 12, 16, 30]) {
    for (const parts of [1, 2, 3, 4] as const) {
      const expected = tuples(parts - 1, extent).filter((t) => extent % product(t) === 0);
      assertEquals(enumerateSplits("i", extent, { parts, preset: ones(parts) }), expected);
    }
  }
});

Deno.test("splits by powers of two are those that brute force finds", () => {
  for (const extent of [1, 3, 8, 12, 17]) {
    for (const parts of [1, 2, 3] as const) {
      const whole = [1, 2, 4, 8, 16, 32].find((p) => p >= extent) ?? 0;
      const expected = tuples(parts - 1, 32)
        .filter((t) => t.every((f) => Math.log2(f) % 1 === 0) && product(t) <= whole);
      const options = { parts, preset: ones(parts), policy: "power2" } as const;
      assertEquals(enumerateSplits("i", extent, options), expected);
    }
  }
});

Deno.test("512 in three parts has 55 splits, as 9 factors 2 go into 3 parts", () => {
  assertEquals(enumerateSplits("i", 512, { parts: 3, preset: [1, 1] }).length, 55);
});

Deno.test("a limit holds for every factor, or for each its own", () => {
  const all = enumerateSplits("i", 64, { parts: 3, preset: [1, 1], max: 4 });
  assertEquals(all.every(([a = 0, b = 0]) => a <= 4 && b <= 4), true);
  assertEquals(all.length, 9);
  const each = enumerateSplits("i", 64, { parts: 3, preset: [1, 1], max: [2, 8] });
  assertEquals([each.length, each.every(([a = 0, b = 0]) => a <= 2 && b <= 8)], [8, true]);
});

Deno.test("a symbolic extent bounds nothing but by its max", () => {
  const options = { parts: 3, preset: [1, 1], policy: "power2", max: [4, 2] } as const;
  assertEquals(enumerateSplits("m", undefined, options), [[1, 1], [1, 2], [2, 1], [2, 2], [4, 1], [4, 2]]);
});

Deno.test("a preset that does not divide becomes the largest legal one below, innermost first", () => {
  const nearest = (extent: number, preset: readonly [number, number]) => {
    const candidates = enumerateSplits("i", extent, { parts: 3, preset });
    return candidates[nearestSplit(candidates, preset)];
  };
  assertEquals(nearest(512, [8, 4]), [8, 4]);
  assertEquals(nearest(16, [8, 4]), [4, 4]);
  assertEquals(nearest(30, [8, 4]), [5, 3]);
  assertEquals(nearest(7, [8, 4]), [7, 1]);
  assertEquals(nearest(1, [8, 4]), [1, 1]);
});

Deno.test("the nearest split never exceeds what was asked for, whatever the extent", () => {
  const factor = fc.integer({ min: 1, max: 64 });
  fc.assert(fc.property(fc.integer({ min: 1, max: 2000 }), factor, factor, (extent, a, b) => {
    const candidates = enumerateSplits("i", extent, { parts: 3, preset: [a, b] });
    const [x = 0, y = 0] = candidates[nearestSplit(candidates, [a, b])] ?? [];
    assertEquals([x <= a, y <= b, extent % (x * y)], [true, true, 0]);
  }));
});

Deno.test("the outermost factor is the rest, rounded up, or null where the extent is symbolic", () => {
  assertEquals(withOuter(100, [8, 4]), [4, 8, 4]);
  assertEquals(withOuter(512, []), [512]);
  assertEquals(withOuter(undefined, [8]), [null, 8]);
});

Deno.test("a split that cannot be declared says why, and what would work", () => {
  const refused = (
    extent: number | undefined,
    options: Parameters<typeof enumerateSplits>[2],
    says: string,
  ) => assertThrows(() => enumerateSplits("tile", extent, options), SpaceError, says);
  refused(0, { parts: 2, preset: [1] }, "an extent is a positive integer");
  refused(1.5, { parts: 2, preset: [1] }, "its extent is 1.5");
  refused(8, { parts: Number("0") as PartCount, preset: [] }, "a split has at least 1");
  refused(8, { parts: 3, preset: [4] }, "3 parts take 2 inner factors");
  refused(8, { parts: 2, preset: [0] }, "each at least 1");
  refused(8, { parts: 3, preset: [1, 1], max: [4] }, "3 parts take one limit or 2");
  refused(undefined, { parts: 2, preset: [1] }, 'use policy "power2" with a max');
  refused(undefined, { parts: 2, preset: [1], policy: "power2" }, "give a max");
});

Deno.test("verbose splits are the divisors and the powers of two, each once and in order", () => {
  const of = (policy: "factors" | "power2" | "verbose") =>
    enumerateSplits("i", 12, { parts: 3, preset: [1, 1], policy }).map(String);
  const both = new Set([...of("factors"), ...of("power2")]);
  assertEquals(new Set(of("verbose")), both);
  assertEquals(of("verbose").length, both.size);
});

Deno.test("listed splits are taken as they are, and the nearest of them is the preset", () => {
  const options = { parts: 3, preset: [8, 4], policy: "candidates", candidates: [[16, 4], [4, 2]] } as const;
  const candidates = enumerateSplits("i", 100, options);
  assertEquals(candidates, [[4, 2], [16, 4]]);
  assertEquals(candidates[nearestSplit(candidates, [8, 4])], [16, 4]);
  assertEquals(candidates[nearestSplit(candidates, [1, 1])], [4, 2]);
  for (const bad of [[], [[1]], [[1, 0]], [[2, 2], [2, 2]]]) {
    assertThrows(
      () => enumerateSplits("i", 100, { ...options, candidates: bad }),
      SpaceError,
      'policy "candidates" takes some tuples of 2 inner factors',
    );
  }
});
