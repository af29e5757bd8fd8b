/** What a prior does to a search, on made-up devices: a good one helps early, a bad one is found out. */
import { assert, assertEquals, assertGreater, assertLess, assertThrows } from "@std/assert";
import { KnobFeatures } from "../../lib/autotvm/knob_features.ts";
import { CostModel } from "../../lib/autotvm/cost_model.ts";
import { TunerError } from "../../lib/autotvm/error.ts";
import { fitPrior, type Prior, type PriorGroup } from "../../lib/autotvm/prior.ts";
import { pairwiseAccuracy } from "../../lib/autotvm/ranking.ts";
import { XgbTuner } from "../../lib/autotvm/xgb.ts";
import { Rng } from "../../lib/base/random.ts";
import { derivedFeatures, matmulSpace, type Personality, speedOf } from "./landscape.ts";

const space = matmulSpace("generic");

const knobs = new KnobFeatures(space);

/** What stands for the features of loops: the knobs too, as the programs here are all of one space. */
function features(index: number): Float64Array | undefined {
  const derived = derivedFeatures(space, index);
  return derived && Float64Array.from([...derived, ...knobs.of(index)]);
}

/** Points that the template accepts, with their features. */
function points(count: number, seed: number) {
  const rng = Rng.of(seed);
  const out: { readonly index: number; readonly row: Float64Array }[] = [];
  while (out.length < count) {
    const index = space.random(rng), row = features(index);
    if (row) out.push({ index, row });
  }
  return out;
}

function group(program: string, device: Personality, seed: number, unit = 1): PriorGroup {
  const all = points(300, seed);
  return {
    program,
    device,
    rows: all.map((p) => p.row),
    scores: all.map((p) => {
      const speed = speedOf(space, p.index, device);
      return speed && speed * unit;
    }),
  };
}

/** The same points with the best taken for the worst. */
function reversed(g: PriorGroup): PriorGroup {
  const best = Math.max(...g.scores.map((s) => s ?? 0));
  return { ...g, scores: g.scores.map((s) => best - (s ?? 0)) };
}

const alike = [group("a", "cpuLike", 1), group("b", "cpuLike", 2, 1000)];
const good = fitPrior(alike);
const bad = fitPrior(alike.map(reversed));

const unseen = points(400, 3);
const speeds = (list: typeof unseen, device: Personality = "cpuLike") =>
  list.map((p) => speedOf(space, p.index, device) ?? 0);
const accuracyOf = (model: { predict(row: Float64Array): number }) =>
  pairwiseAccuracy(unseen.map((p) => model.predict(p.row)), speeds(unseen));

Deno.test("a prior ranks before anything is measured, whatever unit its programs had", () => {
  assertGreater(accuracyOf(new CostModel([], [], { prior: good })), 0.75);
  assertLess(accuracyOf(bad), 0.3);
  assertEquals(new CostModel([], []).predict(Float64Array.of(1)), 0);
});

Deno.test("a prior is trusted as far as its groups tell of each other", () => {
  assertGreater(good.trust, 0.5);
  // Two that contradict each other tell nothing.
  assertEquals(fitPrior([alike[0]!, reversed(alike[1]!)]).trust, 0);
  const mixed = fitPrior([group("a", "cpuLike", 1), group("a", "gpuLike", 2)]);
  assertLess(mixed.trust, good.trust);
  // One group can't tell how its knowledge carries over.
  const single = fitPrior([alike[0]!]);
  assertGreater(single.trust, 0.1);
  assertLess(single.trust, good.trust);
});

Deno.test("records of one program and device are one group, however they come", () => {
  const [a, b] = [group("a", "cpuLike", 1), group("a", "cpuLike", 2)];
  const rows = [...a.rows, ...b.rows], scores = [...a.scores, ...b.scores];
  const whole = fitPrior([{ program: "a", device: "cpuLike", rows, scores }]);
  const parts = fitPrior([a, b]);
  assertEquals(parts.trust, whole.trust);
  assertEquals(unseen.map((p) => parts.predict(p.row)), unseen.map((p) => whole.predict(p.row)));
});

const few = points(8, 4), many = points(24, 5);
const model = (list: typeof few, prior?: Prior) =>
  new CostModel(list.map((p) => p.row), speeds(list), { prior });

Deno.test("a good prior helps where little is measured", () => {
  assertGreater(accuracyOf(model(few, good)), accuracyOf(model(few)) + 0.05);
  assertGreater(model(few, good).priorTrust, 0.4);
});

Deno.test("a prior fades as measurements come in", () => {
  for (const n of [16, 64, 256]) {
    const { priorTrust, priorWeight } = model(points(n, 6), good);
    assertGreater(priorTrust, 0.4);
    assertEquals(priorWeight, priorTrust * 2 ** (-n / 64));
  }
});

Deno.test("a prior of reversed scores is found out by few measurements, and then does nothing at all", () => {
  assertGreater(bad.trust, 0.5);
  const [misled, alone] = [model(many, bad), model(many)];
  assertEquals([misled.priorTrust, misled.priorWeight], [0, 0]);
  assertEquals(unseen.map((p) => misled.predict(p.row)), unseen.map((p) => alone.predict(p.row)));
});

/** The best speed after each trial, mean over seeds. */
function search(prior: Prior | undefined, trials: number): readonly number[] {
  const seeds = [1, 2, 3, 4, 5, 6];
  const sum = Array<number>(trials).fill(0);
  for (const seed of seeds) {
    const tuner = new XgbTuner({ space, seed, start: "scratch", features, ...(prior ? { prior } : {}) });
    let best = 0;
    for (let t = 0; t < trials; t++) {
      const [index = -1] = tuner.ask(1);
      const score = speedOf(space, index, "cpuLike");
      tuner.tell([{ index, score }]);
      sum[t]! += (best = Math.max(best, score ?? 0)) / seeds.length;
    }
  }
  return sum;
}

Deno.test("in a search a good prior helps early, and a reversed one does no lasting harm", () => {
  const [without, helped, misled] = [search(undefined, 64), search(good, 64), search(bad, 64)];
  assertGreater(helped[7] ?? NaN, 1.5 * (without[7] ?? NaN));
  assertGreater(helped[63] ?? NaN, 0.9 * (without[63] ?? NaN));
  assertGreater(misled[63] ?? NaN, 0.85 * (without[63] ?? NaN));
});

Deno.test("a tuner says how far its model and its prior can be trusted", () => {
  const tuner = new XgbTuner({ space, seed: 1, start: "scratch", features, prior: good });
  assertEquals(tuner.trust(), { model: 0, prior: Math.min(1, good.trust) });
  for (let i = 0; i < 5; i++) {
    tuner.tell(tuner.ask(8).map((index) => ({ index, score: speedOf(space, index, "cpuLike") })));
  }
  const { model, prior } = tuner.trust();
  assert(model > 0.2 && model <= 1 && prior > 0.2 && prior <= 1, `${model} ${prior}`);
  assertEquals(new XgbTuner({ space, seed: 1, start: "scratch" }).trust(), { model: 0, prior: 0 });
});

Deno.test("what a prior can't be made of or used for is refused", () => {
  const row = Float64Array.of(1, 2), one = { program: "p", device: "d" };
  assertThrows(() => fitPrior([]), TunerError, "expected records with scores, got none that succeeded");
  assertThrows(
    () => fitPrior([{ ...one, rows: [row], scores: [undefined] }]),
    TunerError,
    "expected records with scores, got none that succeeded",
  );
  assertThrows(
    () => fitPrior([{ ...one, rows: [row], scores: [1, 2] }]),
    TunerError,
    "expected one score for each of 1 rows, got 2, for p on d",
  );
  assertThrows(
    () => new CostModel([row], [1], { prior: good }),
    TunerError,
    `expected a prior of at most 2 features, got ${good.width}`,
  );
  assertThrows(
    () => new CostModel([], [], { prior: good, trees: { loss: "regression" } }),
    TunerError,
    "expected a prior fitted by regression, as the model is, got one fitted by rank",
  );
});
