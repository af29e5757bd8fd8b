import { SpaceError } from "./error.ts";
import { choiceKnob, flagKnob, type Knob, showValue, splitKnob } from "./knob.ts";
import type { Factors, Knobs, Parts, SplitOptions } from "./knobs.ts";
import { withOuter } from "./splits.ts";

/**
 * Answers each knob with its preset and collects what was declared. A requirement that the presets don't
 * meet is noted and not thrown, so that the knobs declared after it are collected too.
 */
export class DeclaringKnobs implements Knobs {
  readonly #knobs = new Map<string, Knob>();
  readonly #rejections: string[] = [];

  /** What was declared so far, in order. */
  get knobs(): readonly Knob[] {
    return [...this.#knobs.values()];
  }

  /** Reasons for which the template would reject its own presets. */
  get rejections(): readonly string[] {
    return this.#rejections;
  }

  split<P extends Parts>(name: string, extent: number | undefined, options: SplitOptions<P>): Factors[P] {
    const knob = this.#declare(splitKnob(name, extent, options));
    return withOuter(extent, knob.candidates[knob.preset] ?? []);
  }

  choice<T extends string | number>(name: string, options: readonly T[], preset: T): T {
    this.#declare(choiceKnob(name, options, preset));
    return preset;
  }

  flag(name: string, preset: boolean): boolean {
    this.#declare(flagKnob(name, preset));
    return preset;
  }

  require(ok: boolean, reason: string): void {
    if (!ok) this.#rejections.push(reason);
  }

  #declare<K extends Knob>(knob: K): K {
    const earlier = this.#knobs.get(knob.name);
    if (earlier) {
      throw new SpaceError(
        `cannot declare ${knob.kind} ${knob.name}: a ${earlier.kind} of that name has been declared, with ` +
          `candidates ${earlier.candidates.map(showValue).join(", ")}; give each knob a name of its own`,
      );
    }
    this.#knobs.set(knob.name, knob);
    return knob;
  }
}
