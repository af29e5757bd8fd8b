import { assertEquals, assertThrows } from "@std/assert";
import { ConfigSpace } from "../../lib/space/config_space.ts";
import { SpaceError } from "../../lib/space/error.ts";
import { FixedKnobs } from "../../lib/space/fixed_knobs.ts";
import { choiceKnob, flagKnob, splitKnob } from "../../lib/space/knob.ts";
import { type Factors, RejectedConfig } from "../../lib/space/knobs.ts";

const tile = { parts: 3, preset: [1, 1] } as const;
const space = new ConfigSpace([
  splitKnob("tile", 64, tile),
  choiceKnob("path", ["shared", "texture"], "shared"),
  flagKnob("vectorize", false),
]);
const config = { tile: [8, 4], path: "texture", vectorize: true };
const differ = "must declare the same knobs at every configuration";

Deno.test("fixed knobs answer from the configuration", () => {
  const knobs = new FixedKnobs(space, config);
  assertEquals(knobs.split("tile", 64, tile), [2, 8, 4]);
  assertEquals(knobs.choice("path", ["shared", "texture"], "shared"), "texture");
  assertEquals(knobs.flag("vectorize", false), true);
  knobs.finish();
});

Deno.test("a missed requirement rejects the configuration with its reason", () => {
  const knobs = new FixedKnobs(space, config);
  const [, a, b] = knobs.split("tile", 64, tile);
  knobs.require(
    ["tile"],
    (answer: readonly (number | null)[]) => answer.join() === "2,8,4" ? undefined : "?",
  );
  assertThrows(
    () =>
      knobs.require(
        ["tile"],
        ([, x, y]: Factors[3]) => x === a && y === b ? `${x * y} threads: the device takes 16` : undefined,
      ),
    RejectedConfig,
    "rejects tile=8x4 path=texture vectorize=true: 32 threads: the device takes 16",
  );
});

Deno.test("a configuration of another space is refused at once", () => {
  assertThrows(() => new FixedKnobs(space, { ...config, path: "disk" }), SpaceError, "disk is no value");
});

Deno.test("a template that asks for other knobs than it declared is told so", () => {
  const asked = (ask: (knobs: FixedKnobs) => unknown, says: string) => {
    const error = assertThrows(() => ask(new FixedKnobs(space, config)), SpaceError, differ);
    assertEquals(error.message.includes(says), true, error.message);
  };
  asked((k) => k.flag("other", true), "asks for flag other where it declared split tile");
  asked((k) => k.flag("tile", true), "asks for flag tile where it declared split tile");
  asked((k) => k.split("tile", 32, tile), "asks for split tile of 32 into 3 parts");
  asked((k) => k.split("tile", 64, { parts: 2, preset: [1] }), "into 2 parts");
  asked(
    (k) => (k.split("tile", 64, tile), k.choice<string>("path", ["shared"], "shared")),
    "choice path of shared",
  );
});

Deno.test("a template that asks for fewer or more knobs is told so", () => {
  const knobs = new FixedKnobs(space, config);
  knobs.split("tile", 64, tile);
  assertThrows(() => knobs.finish(), SpaceError, "no further knob where it declared choice path");
  knobs.choice("path", ["shared", "texture"], "shared");
  knobs.flag("vectorize", false);
  assertThrows(
    () => knobs.flag("more", false),
    SpaceError,
    "asks for flag more where it declared no further knob",
  );
});
