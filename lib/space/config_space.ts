import { checkArgument, type Kind } from "../base/check_options.ts";
import { having, instanceOf, passing } from "../base/option_kinds.ts";
import { shownValue } from "../base/shown_value.ts";
import { configKind, constraintsKind, knobsKind } from "./kinds.ts";
import { ownValue } from "../base/own_value.ts";
import { SpaceError } from "./error.ts";
import { candidateOf, type Knob, knobDistance, showValue } from "./knob.ts";
import type { Config, Constraint, KnobValue } from "./knobs.ts";
import type { Rng } from "../base/random.ts";
import { Ties } from "./constraints.ts";

/** A move of one knob: the place of the new candidate, and its distance from the old one. */
interface Move {
  readonly to: number;
  readonly distance: number;
}

const DIGITS: Kind<readonly number[]> = passing("a list of places, one for each knob", Array.isArray);
const RNG: Kind<Rng> = having<Rng>("a generator of random numbers", "int");

/**
 * All configurations of a template: the product of its knobs' candidates, numbered from 0 with the last
 * knob running fastest. Its constraints refuse some of them; a step of the template's schedule may refuse more.
 */
export class ConfigSpace {
  /** Number of configurations, refused ones included. */
  readonly size: number;
  /** Index of the configuration that has every knob at its preset. */
  readonly preset: number;
  readonly #strides: readonly number[];
  readonly #moves = new Map<string, readonly Move[]>();
  readonly #ties: Ties;
  #count: number | undefined;

  /** Takes the knobs, and the constraints between them. */
  constructor(readonly knobs: readonly Knob[], readonly constraints: readonly Constraint[] = []) {
    checkArgument("new ConfigSpace", "knobs", knobs, knobsKind);
    checkArgument("new ConfigSpace", "constraints", constraints, constraintsKind);
    const strides: number[] = [];
    let size = 1;
    for (const knob of knobs.toReversed()) {
      strides.unshift(size);
      size *= knob.candidates.length;
    }
    if (!Number.isSafeInteger(size)) {
      throw new SpaceError(
        `cannot number a space of ${size.toExponential(2)} configurations: at most 2^53 can be; ` +
          `give its splits a max, or fewer parts`,
      );
    }
    this.#strides = strides;
    this.#ties = new Ties(knobs, constraints);
    this.size = size;
    this.preset = this.indexOfDigits(knobs.map((k) => k.preset));
  }

  /** The configuration at `index`. */
  at(index: number): Config {
    const digits = this.digits(index);
    return Object.fromEntries(this.knobs.map((k, i) => [k.name, k.candidates[digits[i] ?? 0] as KnobValue]));
  }

  /** The index of a configuration; throws `SpaceError` where it is none of this space. */
  indexOf(config: Config): number {
    checkArgument("space.indexOf", "config", config, configKind);
    const known = () => this.knobs.map((k) => k.name).join(", ") || "none";
    for (const name of Object.keys(config)) {
      if (!this.knobs.some((k) => k.name === name)) {
        throw new SpaceError(`unknown knob ${name}: this space has ${known()}`);
      }
    }
    return this.indexOfDigits(this.knobs.map((knob) => {
      const value = ownValue(config, knob.name);
      if (value === undefined) {
        throw new SpaceError(
          `expected a value for knob ${knob.name}, got nothing: this space has ${known()}`,
        );
      }
      const at = candidateOf(knob, value);
      if (at < 0) {
        throw new SpaceError(
          `${showValue(value)} is no value of ${knob.kind} ${knob.name}: allowed are ${listCandidates(knob)}`,
        );
      }
      return at;
    }));
  }

  /** The place of each knob's value among its candidates. */
  digits(index: number): readonly number[] {
    if (!Number.isInteger(index) || index < 0 || index >= this.size) {
      throw new SpaceError(
        `expected the index of a configuration, got ${
          shownValue(index)
        }: this space has ${this.size}, numbered from 0`,
      );
    }
    return this.knobs.map((k, i) => Math.floor(index / (this.#strides[i] ?? 1)) % k.candidates.length);
  }

  /** The index of the point whose knobs have these places among their candidates. */
  indexOfDigits(digits: readonly number[]): number {
    checkArgument("space.indexOfDigits", "digits", digits, DIGITS);
    return digits.reduce((sum, d, i) => sum + d * (this.#strides[i] ?? 1), 0);
  }

  /** Why a constraint refuses the configuration; undefined if none does. */
  refusal(index: number): string | undefined {
    return this.#ties.refusal(this.digits(index));
  }

  /** Whether no constraint refuses the configuration. */
  accepts(index: number): boolean {
    return this.refusal(index) === undefined;
  }

  /**
   * Number of configurations that no constraint refuses, exact. The first call walks over the values of all
   * knobs that constraints tie together: milliseconds to a second for the spaces of the rules.
   */
  count(): number {
    return this.#count ??= this.#ties.count();
  }

  /**
   * A configuration drawn evenly from those that no constraint refuses.
   *
   * @throws {SpaceError} where all are refused
   */
  random(rng: Rng): number {
    checkArgument("space.random", "rng", rng, RNG);
    const digits = this.#ties.draw(rng);
    if (digits) return this.indexOfDigits(digits);
    throw new SpaceError(
      `cannot draw a configuration: the constraints refuse all ${this.size}, the preset as ${
        this.refusal(this.preset)
      }`,
    );
  }

  /**
   * The configurations that no constraint refuses and that differ from `index` in one knob by at most `radius`
   * steps (`knobDistance`), nearest first. With an infinite radius (the default) those are all in one knob.
   */
  neighbours(index: number, radius = Infinity): readonly number[] {
    const found: Move[] = [];
    const digits = [...this.digits(index)];
    digits.forEach((digit, i) => {
      for (const m of this.#movesOf(i, digit)) {
        if (m.distance > radius) break;
        digits[i] = m.to;
        if (this.#ties.refusal(digits) !== undefined) continue;
        found.push({ to: index + (m.to - digit) * (this.#strides[i] ?? 1), distance: m.distance });
      }
      digits[i] = digit;
    });
    return found.sort((a, b) => a.distance - b.distance).map((m) => m.to);
  }

  /** Steps between two configurations: the sum over their knobs. */
  distance(a: number, b: number): number {
    const other = this.digits(b);
    return this.digits(a).reduce(
      (sum, d, i) => sum + knobDistance(this.knobs[i] as Knob, d, other[i] ?? 0),
      0,
    );
  }

  /** A configuration on one line: `tile_i=8x4 unroll=true`. */
  show(config: Config): string {
    checkArgument("space.show", "config", config, configKind);
    return Object.entries(config).map(([name, value]) => `${name}=${showValue(value)}`).join(" ") ||
      "no knobs";
  }

  /** The space as JSON. */
  toJSON(): { readonly size: number; readonly preset: number; readonly knobs: readonly Knob[] } {
    return { size: this.size, preset: this.preset, knobs: this.knobs };
  }

  /** How many configurations there are, in words. */
  describe(): string {
    const size = `${this.size.toLocaleString("en-US")} configuration${this.size === 1 ? "" : "s"}`;
    if (this.constraints.length === 0) return size;
    return `${size}, ${this.count().toLocaleString("en-US")} that its constraints accept`;
  }

  /** The knobs as a table's cells, its head first. */
  cells(): readonly (readonly string[])[] {
    return [
      ["knob", "kind", "count", "candidates", "preset"],
      ...this.knobs.map((k) => [
        k.name,
        k.kind,
        String(k.candidates.length),
        listCandidates(k),
        showValue(k.candidates[k.preset] as KnobValue),
      ]),
    ];
  }

  /** A table of the knobs. */
  toString(): string {
    const rows = this.cells();
    const widths = rows[0]?.map((_, c) => Math.max(...rows.map((r) => r[c]?.length ?? 0))) ?? [];
    const lines = rows.map((r) => r.map((cell, c) => cell.padEnd(widths[c] ?? 0)).join("  ").trimEnd());
    return [this.describe(), ...lines].join("\n");
  }

  /** Moves of knob `i` away from candidate `from`, nearest first; kept, as a search asks for them often. */
  #movesOf(i: number, from: number): readonly Move[] {
    const key = `${i}.${from}`;
    let moves = this.#moves.get(key);
    if (!moves) {
      const knob = this.knobs[i] as Knob;
      moves = [...knob.candidates.keys()].filter((to) => to !== from)
        .map((to) => ({ to, distance: knobDistance(knob, from, to) }))
        .sort((a, b) => a.distance - b.distance);
      this.#moves.set(key, moves);
    }
    return moves;
  }
}

/** The kind of an argument that is a space. */
export const spaceKind: Kind<ConfigSpace> = instanceOf(
  ConfigSpace,
  "a space, as spaceOf(func, template) makes",
);

/** The candidates in a line, cut in the middle where there are many. */
function listCandidates(knob: Knob): string {
  const shown = knob.candidates.map(showValue);
  return shown.length <= 8 ? shown.join(", ") : [...shown.slice(0, 4), "…", ...shown.slice(-3)].join(", ");
}
