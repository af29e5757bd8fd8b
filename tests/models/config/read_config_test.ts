/** Configurations: published ones become the same record, and what no model has is refused. */
import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { OptionError } from "../../../lib/base/error.ts";
import type { ModelConfig } from "../../../lib/models/config/model_config.ts";
import { readConfig } from "../../../lib/models/config/read_config.ts";
import { ropeFrequencies } from "../../../lib/models/config/rope.ts";
import { ModelError } from "../../../lib/models/error.ts";
import { PUBLISHED } from "./published.ts";

/** What published models are, beyond what all of them have in common. */
const EXPECTED: Readonly<Record<keyof typeof PUBLISHED, Partial<ModelConfig>>> = {
  llama2: { heads: 32, kvHeads: 32, headDim: 128, tiedEmbeddings: false, eosTokens: [2] },
  llama32: {
    heads: 32,
    kvHeads: 8,
    headDim: 64,
    tiedEmbeddings: true,
    eosTokens: [128001, 128008, 128009],
    rope: {
      theta: 500000,
      dim: 64,
      scaling: {
        kind: "llama3",
        factor: 32,
        lowFrequencyFactor: 1,
        highFrequencyFactor: 4,
        originalContext: 8192,
      },
    },
  },
  mistral: { slidingWindow: 4096, slidingLayers: Array(32).fill(true), kvHeads: 8 },
  mistralWithout: { slidingLayers: Array(32).fill(false), context: 32768 },
  qwen25: { attentionBias: true, outputBias: false, slidingLayers: Array(24).fill(false), kvHeads: 2 },
  qwen3: { attentionBias: false, queryKeyNorm: true, headDim: 128, heads: 16, hiddenSize: 1024 },
  gemma2: {
    activation: "gelu_tanh",
    normOffset: 1,
    postNorms: true,
    attentionSoftCap: 50,
    finalSoftCap: 30,
    queryScale: 1 / 16,
    embeddingScale: 48,
    slidingWindow: 4096,
    tiedEmbeddings: true,
    slidingLayers: Array.from({ length: 26 }, (_, k) => k % 2 === 0),
  },
  gemma3: {
    queryKeyNorm: true,
    slidingWindow: 512,
    slidingLayers: Array.from({ length: 26 }, (_, k) => k % 6 !== 5),
    rope: { theta: 1e6, scaling: { kind: "none" }, dim: 256 },
    slidingRope: { theta: 1e4, scaling: { kind: "none" }, dim: 256 },
  },
  gemma3Nested: {
    heads: 8,
    kvHeads: 4,
    hiddenSize: 2560,
    vocabularySize: 262208,
    rope: { theta: 1e6, scaling: { kind: "linear", factor: 8 }, dim: 256 },
  },
  phi3: { heads: 32, kvHeads: 32, headDim: 96, slidingWindow: 2047, slidingLayers: Array(32).fill(true) },
  mlcLlama: { architecture: "llama", context: 131072, kvHeads: 8, tiedEmbeddings: true },
  mlcGemma2: { architecture: "gemma2", attentionSoftCap: 50, context: 4096, slidingWindow: 4096 },
};

for (const [name, json] of Object.entries(PUBLISHED)) {
  Deno.test(`the configuration of ${name} is read`, () => {
    const config = readConfig(json);
    const expected = EXPECTED[name as keyof typeof PUBLISHED];
    const own = Object.entries(config).filter(([key]) => Object.hasOwn(expected, key));
    assertEquals(Object.fromEntries(own), { ...expected });
  });
}

Deno.test("newer files have the same rotary embeddings in rope_parameters", () => {
  const { rope_theta: _, rope_scaling, ...rest } = PUBLISHED.llama32;
  const rope_parameters = { rope_theta: 500000.0, ...rope_scaling };
  assertEquals(readConfig({ ...rest, rope_parameters }), readConfig(PUBLISHED.llama32));
  const { rope_theta: _theta, rope_local_base_freq: _local, ...gemma } = PUBLISHED.gemma3;
  const both = {
    full_attention: { rope_theta: 1e6, rope_type: "default" },
    sliding_attention: { rope_theta: 1e4, rope_type: "default" },
  };
  assertEquals(readConfig({ ...gemma, rope_parameters: both }), readConfig(PUBLISHED.gemma3));
});

Deno.test("an explicit null is no value, where a missing field has a default", () => {
  const { attn_logit_softcapping: _, ...rest } = PUBLISHED.gemma2;
  assertEquals(readConfig(rest).attentionSoftCap, 50);
  assertEquals(readConfig({ ...rest, attn_logit_softcapping: null }).attentionSoftCap, undefined);
});

Deno.test("layers that slide are those that the file says", () => {
  const qwen = { ...PUBLISHED.qwen25, use_sliding_window: true, max_window_layers: 20 };
  assertEquals(readConfig(qwen).slidingLayers.indexOf(true), 20);
  const layer_types = Array.from({ length: 24 }, (_, k) => k === 3 ? "sliding_attention" : "full_attention");
  assertEquals(readConfig({ ...qwen, layer_types }).slidingLayers.map(Number).reduce((a, b) => a + b), 1);
});

Deno.test("what no model has is refused, with the field and the file", () => {
  const wrong = (changed: object, message: string) =>
    assertThrows(
      () => readConfig({ ...PUBLISHED.llama32, ...changed }, { file: "x/config.json" }),
      ModelError,
      message,
    );
  wrong({ model_type: "llma" }, 'got "llma", in x/config.json; the nearest is llama');
  wrong({ model_type: "mamba" }, "expected model_type to be one of llama, mistral, qwen2, qwen3, gemma");
  wrong(
    { hidden_size: "64" },
    'expected hidden_size to be an integer from 1 to 131072, got "64", in x/config.json',
  );
  wrong({ hidden_size: 1e12 }, "got 1000000000000");
  wrong({ num_hidden_layers: 0 }, "num_hidden_layers");
  wrong({ num_hidden_layers: null }, "expected num_hidden_layers, got nothing");
  wrong({ num_key_value_heads: 5 }, "expected num_key_value_heads to divide 32 heads, got 5");
  wrong({ head_dim: 63 }, "expected an even head_dim");
  wrong({ head_dim: null, num_attention_heads: 24 }, "heads that divide hidden_size 2048, got 24 heads");
  wrong({ hidden_act: "relu" }, "expected hidden_act to be one of silu");
  wrong({ hidden_act: "toString" }, "expected hidden_act to be one of silu");
  wrong({ mlp_bias: true }, "expected mlp_bias to be false");
  wrong({ rope_scaling: { rope_type: "dynamic" } }, 'got "dynamic", in x/config.json');
  wrong(
    { rope_scaling: { rope_type: "llama3" } },
    "expected rope_scaling.factor for rope type llama3, got nothing",
  );
  wrong({ rope_scaling: "yarn" }, "expected rope_scaling to be an object");
  wrong({ rope_scaling: { factor: -1 } }, "expected rope_scaling.factor to be a number above 0");
  wrong({
    rope_scaling: { type: "su", short_factor: [1], long_factor: [1], original_max_position_embeddings: 4 },
  }, "expected 32 numbers in rope_scaling.short_factor");
  wrong({ partial_rotary_factor: 2 }, "expected partial_rotary_factor");
  assertThrows(
    () => readConfig([1]),
    ModelError,
    "expected an object of a model's fields, got [1], in config.json",
  );
  assertThrows(() => readConfig({}), ModelError, "got nothing, in config.json");
  assertThrows(() => readConfig({}, { fil: "x" } as never), OptionError, 'did you mean "file"?');
});

Deno.test("Llama 3.2's frequencies: short waves stay, long ones are divided", () => {
  const { rope } = readConfig(PUBLISHED.llama32);
  const { frequencies, magnitude } = ropeFrequencies(rope, 4096);
  const plain = ropeFrequencies({ ...rope, scaling: { kind: "none" } }, 4096).frequencies;
  assertEquals([frequencies.length, magnitude, frequencies[0]], [32, 1, 1]);
  assertAlmostEquals(frequencies[31] as number, (plain[31] as number) / 32, 1e-15);
  // Hugging Face's value of a frequency between: 500000^(-34/64), interpolated.
  const wave = 2 * Math.PI / (plain[17] as number), smooth = (8192 / wave - 1) / 3;
  assertAlmostEquals(
    frequencies[17] as number,
    (1 - smooth) * (plain[17] as number) / 32 + smooth * (plain[17] as number),
    1e-12,
  );
});

Deno.test("LongRoPE takes its list by the context, YaRN ramps between both ends", () => {
  const rope_scaling = {
    type: "longrope",
    short_factor: Array(48).fill(1.5),
    long_factor: Array(48).fill(4),
  };
  const long = { ...PUBLISHED.phi3, max_position_embeddings: 131072, rope_scaling };
  const { rope } = readConfig({ ...long, original_max_position_embeddings: 4096 });
  assertEquals(ropeFrequencies(rope, 4096).frequencies[0], 1 / 1.5);
  assertEquals(ropeFrequencies(rope, 4097).frequencies[0], 1 / 4);
  assertAlmostEquals(ropeFrequencies(rope, 1).magnitude, Math.sqrt(1 + Math.log(32) / Math.log(4096)), 1e-12);
  const yarn = { type: "yarn", factor: 4, original_max_position_embeddings: 32768 };
  const extended = readConfig({ ...PUBLISHED.qwen25, rope_scaling: yarn }).rope;
  const { frequencies, magnitude } = ropeFrequencies(extended, 1);
  const plain = ropeFrequencies({ ...extended, scaling: { kind: "none" } }, 1).frequencies;
  assertEquals(frequencies[0], plain[0]);
  assertAlmostEquals(frequencies.at(-1) as number, (plain.at(-1) as number) / 4, 1e-15);
  assertAlmostEquals(magnitude, 0.1 * Math.log(4) + 1, 1e-12);
});
