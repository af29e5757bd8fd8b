import type { ConfigSpace } from "./config_space.ts";
import { SpaceError } from "./error.ts";
import { answerOf, candidateOf, type Knob } from "./knob.ts";
import {
  type AnnotateOptions,
  type Annotation,
  type Answer,
  type Config,
  type Factors,
  type Knobs,
  type KnobValue,
  type OrderPolicy,
  type PartCount,
  RejectedConfig,
  type SplitOptions,
} from "./knobs.ts";
import { withOuter } from "./splits.ts";

/**
 * Answers each knob from one configuration of a space. Throws `SpaceError` if the configuration is none
 * of the space's, or if the template asks for other knobs than the space was declared with.
 */
export class FixedKnobs implements Knobs {
  readonly #space: ConfigSpace;
  readonly #config: Config;
  #asked = 0;

  constructor(space: ConfigSpace, config: Config) {
    space.indexOf(config);
    this.#space = space;
    this.#config = config;
  }

  split<P extends PartCount>(name: string, extent: number | undefined, options: SplitOptions<P>): Factors[P] {
    const { knob, value } = this.#next(name, "split");
    if (knob.kind !== "split" || knob.extent !== (extent ?? null) || knob.parts !== options.parts) {
      throw this.#differs(
        `split ${name} of ${extent ?? "a symbolic extent"} into ${options.parts} parts`,
        knob,
      );
    }
    return withOuter(extent, value as readonly number[]);
  }

  choice<T extends string | number>(name: string, options: readonly T[], _preset: T): T {
    const { knob, value } = this.#next(name, "choice");
    const chosen = options.find((o) => o === value);
    if (chosen === undefined) throw this.#differs(`choice ${name} of ${options.join(", ")}`, knob);
    return chosen;
  }

  flag(name: string, _preset: boolean): boolean {
    return this.#next(name, "flag").value === true;
  }

  reorder(name: string, loops: readonly string[], _options: OrderPolicy): readonly string[] {
    const { knob, value } = this.#next(name, "reorder");
    const order = value as readonly string[];
    if (order.length !== loops.length || !loops.every((l) => order.includes(l))) {
      throw this.#differs(`order ${name} of ${loops.join(", ")}`, knob);
    }
    return order;
  }

  annotate(name: string, options: AnnotateOptions): readonly Annotation[] {
    const { knob, value } = this.#next(name, "annotate");
    const chosen = value as readonly Annotation[];
    if (chosen.length !== options.preset.length) {
      throw this.#differs(`annotation ${name} of ${options.preset.length} loops`, knob);
    }
    return chosen;
  }

  require<A extends readonly Answer[]>(
    knobs: { readonly [I in keyof A]: string },
    refuse: (...answers: A) => string | undefined,
  ): void {
    const answers = (knobs as readonly string[]).map((name) => this.#answer(name));
    const reason = refuse(...answers as readonly Answer[] as A);
    if (reason === undefined) return;
    throw new RejectedConfig(`the template rejects ${this.#space.show(this.#config)}: ${reason}`);
  }

  /** Throws if the template has left a knob out. Call it after the template has run. */
  finish(): void {
    const left = this.#space.knobs[this.#asked];
    if (left) throw this.#differs("no further knob", left);
  }

  #answer(name: string): Answer {
    const knob = this.#space.knobs.slice(0, this.#asked).find((k) => k.name === name);
    if (!knob) throw this.#differs(`a tie of knob ${name}`, undefined);
    return answerOf(knob, candidateOf(knob, this.#config[name] as KnobValue));
  }

  #next(name: string, kind: Knob["kind"]): { readonly knob: Knob; readonly value: KnobValue } {
    const knob = this.#space.knobs[this.#asked++];
    const value = this.#config[name];
    if (!knob || value === undefined || knob.name !== name || knob.kind !== kind) {
      throw this.#differs(`${kind} ${name}`, knob);
    }
    return { knob, value };
  }

  #differs(asked: string, declared: Knob | undefined): SpaceError {
    const known = declared ? `${declared.kind} ${declared.name}` : "no further knob";
    return new SpaceError(
      `a template must declare the same knobs at every configuration: at ${this.#space.show(this.#config)} ` +
        `it asks for ${asked} where it declared ${known} when the space was made`,
    );
  }
}
