import { assertEquals, assertThrows } from "@std/assert";
import { SpaceError } from "../../lib/space/error.ts";
import { annotateKnob, knobDistance, reorderKnob } from "../../lib/space/knob.ts";
import { ordersOf } from "../../lib/space/orders.ts";

const loops = ["i", "j", "k", "l"];

Deno.test("all orders of four loops are 24, each once, the given one first", () => {
  const orders = ordersOf("o", loops, { policy: "all" });
  assertEquals([orders.length, new Set(orders.map(String)).size, orders[0]], [24, 24, loops]);
});

Deno.test("all orders of seven loops are as many as are allowed", () => {
  assertEquals(ordersOf("o", [..."abcdefg"], { policy: "all" }).length, 5040);
});

Deno.test("an interval permutes its own loops only", () => {
  const orders = ordersOf("o", loops, { policy: "interval", interval: [1, 3] });
  assertEquals(orders, [["i", "j", "k", "l"], ["i", "k", "j", "l"]]);
});

Deno.test("interleaved chains keep their own order", () => {
  const orders = ordersOf("o", loops, { policy: "interleave", chains: [["i", "k"], ["j", "l"]] });
  // 4 over 2 ways to lay two chains of two into each other.
  assertEquals(new Set(orders.map(String)).size, 6);
  for (const o of orders) {
    assertEquals([o.indexOf("i") < o.indexOf("k"), o.indexOf("j") < o.indexOf("l")], [true, true]);
  }
});

Deno.test("orders that can't be are refused with what would do", () => {
  const refused = (options: Parameters<typeof ordersOf>[2], says: string, of = loops) =>
    assertThrows(() => ordersOf("o", of, options), SpaceError, says);
  refused({ policy: "all" }, "a loop comes twice", ["i", "i"]);
  refused({ policy: "all" }, "more than 5040 orders", [..."abcdefgh"]);
  refused({ policy: "interval", interval: [2, 9] }, "interval [2, 9) is none of places 0 to 4");
  refused(
    { policy: "interleave", chains: [["i", "j"], ["k"]] },
    "its chains are [i, j], [k]; they hold each loop",
  );
  refused({ policy: "candidates", candidates: [] }, "its candidates are none");
  refused({ policy: "candidates", candidates: [loops, loops] }, "a candidate comes twice");
});

Deno.test("orders are as far apart as neighbours have to be swapped", () => {
  const knob = reorderKnob("o", ["i", "j", "k"], { policy: "all" });
  const at = (order: string) => knob.candidates.findIndex((c) => c.join("") === order);
  assertEquals(knob.preset, at("ijk"));
  assertEquals(knobDistance(knob, at("ijk"), at("jik")), 1);
  assertEquals(knobDistance(knob, at("ijk"), at("kji")), 3);
});

Deno.test("annotations are every combination, vectors on the last loop only", () => {
  const knob = annotateKnob("a", { among: ["none", "unroll", "vectorize"], preset: ["unroll", "vectorize"] });
  assertEquals(knob.candidates.length, 2 * 3);
  assertEquals(knob.candidates[knob.preset], ["unroll", "vectorize"]);
  assertThrows(
    () => annotateKnob("a", { among: ["none", "vectorize"], preset: ["vectorize", "none"] }),
    SpaceError,
    "its preset has vectorize for loop 0 of 2; it may have none",
  );
  assertThrows(
    () => annotateKnob("a", { among: ["none", "unroll"], preset: Array(13).fill("none") }),
    SpaceError,
    "8192 combinations",
  );
});
