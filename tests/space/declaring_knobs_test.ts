import { assertEquals, assertThrows } from "@std/assert";
import { DeclaringKnobs } from "../../lib/space/declaring_knobs.ts";
import { SpaceError } from "../../lib/space/error.ts";

Deno.test("declarations answer their presets and are collected in order", () => {
  const knobs = new DeclaringKnobs();
  assertEquals(knobs.split("tile", 64, { parts: 3, preset: [8, 4] }), [2, 8, 4]);
  assertEquals(knobs.split("rows", undefined, { parts: 2, preset: [4], policy: "power2", max: 8 }), [
    null,
    4,
  ]);
  assertEquals(knobs.split("whole", 64, { parts: 1, preset: [] }), [64]);
  assertEquals(knobs.choice("storage", ["buffer", "texture"], "texture"), "texture");
  assertEquals(knobs.choice("vec", [1, 4], 4), 4);
  assertEquals(knobs.flag("shared", true), true);
  assertEquals(knobs.knobs.map((k) => [k.name, k.candidates[k.preset]]), [
    ["tile", [8, 4]],
    ["rows", [4]],
    ["whole", []],
    ["storage", "texture"],
    ["vec", 4],
    ["shared", true],
  ]);
});

Deno.test("a requirement that presets miss is noted, and the declaring goes on", () => {
  const knobs = new DeclaringKnobs();
  knobs.choice("threads", [256, 512], 512);
  knobs.require(["threads"], (_: number) => undefined);
  knobs.require(["threads"], (n: number) => n > 256 ? `${n} threads: the device takes 256` : undefined);
  knobs.flag("later", false);
  assertEquals(knobs.rejections, ["512 threads: the device takes 256"]);
  assertEquals(knobs.knobs.length, 2);
  assertEquals(knobs.constraints.map((c) => c.knobs), [["threads"], ["threads"]]);
});

Deno.test("a requirement of knobs that are not declared yet is refused", () => {
  const knobs = new DeclaringKnobs();
  knobs.flag("known", false);
  assertThrows(
    () => knobs.require(["known", "later"], (_known: boolean, _later: boolean) => undefined),
    SpaceError,
    "cannot tie knob later to others: it has not been declared; known are known",
  );
});

Deno.test("a name that comes twice is refused with its candidates", () => {
  const knobs = new DeclaringKnobs();
  knobs.choice("path", ["shared", "texture"], "shared");
  assertThrows(
    () => knobs.flag("path", true),
    SpaceError,
    "cannot declare flag path: a choice of that name has been declared, with candidates shared, texture",
  );
});

Deno.test("a preset that is no option is refused with the nearest option", () => {
  const knobs = new DeclaringKnobs();
  assertThrows(
    () => knobs.choice<number>("unroll", [0, 16, 64], 60),
    SpaceError,
    "cannot declare choice unroll with preset 60: it is not among 0, 16, 64; the nearest is 64",
  );
  assertThrows(
    () => knobs.choice<string>("path", ["shared", "texture"], "tex"),
    SpaceError,
    'the nearest is "texture"',
  );
  assertThrows(() => knobs.choice<string>("path", [], "x"), SpaceError, "it has no options");
  assertThrows(() => knobs.choice("vec", [1, 4, 4], 1), SpaceError, "an option comes twice");
});
