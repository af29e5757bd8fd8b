import { SpaceError } from "./error.ts";
import {
  annotateKnob,
  answerOf,
  choiceKnob,
  flagKnob,
  type Knob,
  reorderKnob,
  showValue,
  splitKnob,
} from "./knob.ts";
import type {
  AnnotateOptions,
  Annotation,
  Answer,
  Constraint,
  Factors,
  Knobs,
  OrderPolicy,
  PartCount,
  SplitOptions,
} from "./knobs.ts";
import { withOuter } from "./splits.ts";

/**
 * Answers each knob with its preset and collects the declarations. A requirement that the presets don't meet is noted
 * and not thrown, so that later knobs are collected too.
 */
export class DeclaringKnobs implements Knobs {
  readonly #knobs = new Map<string, Knob>();
  readonly #constraints: Constraint[] = [];

  /** What was declared so far, in order. */
  get knobs(): readonly Knob[] {
    return [...this.#knobs.values()];
  }

  /** The constraints between the knobs. */
  get constraints(): readonly Constraint[] {
    return this.#constraints;
  }

  /** Reasons for which the template would reject its own presets. */
  get rejections(): readonly string[] {
    return this.#constraints.flatMap(({ knobs, refuse }) =>
      refuse(...knobs.map((k) => this.#preset(k))) ?? []
    );
  }

  split<P extends PartCount>(name: string, extent: number | undefined, options: SplitOptions<P>): Factors[P] {
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

  reorder(name: string, loops: readonly string[], options: OrderPolicy): readonly string[] {
    const knob = this.#declare(reorderKnob(name, loops, options));
    return knob.candidates[knob.preset] ?? loops;
  }

  annotate(name: string, options: AnnotateOptions): readonly Annotation[] {
    this.#declare(annotateKnob(name, options));
    return options.preset;
  }

  require<A extends readonly Answer[]>(
    knobs: { readonly [I in keyof A]: string },
    refuse: (...answers: A) => string | undefined,
  ): void {
    const names = knobs as readonly string[];
    for (const name of names) this.#preset(name);
    // The template knows what its knobs answer; a list of constraints cannot.
    this.#constraints.push({ knobs: names, refuse: refuse as unknown as Constraint["refuse"] });
  }

  #preset(name: string): Answer {
    const knob = this.#knobs.get(name);
    if (knob) return answerOf(knob, knob.preset);
    throw new SpaceError(
      `cannot tie knob ${name} to others: it has not been declared; known are ${
        [...this.#knobs.keys()].join(", ") || "none"
      }`,
    );
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
