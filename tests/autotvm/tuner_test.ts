/** What every tuner must keep to, tried on each of them from both starts. */
import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { createTuner, tunerNames } from "../../lib/autotvm/create_tuner.ts";
import { TunerError } from "../../lib/autotvm/error.ts";
import type { Told, Tuner, TunerOptions } from "../../lib/autotvm/tuner.ts";
import { ConfigSpace } from "../../lib/space/config_space.ts";
import { choiceKnob, flagKnob, splitKnob } from "../../lib/space/knob.ts";
import { derivedFeatures, isLegal, matmulSpace, speedOf } from "./landscape.ts";

/** 15 × 3 × 2 = 90 points. */
const small = new ConfigSpace([
  splitKnob("i", 16, { parts: 3, preset: [2, 2] }),
  choiceKnob("path", ["a", "b", "c"], "b"),
  flagKnob("vec", true),
]);
const large = matmulSpace("generic");

const score = (index: number): Told => ({ index, score: speedOf(large, index, "cpuLike") });
const smallScore = (index: number): Told => ({
  index,
  score: index % 7 === 0 ? undefined : (index * 37) % 91,
});

/** Asks in batches of `batch` and answers, until `count` points were asked for or none is left. */
function search(
  tuner: Tuner,
  count: number,
  batch: number,
  answer: (index: number) => Told,
): readonly number[] {
  const asked: number[] = [];
  while (asked.length < count) {
    const next = tuner.ask(Math.min(batch, count - asked.length));
    if (next.length === 0) break;
    asked.push(...next);
    tuner.tell(next.map(answer));
  }
  return asked;
}

for (const name of tunerNames) {
  for (const start of ["preset", "scratch"] as const) {
    const make = (more: Partial<TunerOptions> = {}) =>
      createTuner(name, { space: small, seed: 1, start, ...more });
    const makeLarge = (more: Partial<TunerOptions> = {}) =>
      make({ space: large, features: (index) => derivedFeatures(large, index), ...more });
    const test = (what: string, body: () => void) => Deno.test(`${name} from ${start} ${what}`, body);

    test("has its name", () => assertEquals(make().name, name));

    test("exhausts a small space exactly, whatever the batch", () => {
      for (const batch of [1, 7, 1000]) {
        const tuner = make();
        const asked = search(tuner, Infinity, batch, smallScore);
        assertEquals(asked.toSorted((a, b) => a - b), Array.from({ length: small.size }, (_, i) => i));
        assertEquals(tuner.ask(5), []);
      }
    });

    test("exhausts exactly what the template accepts", () => {
      const valid = (index: number) => index % 3 === 1;
      const asked = search(make({ valid }), Infinity, 8, smallScore);
      assertEquals(asked.toSorted((a, b) => a - b), Array.from({ length: 30 }, (_, i) => 3 * i + 1));
    });

    test("asks for as many as it is told to, and never twice", () => {
      const tuner = makeLarge();
      const asked = new Set<number>();
      for (const n of [1, 5, 0, 13, 8, 40]) {
        const next = tuner.ask(n);
        assertEquals(next.length, n);
        for (const index of next) asked.add(index);
        tuner.tell(next.map(score));
      }
      assertEquals(asked.size, 67);
    });

    test("may be asked again before it is answered", () => {
      const tuner = makeLarge();
      const asked = Array.from({ length: 12 }, () => tuner.ask(4)).flat();
      assertEquals(new Set(asked).size, 48);
    });

    test("goes the same way on the same seed and answers", () => {
      const way = (seed: number) => search(makeLarge({ seed }), 60, 8, score);
      assertEquals(way(1), way(1));
      if (name !== "grid") assertNotEquals(way(1), way(2));
    });

    test("asks the template about a point once, and never asks for a rejected one", () => {
      const checked: number[] = [];
      const valid = (index: number) => {
        checked.push(index);
        return isLegal(large, index);
      };
      const asked = search(makeLarge({ valid }), 60, 8, score);
      assert(asked.length === 60 && asked.every((index) => isLegal(large, index)));
      assertEquals(new Set(checked).size, checked.length);
    });

    test("takes missing features for a rejection", () => {
      const asked = search(makeLarge(), 60, 8, score);
      assert(asked.length === 60 && asked.every((index) => isLegal(large, index)));
    });

    test("goes on from what it is told without repeating it", () => {
      const before = search(makeLarge(), 30, 8, score);
      const resumed = makeLarge();
      resumed.tell(before.map(score));
      const after = search(resumed, 40, 8, score);
      assertEquals(new Set([...before, ...after]).size, 70);
    });

    test("exhausts the rest of a space that it is resumed in", () => {
      const resumed = make();
      const known = Array.from({ length: 40 }, (_, i) => 2 * i);
      resumed.tell(known.map(smallScore));
      assertEquals(search(resumed, Infinity, 8, smallScore).length, small.size - 40);
    });

    test("skips a point it had planned when it is told of it first", () => {
      const tuner = makeLarge();
      const twin = makeLarge();
      tuner.ask(1);
      twin.ask(1);
      const planned = twin.ask(3);
      tuner.tell(planned.map(score));
      assert(tuner.ask(10).every((index) => !planned.includes(index)));
    });

    test("survives a search in which everything fails", () => {
      const asked = search(makeLarge(), 60, 8, (index) => ({ index, score: undefined }));
      assertEquals(asked.length, 60);
    });

    test("survives a search in which everything is equal", () => {
      assertEquals(search(makeLarge(), 60, 8, (index) => ({ index, score: 1 })).length, 60);
      assertEquals(search(makeLarge(), 60, 8, (index) => ({ index, score: 0 })).length, 60);
    });

    test("refuses scores that are no scores and points that are none", () => {
      assertThrows(() => make().tell([{ index: 3, score: NaN }]), TunerError, "a score is a finite number");
      assertThrows(() => make().tell([{ index: 3, score: -1 }]), TunerError, "at least 0, or undefined");
      assertThrows(() => make().tell([{ index: 90, score: 1 }]), Error, "this space has 90");
    });

    test("has one point to ask for where there is nothing to vary", () => {
      assertEquals(search(make({ space: new ConfigSpace([]) }), Infinity, 4, smallScore), [0]);
    });

    if (start === "preset") {
      test("begins with the preset, and a neighbour of it after that", () => {
        const [first = -1, second = -1] = makeLarge().ask(2);
        assertEquals(first, large.preset);
        assertEquals(large.distance(first, second), 1);
      });
      test("begins without a preset that the template rejects", () => {
        const asked = makeLarge({ valid: (index) => index !== large.preset && isLegal(large, index) }).ask(8);
        assert(asked.length === 8 && !asked.includes(large.preset));
      });
    } else {
      test("never looks at the preset", () => {
        const blind = new ConfigSpace(large.knobs.map((k) => ({ ...k, preset: 0 })));
        assertEquals(search(makeLarge({ space: blind }), 40, 8, score), search(makeLarge(), 40, 8, score));
      });
    }
  }
}

Deno.test("a tuner that there isn't is refused with those that there are", () => {
  const options = { space: small, seed: 1, start: "preset" } as const;
  assertThrows(
    () => createTuner("bayes", options),
    TunerError,
    "unknown tuner bayes: known are random, grid, ga, xgb",
  );
  assertThrows(() => createTuner("toString", options), TunerError, "unknown tuner toString");
});

Deno.test("a space that rejects everything is given up, not searched for ever", () => {
  for (const name of tunerNames) {
    const tuner = createTuner(name, { space: large, seed: 1, start: "scratch", valid: () => false });
    assertEquals(tuner.ask(4), []);
  }
});
