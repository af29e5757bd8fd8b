/** What every tuner must keep to, tried on each of them from both starts. */
import { OptionError } from "../../lib/base/error.ts";
import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { createTuner, tunerNames } from "../../lib/autotvm/create_tuner.ts";
import { TunerError } from "../../lib/autotvm/error.ts";
import type { Told, Tuner, TunerOptions } from "../../lib/autotvm/tuner.ts";
import { ConfigSpace } from "../../lib/space/config_space.ts";
import { DeclaringKnobs } from "../../lib/space/declaring_knobs.ts";
import { choiceKnob, flagKnob, splitKnob } from "../../lib/space/knob.ts";
import type { Knobs } from "../../lib/space/knobs.ts";
import { derivedFeatures, isLegal, matmulSpace, speedOf } from "./landscape.ts";

/** 15 × 3 × 2 = 90 points. */
const small = new ConfigSpace([
  splitKnob("i", 16, { parts: 3, preset: [2, 2] }),
  choiceKnob("path", ["a", "b", "c"], "b"),
  flagKnob("vec", true),
]);
const large = matmulSpace("generic");

function declared(declare: (knobs: Knobs) => void): ConfigSpace {
  const knobs = new DeclaringKnobs();
  declare(knobs);
  return new ConfigSpace(knobs.knobs, knobs.constraints);
}

/** A tile of threads, at most so many of them. */
function threadsOf(most: number, preset: readonly number[]): ConfigSpace {
  return declared((knobs) => {
    knobs.split("i", 16, { parts: 3, preset });
    knobs.split("j", 16, { parts: 2, preset: [2] });
    knobs.require(
      ["i", "j"],
      ([, ti]: readonly number[], [, tj]: readonly number[]) =>
        (ti ?? 1) * (tj ?? 1) <= most ? undefined : `more than ${most} threads`,
    );
  });
}

/** Every kind of space that makes a tuner stumble, small enough to be walked through. */
const SPACES: Readonly<Record<string, ConfigSpace>> = {
  "of three knobs": small,
  "with ties": threadsOf(8, [4, 2]),
  "whose preset is refused": threadsOf(8, [8, 2]),
  "whose preset has no neighbour": declared((knobs) => {
    const [a, b, c] = ["a", "b", "c"].map((name) => (knobs.flag(name, false), name)) as [
      string,
      string,
      string,
    ];
    knobs.choice("path", [1, 2, 3, 4], 1);
    knobs.require([a, b, c, "path"], (...[x, y, z, path]: readonly [boolean, boolean, boolean, number]) => {
      const set = [x, y, z].filter(Boolean).length;
      return (set === 0 && path === 1) || (set >= 2 && path > 1) ? undefined : "not by one step";
    });
  }),
  "of orders and annotations": declared((knobs) => {
    knobs.reorder("order", ["i", "j", "k"], { policy: "all" });
    knobs.annotate("how", { among: ["none", "unroll", "vectorize"], preset: ["none", "unroll"] });
  }),
  "of two knobs": new ConfigSpace([flagKnob("a", true), choiceKnob("b", ["x", "y", "z"], "y")]),
  "of one knob with one candidate": new ConfigSpace([choiceKnob("only", [7], 7)]),
  "of no knobs": new ConfigSpace([]),
  "that refuses all": declared((knobs) => {
    knobs.flag("a", true);
    knobs.flag("b", true);
    knobs.require(["a", "b"], (_a: boolean, _b: boolean) => "never");
  }),
};

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

/** A function that fails when it is asked the same again. */
function once<T>(answer: (index: number) => T): (index: number) => T {
  const asked = new Set<number>();
  return (index) => {
    assert(!asked.has(index), `asked twice about ${index}`);
    asked.add(index);
    return answer(index);
  };
}

for (const name of tunerNames) {
  for (const start of ["preset", "scratch"] as const) {
    const make = (more: Partial<TunerOptions> = {}) =>
      createTuner(name, { space: small, seed: 1, start, ...more });
    const makeLarge = (more: Partial<TunerOptions> = {}) =>
      make({ space: large, features: (index) => derivedFeatures(large, index), ...more });
    const test = (what: string, body: () => void) => Deno.test(`${name} from ${start} ${what}`, body);

    test("has its name", () => assertEquals(make().name, name));

    for (const [kind, space] of Object.entries(SPACES)) {
      const accepted = Array.from({ length: space.size }, (_, i) => i).filter((i) => space.accepts(i));

      test(`exhausts a space ${kind} exactly`, () => {
        for (const batch of space === small ? [1, 7, 1000] : [7]) {
          const tuner = make({ space, valid: once((index) => (assert(space.accepts(index)), true)) });
          const asked = search(tuner, Infinity, batch, smallScore);
          assertEquals(asked.toSorted((a, b) => a - b), accepted);
          assertEquals(tuner.ask(5), []);
        }
      });

      test(`walks a space ${kind} whatever comes of it`, () => {
        for (const score of [undefined, 1]) {
          const asked = search(make({ space }), Infinity, 8, (index) => ({ index, score }));
          assertEquals(asked.toSorted((a, b) => a - b), accepted);
        }
      });

      test(`resumes in mid-air in a space ${kind}: what was answered is not asked again, what was not is`, () => {
        const before = make({ space });
        const first = before.ask(8), half = first.slice(0, first.length >> 1);
        before.tell(half.map(smallScore));
        const cut = before.ask(5);
        const records = [...half, ...cut.slice(0, 2)];
        const resumed = make({ space });
        resumed.tell(records.map(smallScore));
        const after = search(resumed, Infinity, 8, smallScore);
        assertEquals([...records, ...after].toSorted((a, b) => a - b), accepted);
      });
    }

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
      const asked = search(makeLarge({ valid: once((index) => isLegal(large, index)) }), 60, 8, score);
      assert(asked.length === 60 && asked.every((index) => isLegal(large, index)));
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
      assertThrows(
        () => make().tell([{ index: 3, score: NaN }]),
        TunerError,
        "a finite number of at least 0, or undefined for a failure, got NaN",
      );
      assertThrows(
        () => make().tell([{ index: 3, score: -1 }]),
        TunerError,
        "at least 0, or undefined for a failure, got -1",
      );
      assertThrows(() => make().tell([{ index: 90, score: 1 }]), Error, "this space has 90");
    });

    test("gives the trials that it was told to expect, whatever is asked at a time", () => {
      for (const batch of [1, 8, 64]) {
        assertEquals(search(makeLarge({ trials: 20 }), 20, batch, score).length, 20);
      }
    });

    test("goes the same way when it is resumed twice from the same records", () => {
      const records = search(makeLarge(), 24, 8, score).slice(0, 21).map(score);
      const rest = () => {
        const resumed = makeLarge();
        resumed.tell(records);
        return search(resumed, 16, 8, score);
      };
      assertEquals(rest(), rest());
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
    () => createTuner("beam", options),
    OptionError,
    "expected name of autotvm.createTuner to be one of random, grid, ga, xgb, droplet, draft, evolution, bayes, " +
      'portfolio, got "beam"',
  );
  assertThrows(() => createTuner("toString", options), OptionError, 'got "toString"');
});

Deno.test("a space that rejects everything is given up, not searched for ever", () => {
  for (const name of tunerNames) {
    const tuner = createTuner(name, { space: large, seed: 1, start: "scratch", valid: () => false });
    assertEquals(tuner.ask(4), []);
  }
});
