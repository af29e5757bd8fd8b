import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { type Label, placeLabels } from "../../lib/charts/place_labels.ts";

/** What a label covers, as long as a letter is at its widest. */
function boxOf({ text, x, y, align }: Label) {
  const length = text.length * 5.5;
  const left = align === "left" ? x : align === "right" ? x - length : x - length / 2;
  return { left, right: left + length, top: y - 6, bottom: y + 6 };
}

Deno.test("labels lie neither on each other nor on points nor on what is taken, and inside of the plot", () => {
  const arb = fc.array(
    fc.record({
      x: fc.integer({ min: 0, max: 400 }),
      y: fc.integer({ min: 0, max: 300 }),
      text: fc.stringMatching(/^[a-z]{1,12}$/),
    }),
    { maxLength: 30 },
  );
  const taken = [{ left: 0, right: 400, top: 149, bottom: 151 }];
  fc.assert(fc.property(arb, (points) => {
    const labels = placeLabels(points, { width: 400, height: 300, taken });
    const boxes = labels.map(boxOf);
    const all = [
      ...taken,
      ...points.map(({ x, y }) => ({ left: x - 4, right: x + 4, top: y - 4, bottom: y + 4 })),
    ];
    boxes.forEach((b, k) => {
      assert(b.left >= -1 && b.right <= 401 && b.top >= -1 && b.bottom <= 301);
      for (const other of [...all, ...boxes.slice(0, k)]) {
        const apart = b.right <= other.left || other.right <= b.left || b.bottom <= other.top ||
          other.bottom <= b.top;
        assert(apart, JSON.stringify([b, other]));
      }
    });
  }));
});

Deno.test("a lone point's name stands to its right; where there is no room at all it is left out", () => {
  const [label] = placeLabels([{ x: 50, y: 50, text: "here" }], { width: 200, height: 100 });
  assertEquals(label, { text: "here", align: "left", x: 59, y: 50 });
  assertEquals(
    placeLabels([{ x: 5, y: 5, text: "long name" }, { x: 9, y: 9 }], { width: 20, height: 20 }),
    [],
  );
});

Deno.test("a label that is far from its point has a line to it", () => {
  const crowd = Array.from({ length: 12 }, () => ({ x: 100, y: 100, text: "the same place" }));
  const labels = placeLabels(crowd, { width: 400, height: 300 });
  assertEquals(labels.length, 12);
  assertEquals(labels[0]?.to, undefined);
  assertEquals(labels.at(-1)?.to, { x: 100, y: 100 });
});
