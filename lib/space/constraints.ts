import { answerOf, type Knob } from "./knob.ts";
import type { Answer, Constraint } from "./knobs.ts";
import type { Rng } from "../base/random.ts";

/** A constraint, with the places of its knobs in the space. */
interface Test {
  readonly at: readonly number[];
  readonly refuse: Constraint["refuse"];
}

/** Knobs that constraints connect, by their places, and the constraints to check once each knob has its value. */
interface Group {
  readonly places: readonly number[];
  readonly tests: readonly (readonly Test[])[];
}

/**
 * Refused draws from a group after which its accepted values are listed instead: of a group whose values are few, and of any.
 * A list of millions takes all memory.
 */
const TRIES = 256, MOST_TRIES = 1 << 18;
/** The values that are few. */
const FEW = 1 << 16;

/** The constraints between the knobs of a space: checks configurations, counts the accepted ones and draws from them. */
export class Ties {
  readonly #answers: readonly (readonly Answer[])[];
  readonly #tests: readonly Test[];
  readonly #groups: readonly Group[];
  readonly #accepted = new Map<Group, readonly (readonly number[])[]>();

  constructor(readonly knobs: readonly Knob[], constraints: readonly Constraint[]) {
    this.#answers = knobs.map((k) => k.candidates.map((_, at) => answerOf(k, at)));
    this.#tests = constraints.map(({ knobs: names, refuse }) => ({
      at: names.map((name) => knobs.findIndex((k) => k.name === name)),
      refuse,
    }));
    this.#groups = groupsOf(knobs.length, this.#tests);
  }

  /** Why the first constraint that refuses these candidates does so; undefined if none does. */
  refusal(digits: readonly number[]): string | undefined {
    for (const test of this.#tests) {
      const reason = this.#refusal(test, digits);
      if (reason !== undefined) return reason;
    }
    return undefined;
  }

  /** Number of configurations that no constraint refuses, exact; takes a walk over each group's values. */
  count(): number {
    return this.#groups.reduce((n, group) => n * this.#countGroup(group), 1);
  }

  /** Counts as `#walk` goes. What follows equal values of the knobs that later tests ask for is counted once. */
  #countGroup({ places, tests }: Group): number {
    const digits = Array<number>(this.knobs.length).fill(0);
    const asked = places.map((_, depth) => {
      const later = tests.slice(depth).flat();
      return places.slice(0, depth).filter((p) => later.some((t) => t.at.includes(p)));
    });
    const counted = places.map(() => new Map<number, number>());
    const go = (depth: number): number => {
      const place = places[depth];
      if (place === undefined) return 1;
      const own = asked[depth] as readonly number[], known = counted[depth] as Map<number, number>;
      const isShared = own.length < depth;
      const key = own.reduce((n, p) => n * (this.#answers[p]?.length ?? 1) + (digits[p] ?? 0), 0);
      const before = isShared ? known.get(key) : undefined;
      if (before !== undefined) return before;
      let count = 0;
      for (let digit = 0; digit < (this.#answers[place]?.length ?? 0); digit++) {
        digits[place] = digit;
        if (tests[depth]?.every((t) => this.#refusal(t, digits) === undefined)) count += go(depth + 1);
      }
      if (isShared) known.set(key, count);
      return count;
    };
    return go(0);
  }

  /** The candidates of a configuration drawn evenly from those that no constraint refuses; undefined if none is. */
  draw(rng: Rng): readonly number[] | undefined {
    const digits = Array<number>(this.knobs.length).fill(0);
    for (const group of this.#groups) {
      if (!this.#drawGroup(group, digits, rng)) return undefined;
    }
    return digits;
  }

  #drawGroup(group: Group, digits: number[], rng: Rng): boolean {
    if (!this.#accepted.has(group)) {
      const values = group.places.reduce((n, place) => n * (this.#answers[place]?.length ?? 1), 1);
      for (let i = 0; i < (values <= FEW ? TRIES : MOST_TRIES); i++) {
        for (const place of group.places) digits[place] = rng.int(this.#answers[place]?.length ?? 1);
        if (group.tests.every((tests) => tests.every((t) => this.#refusal(t, digits) === undefined))) {
          return true;
        }
      }
      const all: number[][] = [];
      this.#walk(group, (d) => all.push(group.places.map((place) => d[place] ?? 0)));
      this.#accepted.set(group, all);
    }
    const all = this.#accepted.get(group) ?? [];
    if (all.length === 0) return false;
    rng.pick(all).forEach((digit, i) => digits[group.places[i] ?? 0] = digit);
    return true;
  }

  /** Lists the accepted values of a group; skips a branch as soon as its knobs are refused. */
  #walk(group: Group, each: (digits: readonly number[]) => void): void {
    const digits = Array<number>(this.knobs.length).fill(0);
    const go = (depth: number): void => {
      const place = group.places[depth];
      if (place === undefined) return each(digits);
      const count = this.#answers[place]?.length ?? 0;
      for (let digit = 0; digit < count; digit++) {
        digits[place] = digit;
        if (group.tests[depth]?.every((t) => this.#refusal(t, digits) === undefined)) go(depth + 1);
      }
    };
    go(0);
  }

  #refusal(test: Test, digits: readonly number[]): string | undefined {
    return test.refuse(...test.at.map((place) => this.#answers[place]?.[digits[place] ?? 0] as Answer));
  }
}

/** The knobs in groups that no constraint connects; a constraint of no knobs belongs to a group of none. */
function groupsOf(knobs: number, tests: readonly Test[]): readonly Group[] {
  let groups: (readonly number[])[] = Array.from({ length: knobs }, (_, place) => [place]);
  for (const { at } of tests) {
    const tied = groups.filter((g) => g.some((place) => at.includes(place)));
    if (tied.length > 1) {
      groups = [...groups.filter((g) => !tied.includes(g)), tied.flat().toSorted((a, b) => a - b)];
    }
  }
  const made = groups.map((places): Group => {
    const own = tests.filter(({ at }) => at.length > 0 && places.includes(at[0] as number));
    return {
      places,
      tests: places.map((place) => own.filter(({ at }) => at.every((p) => p <= place) && at.includes(place))),
    };
  });
  const always = tests.filter(({ at }) => at.length === 0);
  return always.some((t) => t.refuse() !== undefined) ? [...made, { places: [-1], tests: [always] }] : made;
}
