import { Rng } from "../space/rng.ts";
import { anneal } from "./anneal.ts";
import { fitLegality, fitScores } from "./cost_model.ts";
import type { Gbdt } from "./gbdt.ts";
import { KnobFeatures } from "./knob_features.ts";
import { Ledger } from "./ledger.ts";
import type { Loss } from "./losses.ts";
import { shuffled } from "./sequences.ts";
import type { Importance, Told, Tuner, TunerOptions } from "./tuner.ts";

export interface XgbOptions extends TunerOptions {
  /** What the trees are boosted on; squared error unless said otherwise. */
  readonly loss?: Loss;
}

/** Points asked for before the first model. */
const WARM_UP = 12;
/** Points asked for between two models; AutoTVM's 64 would be the whole of a search of this size. */
const PLAN = 8;
/** Points of a plan that are near steps from the best measured ones, so that no plan is all guesswork. */
const NEAR = 3;
/** Probability that a point of the plan is drawn at random (AutoTVM's 5%). */
const EPSILON = 0.05;
const CHAINS = 32;
const STEPS = 60;
/** Chains that start at the best measured points; the others go on where they ended last time. */
const FROM_BEST = 8;
/** Accepted points that the second model chooses from, and points whose acceptance may be asked for them. */
const POOL = 6 * PLAN;
const CHECKS = 120;

/**
 * AutoTVM's search, sized for tens of trials. A draft model over knobs alone, which costs microseconds,
 * guides simulated annealing; the best of what that has seen are instantiated, and a second model, over
 * knobs and the features of their loops, chooses the plan from them. From a preset the search begins with
 * it, some of its neighbours and as many random points: a preset may be made for another kind of device.
 */
export class XgbTuner implements Tuner {
  readonly name = "xgb";
  readonly #options: XgbOptions;
  readonly #ledger: Ledger;
  readonly #rng: Rng;
  readonly #anywhere: Iterator<number>;
  readonly #knobs: KnobFeatures;
  readonly #knobRows = new Map<number, Float64Array>();
  #queue: number[] = [];
  #begun = false;
  #ends: readonly number[] = [];
  #draft: Gbdt | undefined;

  constructor(options: XgbOptions) {
    this.#options = options;
    this.#ledger = new Ledger(options);
    this.#rng = Rng.of(options.seed);
    this.#anywhere = shuffled(options.space.size, this.#rng);
    this.#knobs = new KnobFeatures(options.space);
  }

  ask(n: number): readonly number[] {
    const out: number[] = [];
    while (out.length < n) {
      if (this.#queue.length === 0) this.#queue = [...this.#next()];
      const next = this.#queue.shift();
      if (next === undefined) break;
      // It may have been told of meanwhile.
      if (!this.#ledger.told.has(next)) out.push(next);
    }
    return out;
  }

  tell(results: readonly Told[]): void {
    this.#ledger.tell(results);
  }

  importance(): readonly Importance[] {
    const shares = this.#draft?.importance ?? [];
    return this.#knobs.names.map((feature, i) => ({ feature, share: shares[i] ?? 0 }))
      .sort((a, b) => b.share - a.share);
  }

  #next(): readonly number[] {
    const begun = this.#begun;
    this.#begun = true;
    if (!begun) return this.#warmUp();
    const scored = this.#ledger.ranked().filter((p) => p.score > 0).length;
    return scored < 3 || this.#ledger.told.size < PLAN ? this.#random(PLAN) : this.#plan();
  }

  #warmUp(): readonly number[] {
    const { space, start } = this.#options;
    if (start === "scratch") return this.#random(WARM_UP);
    const near = [space.preset, ...this.#rng.shuffle(space.neighbours(space.preset, 1))];
    const first = this.#ledger.takeFrom(near.values(), WARM_UP / 2);
    return [...first, ...this.#random(WARM_UP - first.length)];
  }

  #random(n: number): readonly number[] {
    return this.#ledger.takeFrom(this.#anywhere, n);
  }

  #plan(): readonly number[] {
    const pool = this.#openPoints(this.#propose());
    const second = this.#fit((index) => this.#allFeatures(index));
    const ranked = rankBy(pool, (index) => second.predict(this.#allFeatures(index) ?? new Float64Array()));
    const dice = Array.from({ length: PLAN - NEAR }, () => this.#rng.float());
    const greedy = this.#ledger.takeFrom(ranked.values(), dice.filter((d) => d >= EPSILON).length);
    const near = this.#ledger.takeFrom(this.#nearBest().values(), NEAR);
    return [...greedy, ...near, ...this.#random(PLAN - greedy.length - near.length)];
  }

  /** Points that the draft model likes, best first, whether the template accepts them or not. */
  #propose(): readonly number[] {
    const { space } = this.#options;
    const draft = this.#draft = this.#fit((index) => this.#knobRow(index));
    const legality = fitLegality(this.#ledger.checked, (index) => this.#knobRow(index));
    const starts = [...this.#ledger.ranked().slice(0, FROM_BEST).map((p) => p.index), ...this.#ends];
    while (starts.length < CHAINS) starts.push(space.random(this.#rng));
    const score = (index: number) => draft.predict(this.#knobRow(index)) - (1 - legality(index));
    const { ends, visited } = anneal({
      space,
      rng: this.#rng,
      starts: starts.slice(0, CHAINS),
      steps: STEPS,
      score,
    });
    this.#ends = ends;
    return [...visited].sort((a, b) => b[1] - a[1]).map(([index]) => index);
  }

  /** The first of the points that may be asked for; asking the template costs time, so not all are tried. */
  #openPoints(points: readonly number[]): readonly number[] {
    const out: number[] = [];
    let checks = 0;
    for (const index of points) {
      if (out.length >= POOL || checks >= CHECKS) break;
      if (!this.#ledger.isFresh(index)) continue;
      if (!this.#ledger.checked.has(index)) checks++;
      if (this.#ledger.accepts(index) && this.#allFeatures(index)) out.push(index);
    }
    return out;
  }

  /** Single steps from the two best measured points, the most promising first. */
  #nearBest(): readonly number[] {
    const { space } = this.#options;
    const near = this.#ledger.ranked().slice(0, 2).flatMap((p) => space.neighbours(p.index, 1));
    return rankBy(
      [...new Set(near)].filter((index) => this.#ledger.isFresh(index)),
      (index) => this.#draft?.predict(this.#knobRow(index)) ?? 0,
    );
  }

  /** A model of the told points that have features. */
  #fit(features: (index: number) => Float64Array | undefined): Gbdt {
    const rows: Float64Array[] = [], scores: (number | undefined)[] = [];
    for (const [index, score] of this.#ledger.told) {
      const row = features(index);
      if (!row) continue;
      rows.push(row);
      scores.push(score);
    }
    return fitScores(rows, scores, this.#options.loss ?? "regression");
  }

  #knobRow(index: number): Float64Array {
    let row = this.#knobRows.get(index);
    if (!row) this.#knobRows.set(index, row = this.#knobs.of(index));
    return row;
  }

  /** Knobs and loops, or undefined where the template rejects the point. */
  #allFeatures(index: number): Float64Array | undefined {
    const knobs = this.#knobRow(index);
    if (!this.#options.features) return knobs;
    const loops = this.#ledger.features(index);
    return loops && Float64Array.from([...knobs, ...loops]);
  }
}

/** The points by score, best first. */
function rankBy(points: readonly number[], score: (index: number) => number): readonly number[] {
  return points.map((index) => ({ index, score: score(index) })).sort((a, b) => b.score - a.score)
    .map((p) => p.index);
}
