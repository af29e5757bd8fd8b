/** The plan of a model of a billion parameters: what it compiles to, and the bytes that it needs. */
import { assert } from "@std/assert";
import { readConfig } from "../../../lib/models/config/read_config.ts";
import { Engine } from "../../../lib/models/language/engine.ts";
import { PAGE_SIZE, stepGraph } from "../../../lib/models/language/step_graph.ts";
import { arraysOf, parametersOf } from "../../../lib/models/parameters/parameter.ts";
import { targetOf } from "../../../lib/target/profiles.ts";
import { compileGraph } from "../../../lib/tuning/compile_graph.ts";

/** Llama-3.2-1B's config.json. */
const CONFIG = {
  model_type: "llama",
  hidden_size: 2048,
  intermediate_size: 8192,
  num_hidden_layers: 16,
  num_attention_heads: 32,
  num_key_value_heads: 8,
  head_dim: 64,
  vocab_size: 128256,
  max_position_embeddings: 131072,
  rms_norm_eps: 1e-5,
  rope_theta: 500000,
  hidden_act: "silu",
  tie_word_embeddings: true,
  rope_scaling: {
    rope_type: "llama3",
    factor: 32,
    low_freq_factor: 1,
    high_freq_factor: 4,
    original_max_position_embeddings: 8192,
  },
};

Deno.test("Llama-3.2-1B with 2,048 tokens takes at most 0.8 GB, and no function falls back", () => {
  const config = readConfig(CONFIG), context = 2048, blocks = context / PAGE_SIZE, pages = blocks + 1;
  const quantization = "q4f16_1", target = targetOf("generic-webgpu");
  const weights = parametersOf(config).flatMap((p) => arraysOf(p, quantization)).reduce(
    (n, { shape, dtype }) => n + shape.reduce((a, b) => a * b, 1) * (dtype === "f16" ? 2 : 4),
    context * config.rope.dim * 4,
  );
  const cache = pages * Engine.pageBytes(config, "f16");
  const built = (["prefill", "decode"] as const).map((kind) => {
    const graph = stepGraph(config, {
      kind,
      quantization,
      context,
      ...(kind === "decode" && { span: context }),
    });
    return compileGraph(graph, target, { bounds: { pages, blocks, ...(kind === "prefill" && { n: 64 }) } });
  });
  for (const { functions } of built) {
    const falls = functions.filter((f) => f.rule === "Fallback").map((f) => f.func.name);
    assert(falls.length === 0, falls.join());
    // Layers share their functions, so that what is compiled doesn't grow with them.
    assert(new Set(functions).size <= 12);
  }
  const values = Math.max(...built.map((b) => b.memory.bytes));
  assert(weights + cache + values < 0.8e9, `${weights} + ${cache} + ${values}`);
});
