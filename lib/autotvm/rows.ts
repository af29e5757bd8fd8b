import { KnobFeatures } from "./knob_features.ts";
import { CostModel, type CostModelOptions } from "./cost_model.ts";
import type { Desk } from "./planned_tuner.ts";

/** The rows of features that models get for the points of a space, each computed once. */
export class FeatureRows {
  readonly #desk: Desk;
  readonly #features: KnobFeatures;
  readonly #knobs = new Map<number, Float64Array>();

  constructor(desk: Desk) {
    this.#desk = desk;
    this.#features = new KnobFeatures(desk.options.space);
  }

  /** The names of what `knobs` gives. */
  get names(): readonly string[] {
    return this.#features.names;
  }

  /** The point's knobs: microseconds. */
  knobs(index: number): Float64Array {
    let row = this.#knobs.get(index);
    if (!row) this.#knobs.set(index, row = this.#features.of(index));
    return row;
  }

  /** The point's knobs, each feature scaled to [0, 1] over the space. */
  unit(index: number): Float64Array {
    const { lows, spans } = this.#features;
    return this.knobs(index).map((x, f) => (x - (lows[f] ?? 0)) / (spans[f] ?? 1));
  }

  /** Knobs and loops; undefined if the template rejects the point. Takes milliseconds where loops have features. */
  all(index: number): Float64Array | undefined {
    const knobs = this.knobs(index);
    if (!this.#desk.options.features) return knobs;
    const loops = this.#desk.ledger.features(index);
    return loops && Float64Array.from([...knobs, ...loops]);
  }

  /** Fits a model on the measured points that have a row. */
  learn(row: (index: number) => Float64Array | undefined, options: CostModelOptions): CostModel {
    const rows: Float64Array[] = [], scores: (number | undefined)[] = [];
    for (const [index, score] of this.#desk.ledger.told) {
      const seen = row(index);
      if (!seen) continue;
      rows.push(seen);
      scores.push(score);
    }
    return new CostModel(rows, scores, options);
  }
}
