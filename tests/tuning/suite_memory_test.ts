/** Memory plans of whole models, textures included: each is at most 1.1 times what lives at one time. Nothing runs. */
import { assert } from "@std/assert";
import { LANGUAGE_MODELS, type LanguageModelName } from "../../lib/op/models.ts";
import { readConfig } from "../../lib/models/config/read_config.ts";
import { PAGE_SIZE, stepGraph } from "../../lib/models/language/step_graph.ts";
import { vision } from "../../lib/face/models.ts";
import type { Graph } from "../../lib/relax/graph.ts";
import type { Shapes } from "../../lib/ir/shapes.ts";
import { targetOf } from "../../lib/target/profiles.ts";
import type { Target } from "../../lib/target/target.ts";
import type { BuiltGraph } from "../../lib/tuning/built_graph.ts";
import { compileGraph } from "../../lib/tuning/compile_graph.ts";

/** The most that a plan may take, as a multiple of what lives at one time. */
const MOST = 1.1;
const CONTEXT = 1024, CHUNK = 128;

/** The device that language models are planned for: one that takes their largest matrices. */
const known = targetOf("generic-webgpu");
const LARGE: Target = { ...known, limits: { ...known.limits, maxBindingBytes: 2 ** 31 - 1 } };

function assertNear(name: string, { memory }: BuiltGraph): void {
  const { bytes, live, storages, textures } = memory;
  assert(bytes <= MOST * live, `${name}: ${bytes} bytes in ${storages} and ${textures}, ${live} live`);
}

for (const profile of ["llvmpipe", "generic-webgpu"] as const) {
  for (
    const [name, make] of Object.entries({ mobilenet_v2: vision.mobilenetV2, resnet18: vision.resnet18 })
  ) {
    Deno.test(`the plan of ${name} is near what lives at one time, on ${profile}`, () => {
      const built = compileGraph(make(), targetOf(profile));
      assertNear(name, built);
      // Where activations are copied to textures, those are part of the plan.
      assert((built.memory.textures.length > 0) === (profile === "llvmpipe"));
    });
  }
}

/** A model's config.json with two layers: a step needs no more for more of them. */
function configOf(name: LanguageModelName) {
  const m = LANGUAGE_MODELS[name], [, family = ""] = /^(Qwen2|Gemma-2-|Gemma-3|Gemma|)/.exec(name) ?? [];
  const types: Record<string, string> = { "Qwen2": "qwen2", "Gemma-2-": "gemma2", "Gemma-3": "gemma3_text" };
  return readConfig({
    model_type: types[family] ?? (family === "Gemma" ? "gemma" : "llama"),
    hidden_size: m.hidden,
    intermediate_size: m.intermediate,
    num_hidden_layers: 2,
    num_attention_heads: m.heads,
    num_key_value_heads: m.kvHeads,
    head_dim: m.headDim,
    vocab_size: m.vocabulary,
    max_position_embeddings: 8192,
    rms_norm_eps: 1e-5,
    rope_theta: m.theta,
    hidden_activation: m.activation === "silu" ? "silu" : "gelu_pytorch_tanh",
    tie_word_embeddings: true,
    query_pre_attn_scalar: m.headDim,
    sliding_window: 512,
    sliding_window_pattern: 2,
  });
}

/** The steps of a model, each with its bounds. */
function stepsOf(name: LanguageModelName): readonly (readonly [Graph, Shapes])[] {
  const config = configOf(name), blocks = CONTEXT / PAGE_SIZE, pages = blocks + 1;
  return (["prefill", "decode"] as const).map((kind) => [
    stepGraph(config, { kind, quantization: "q4f16_1", context: CONTEXT }),
    { pages, blocks, ...(kind === "prefill" && { n: CHUNK }) },
  ]);
}

for (const name of Object.keys(LANGUAGE_MODELS) as LanguageModelName[]) {
  Deno.test(`the plans of ${name} are near what lives at one time`, () => {
    for (const [graph, bounds] of stepsOf(name)) {
      assertNear(`${name}, ${graph.name}`, compileGraph(graph, LARGE, { bounds }));
    }
  });
}
