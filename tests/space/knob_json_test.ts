import { assertEquals, assertThrows } from "@std/assert";
import { SpaceError } from "../../lib/space/error.ts";
import {
  annotateKnob,
  choiceKnob,
  flagKnob,
  type Knob,
  reorderKnob,
  splitKnob,
} from "../../lib/space/knob.ts";
import { knobsFromJson } from "../../lib/space/knob_json.ts";

const knobs: readonly Knob[] = [
  splitKnob("tile", 12, { parts: 3, preset: [2, 3] }),
  choiceKnob("path", ["a", "b"], "b"),
  flagKnob("on", true),
  reorderKnob("order", ["i", "j"], { policy: "all" }),
  annotateKnob("how", { among: ["none", "unroll"], preset: ["none"] }),
];

Deno.test("knobs survive JSON, of every kind", () => {
  assertEquals(knobsFromJson(JSON.parse(JSON.stringify(knobs))), knobs);
});

Deno.test("what is no knob is refused, whichever field is wrong", () => {
  assertThrows(() => knobsFromJson({ length: 1 }), SpaceError, "they are a list");
  for (const knob of knobs) {
    const wrong: Readonly<Record<string, unknown>> = {
      name: 7,
      kind: "constructor",
      candidates: [[0.5]],
      preset: 99,
      ...(knob.kind === "split" ? { parts: 2, extent: "12" } : {}),
    };
    for (const [field, value] of Object.entries(wrong)) {
      assertThrows(() => knobsFromJson([{ ...knob, [field]: value }]), SpaceError, "cannot read knob 0");
    }
  }
  assertThrows(() => knobsFromJson([null]), SpaceError, "cannot read knob 0");
  for (const knob of knobs) {
    // The first place that is none.
    const preset = knob.candidates.length;
    assertThrows(() => knobsFromJson([{ ...knob, preset }]), SpaceError, "cannot read knob 0");
    assertEquals(knobsFromJson([{ ...knob, preset: preset - 1 }])[0]?.preset, preset - 1);
  }
});
