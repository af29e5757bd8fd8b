import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import fc from "fast-check";
import { ConfigSpace } from "../../lib/space/config_space.ts";
import { SpaceError } from "../../lib/space/error.ts";
import {
  annotateKnob,
  answerOf,
  candidateOf,
  choiceKnob,
  flagKnob,
  type Knob,
  reorderKnob,
  splitKnob,
} from "../../lib/space/knob.ts";
import type { Constraint, KnobValue } from "../../lib/space/knobs.ts";
import { narrow } from "../../lib/space/narrow.ts";
import { Rng } from "../../lib/base/random.ts";

function example(): ConfigSpace {
  return new ConfigSpace([
    splitKnob("tile", 12, { parts: 3, preset: [2, 3] }),
    choiceKnob("storage", ["buffer", "texture"], "buffer"),
    choiceKnob("unroll", [0, 16, 64], 16),
    flagKnob("shared", false),
  ]);
}

const arbKnob = (name: string): fc.Arbitrary<Knob> =>
  fc.oneof(
    fc.record({
      extent: fc.integer({ min: 1, max: 48 }),
      parts: fc.constantFrom(1, 2, 3),
      two: fc.boolean(),
    })
      .map(({ extent, parts, two }) =>
        splitKnob(name, extent, {
          parts,
          preset: Array<number>(parts - 1).fill(2),
          policy: two ? "power2" : "factors",
        })
      ),
    fc.uniqueArray(fc.oneof(fc.integer(), fc.string()), { minLength: 1, maxLength: 5 })
      .map((options) => choiceKnob(name, options, options[0] as string | number)),
    fc.boolean().map((preset) => flagKnob(name, preset)),
    fc.constantFrom(["i"], ["i", "j"], ["i", "j", "k"]).map((loops) =>
      reorderKnob(name, loops, { policy: "all" })
    ),
    fc.boolean().map((vectors) =>
      annotateKnob(name, {
        among: vectors ? ["none", "unroll", "vectorize"] : ["none", "unroll"],
        preset: ["none", "none"],
      })
    ),
  );
const arbKnobs = fc.integer({ min: 0, max: 4 })
  .chain((n) => fc.tuple(...Array.from({ length: n }, (_, i) => arbKnob(`k${i}`))));
const arbSpace = arbKnobs.map((knobs) => new ConfigSpace(knobs));
/** Spaces whose constraints refuse by a hash of the answers of up to three knobs. */
const arbTied = fc.tuple(arbKnobs, fc.array(fc.array(fc.nat({ max: 3 }), { maxLength: 3 }), { maxLength: 3 }))
  .map(([knobs, ties]) => {
    const constraints = ties.map((tie, t): Constraint => ({
      knobs: [...new Set(tie)].flatMap((i) => knobs[i]?.name ?? []),
      refuse: (...answers) => hash(JSON.stringify([t, answers])) % 3 === 0 ? `tie ${t}` : undefined,
    }));
    return new ConfigSpace(knobs, constraints);
  })
  .filter((space) => space.size <= 3000);
const hash = (text: string) => [...text].reduce((h, c) => Math.imul(h, 31) + c.charCodeAt(0) >>> 0, 7);
const arbPoint = fc.tuple(arbSpace, fc.nat()).map(([space, n]) => ({ space, index: n % space.size }));

Deno.test("the size is the product of the candidates, and every index has its own configuration", () => {
  const space = example();
  assertEquals(space.size, 18 * 2 * 3 * 2);
  const all = new Set(Array.from({ length: space.size }, (_, i) => JSON.stringify(space.at(i))));
  assertEquals(all.size, space.size);
});

Deno.test("indexOf undoes at, through JSON too", () => {
  fc.assert(fc.property(arbPoint, ({ space, index }) => {
    assertEquals(space.indexOf(JSON.parse(JSON.stringify(space.at(index)))), index);
    assertEquals(space.indexOfDigits(space.digits(index)), index);
  }));
});

Deno.test("neighbours are other points at their distance, and see one another", () => {
  fc.assert(fc.property(arbPoint, fc.constantFrom(1, 2, Infinity), ({ space, index }, radius) => {
    const near = space.neighbours(index, radius);
    assertEquals(new Set(near).size, near.length);
    let last = 0;
    for (const n of near) {
      const digits = space.digits(n);
      assertEquals(space.digits(index).filter((d, i) => d !== digits[i]).length, 1);
      const distance = space.distance(index, n);
      assertEquals(distance, space.distance(n, index));
      assert(distance >= last && distance >= 1 && distance <= radius);
      last = distance;
      assert(space.neighbours(n, radius).includes(index));
    }
  }));
});

Deno.test("with no radius, neighbours are all single-knob changes", () => {
  fc.assert(fc.property(arbPoint, ({ space, index }) => {
    const expected = space.knobs.reduce((sum, k) => sum + k.candidates.length - 1, 0);
    assertEquals(space.neighbours(index).length, expected);
  }));
});

Deno.test("a constraint is given what the template is answered, and its reason is told", () => {
  const seen: unknown[] = [];
  const space = new ConfigSpace(
    [splitKnob("tile", 12, { parts: 3, preset: [2, 3] }), flagKnob("on", true)],
    [{
      knobs: ["on", "tile"],
      refuse: (...answers) => (seen.push(answers), "never"),
    }],
  );
  assertEquals([space.refusal(space.preset), space.accepts(space.preset)], ["never", false]);
  assertEquals(seen[0], [true, [2, 2, 3]]);
});

Deno.test("the count, the draws and the neighbours of a tied space are those that brute force finds", () => {
  fc.assert(fc.property(arbTied, fc.integer(), (space, seed) => {
    const all = Array.from({ length: space.size }, (_, i) => i);
    const accepted = new Set(
      all.filter((i) =>
        space.constraints.every(({ knobs, refuse }) =>
          refuse(...knobs.map((name) => {
            const knob = space.knobs.find((k) => k.name === name) as Knob;
            return answerOf(knob, candidateOf(knob, space.at(i)[name] as KnobValue));
          })) === undefined
        )
      ),
    );
    assertEquals(space.count(), accepted.size);
    assertEquals(all.filter((i) => space.accepts(i)).length, accepted.size);
    const rng = Rng.of(seed);
    for (let n = 0; n < 20; n++) {
      if (accepted.size > 0) assert(accepted.has(space.random(rng)));
      else assertThrows(() => space.random(rng), SpaceError, "the constraints refuse all");
    }
    const at = (seed >>> 0) % space.size;
    const near = new ConfigSpace(space.knobs).neighbours(at).filter((i) => accepted.has(i));
    assertEquals(space.neighbours(at), near);
  }));
});

Deno.test("draws are even over what is accepted, also where little is", () => {
  // 1 in 64, of three tied knobs: beyond what trying at random would find soon.
  const knobs = ["a", "b", "c"].map((n) => choiceKnob(n, Array.from({ length: 16 }, (_, i) => i), 0));
  const space = new ConfigSpace(knobs, [{
    knobs: ["a", "b", "c"],
    refuse: (...[a, b, c]) => a === b && b === c ? undefined : "they differ",
  }]);
  assertEquals(space.count(), 16);
  const rng = Rng.of(1), counts = new Map<number, number>();
  for (let n = 0; n < 1600; n++) {
    const drawn = space.random(rng);
    counts.set(drawn, (counts.get(drawn) ?? 0) + 1);
  }
  assertEquals(counts.size, 16);
  assert([...counts.values()].every((n) => n > 50 && n < 170), `${[...counts.values()]}`);
});

Deno.test("a space that refuses everything has no draw", () => {
  const space = new ConfigSpace([flagKnob("on", true)], [{ knobs: [], refuse: () => "never" }]);
  assertEquals([space.count(), space.neighbours(0)], [0, []]);
  assertThrows(() => space.random(Rng.of(1)), SpaceError, "refuse all 2, the preset as never");
});

Deno.test("a space narrowed has what is left, its nearest preset, and the same constraints", () => {
  const space = new ConfigSpace(
    [...example().knobs, reorderKnob("order", ["i", "j"], { policy: "all" })],
    [{ knobs: ["unroll"], refuse: (n) => n === 0 ? "none" : undefined }],
  );
  const few = narrow(space, {
    tile: [[1, 12], [4, 3]],
    unroll: [0, 64],
    shared: [true],
    order: [["j", "i"]],
  });
  assertEquals([few.size, few.count()], [8, 4]);
  assertEquals(few.at(few.preset), {
    tile: [4, 3],
    storage: "buffer",
    unroll: 0,
    shared: true,
    order: ["j", "i"],
  });
  for (let i = 0; i < few.size; i++) space.indexOf(few.at(i));
  assertThrows(
    () => narrow(space, { nothing: [1] }),
    SpaceError,
    'expected a knob of this space, got "nothing", narrowing it: this space has tile',
  );
  assertThrows(() => narrow(space, { unroll: [7] }), SpaceError, "its values are 0, 16, 64");
  assertThrows(() => narrow(space, { unroll: [] }), SpaceError, "got nothing, narrowing it");
});

Deno.test("single steps reach every point", () => {
  fc.assert(fc.property(arbPoint, ({ space, index }) => {
    fc.pre(space.size <= 3000);
    const seen = new Set([index]);
    for (const at of seen) for (const n of space.neighbours(at, 1)) seen.add(n);
    assertEquals(seen.size, space.size);
  }));
});

Deno.test("one step of a split moves one prime factor between two parts", () => {
  const space = new ConfigSpace([splitKnob("tile", 12, { parts: 3, preset: [2, 3] })]);
  const near = space.neighbours(space.preset, 1).map((i) => space.at(i).tile);
  // 12 = 2 x (2, 3): each factor may go to, or come from, the outermost part or the other one.
  assertEquals(near.toSorted(), [[1, 3], [1, 6], [2, 1], [2, 6], [4, 3], [6, 1]]);
});

Deno.test("numbers are neighbours in their order, words are all alike", () => {
  const numbers = new ConfigSpace([choiceKnob("unroll", [0, 16, 64], 0)]);
  assertEquals(numbers.neighbours(0, 1), [1]);
  assertEquals(numbers.distance(0, 2), 2);
  const words = new ConfigSpace([choiceKnob("path", ["a", "b", "c"], "a")]);
  assertEquals(words.neighbours(0, 1), [1, 2]);
});

Deno.test("the preset is the point of all presets", () => {
  const space = example();
  assertEquals(space.at(space.preset), { tile: [2, 3], storage: "buffer", unroll: 16, shared: false });
});

Deno.test("random points stay inside and follow the seed", () => {
  const space = example();
  const draw = (seed: number) => {
    const rng = Rng.of(seed);
    return Array.from({ length: 200 }, () => space.random(rng));
  };
  assertEquals(draw(1), draw(1));
  assert(draw(1).every((i) => i >= 0 && i < space.size));
  assert(new Set(draw(1)).size > 100);
});

Deno.test("a space without knobs has one point", () => {
  const space = new ConfigSpace([]);
  assertEquals([space.size, space.preset, space.indexOf({})], [1, 0, 0]);
  assertEquals(space.neighbours(0), []);
});

Deno.test("configurations of another space are refused, with what is allowed", () => {
  const space = example();
  const good = space.at(0);
  const refused = (config: Parameters<ConfigSpace["indexOf"]>[0], says: string) =>
    assertThrows(() => space.indexOf(config), SpaceError, says);
  refused({ ...good, vthread: 2 }, "unknown knob vthread: this space has tile, storage, unroll, shared");
  refused({ tile: [2, 3] }, "expected a value for knob storage, got nothing");
  refused(
    { ...good, storage: "shared" },
    "shared is no value of choice storage: allowed are buffer, texture",
  );
  refused({ ...good, tile: [5, 1] }, "5x1 is no value of split tile: allowed are 1x1, 1x2");
  refused({ ...good, tile: [2] }, "2 is no value of split tile");
  refused({ ...good, unroll: "16" }, "16 is no value of choice unroll");
  refused({ ...good, shared: 1 }, "1 is no value of flag shared: allowed are false, true");
});

Deno.test("an index outside is refused", () => {
  for (const index of [-1, 216, 0.5, NaN]) {
    assertThrows(() => example().at(index), SpaceError, "this space has 216, numbered from 0");
  }
});

Deno.test("a space that cannot be numbered exactly is refused", () => {
  const knobs = Array.from({ length: 9 }, (_, i) => splitKnob(`k${i}`, 512, { parts: 3, preset: [1, 1] }));
  assert(new ConfigSpace(knobs.slice(0, 8)).size === 55 ** 8);
  assertThrows(() => new ConfigSpace([...knobs, ...knobs]), SpaceError, "at most 2^53");
});

Deno.test("a space shows as a table, and as JSON", () => {
  const text = String(example());
  assertStringIncludes(text, "216 configurations");
  assertStringIncludes(text, "tile     split   18     1x1, 1x2, 1x3, 1x4, …, 6x1, 6x2, 12x1  2x3");
  const json = JSON.parse(JSON.stringify(example()));
  assertEquals([json.size, json.knobs.length, json.knobs[1].candidates], [216, 4, ["buffer", "texture"]]);
  assertEquals(new ConfigSpace(json.knobs).at(json.preset), example().at(example().preset));
});
