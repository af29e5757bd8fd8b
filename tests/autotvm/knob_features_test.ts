import { assertEquals } from "@std/assert";
import { KnobFeatures } from "../../lib/autotvm/knob_features.ts";
import { ConfigSpace } from "../../lib/space/config_space.ts";
import { choiceKnob, flagKnob, splitKnob } from "../../lib/space/knob.ts";

const space = new ConfigSpace([
  splitKnob("tile", 64, { parts: 3, preset: [8, 4] }),
  splitKnob("rows", undefined, { parts: 2, preset: [4], policy: "power2", max: 8 }),
  choiceKnob("path", ["shared", "buffer", "texture"], "buffer"),
  choiceKnob("unroll", [-3, 0, 63], 63),
  flagKnob("vec", true),
]);

Deno.test("knobs become logarithms and marks", () => {
  const features = new KnobFeatures(space);
  const row = [...features.of(space.preset)];
  assertEquals(features.names.map((n, i) => `${n} ${row[i]}`), [
    "tile.0 1",
    "tile.1 3",
    "tile.2 2",
    "rows.1 2",
    "path=shared 0",
    "path=buffer 1",
    "path=texture 0",
    "unroll 6",
    "vec 1",
  ]);
  const negative = space.indexOf({ ...space.at(space.preset), unroll: -3 });
  assertEquals(features.of(negative)[7], -2);
});

Deno.test("the factors of two of a number have a column where its size does not tell them", () => {
  const ofChoice = (candidates: readonly number[]) => {
    const space = new ConfigSpace([choiceKnob("x", candidates, candidates[0] ?? 0)]);
    const features = new KnobFeatures(space);
    return features.names.includes("x.twos") ? candidates.map((_, i) => features.of(i)[1]) : undefined;
  };
  assertEquals(ofChoice([16, 48, 112, 128]), [4, 4, 4, 7]);
  assertEquals(ofChoice([-12, 0, 0.5, 5]), [2, 0, 0, 0]);
  assertEquals(ofChoice([0, 1, 2, 8]), undefined);
  assertEquals(ofChoice([3, 5, 7]), undefined);
});

Deno.test("different points have different features", () => {
  const features = new KnobFeatures(space);
  const rows = new Set(Array.from({ length: space.size }, (_, i) => features.of(i).join()));
  assertEquals(rows.size, space.size);
});
