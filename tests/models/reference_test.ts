/** The float64 reference: it has the logits of another engine on a real model, and features do something. */
import { assert, assertAlmostEquals } from "@std/assert";
import { openWeights } from "../../lib/models/weights/open_weights.ts";
import { dataTest } from "../data.ts";
import { type Checkpoint, referenceLogits, type ReferenceTensor } from "./reference.ts";
import { TINY, tinyCheckpoint, type TinyName } from "./tiny_checkpoint.ts";

interface Golden {
  readonly cases: readonly {
    readonly promptIds: readonly number[];
    readonly greedyIds: readonly number[];
    readonly logits: readonly { readonly step: number; readonly logits: readonly number[] }[];
  }[];
}

dataTest("the reference has onnxruntime's logits of stories260k", async (find) => {
  const source = await openWeights(find("stories260k")), tensors: Record<string, ReferenceTensor> = {};
  for (const [name, { shape }] of source.tensors) tensors[name] = { shape, data: await source.read(name) };
  const config = JSON.parse(await Deno.readTextFile(find("stories260k", "config.json")));
  const golden: Golden = JSON.parse(await Deno.readTextFile(find("stories260k", "golden.json")));
  for (const { promptIds, greedyIds, logits } of golden.cases) {
    for (const { step, logits: expected } of logits.slice(0, 2)) {
      const ids = [...promptIds, ...greedyIds.slice(0, step)];
      const got = referenceLogits({ config, tensors }, ids).at(-1) as Float64Array<ArrayBuffer>;
      expected.forEach((l, k) => assertAlmostEquals(got[k] as number, l, 1e-4));
    }
  }
});

const ids = Array.from({ length: 64 }, (_, k) => (k * 37 + 11) % 101);

/** The largest difference of the last logits of two checkpoints. */
function difference(a: Checkpoint, b: Checkpoint): number {
  const [x, y] = [a, b].map((m) => referenceLogits(m, ids).at(-1) as Float64Array) as [
    Float64Array,
    Float64Array,
  ];
  return Math.max(...x.map((v, k) => Math.abs(v - (y[k] as number))));
}

/** For each configuration, changes that have to change its logits. */
const CHANGES: Readonly<Record<TinyName, readonly Readonly<Record<string, unknown>>[]>> = {
  llama: [{ rope_theta: 500 }, { rms_norm_eps: 1 }],
  llama3: [{ rope_scaling: null }],
  mistral: [{ sliding_window: null }, { sliding_window: 10 }],
  qwen2: [{ rope_theta: 500 }],
  qwen2Yarn: [{ rope_scaling: null }, { use_sliding_window: false }, { max_window_layers: 0 }],
  qwen3: [{ rms_norm_eps: 1 }],
  gemma: [{ query_pre_attn_scalar: 20 }],
  gemma2: [{ attn_logit_softcapping: null }, { final_logit_softcapping: null }, { sliding_window: 8 }],
  gemma3: [{ rope_local_base_freq: 500 }, { rope_scaling: null }, { sliding_window_pattern: 2 }],
  phi3: [{ sliding_window: null }],
  phi3Long: [{ partial_rotary_factor: 0.75, rope_scaling: null }, { original_max_position_embeddings: 64 }],
};

for (const name of Object.keys(TINY) as TinyName[]) {
  Deno.test(`the reference of ${name} depends on what its configuration says`, () => {
    const model = tinyCheckpoint(name, 7);
    const logits = referenceLogits(model, ids).at(-1) as Float64Array<ArrayBuffer>;
    assert(logits.every(Number.isFinite));
    assert(Math.max(...logits) - Math.min(...logits) > 1, "logits spread");
    for (const change of CHANGES[name]) {
      const changed = { ...model, config: { ...model.config, ...change } };
      assert(difference(model, changed) > 1e-3, JSON.stringify(change));
    }
  });
}
