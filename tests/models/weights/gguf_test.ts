/** GGUF files: their configuration, all types, rows in order, and what is refused. */
import { assert, assertAlmostEquals, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { readConfig } from "../../../lib/models/config/read_config.ts";
import { ropeFrequencies } from "../../../lib/models/config/rope.ts";
import { ModelError } from "../../../lib/models/error.ts";
import { openModel } from "../../../lib/models/open_model.ts";
import { loadParameters } from "../../../lib/models/parameters/load_parameters.ts";
import { openWeights } from "../../../lib/models/weights/open_weights.ts";
import { normalNumbers, TINY, tinyCheckpoint, type TinyName, writeCheckpoint } from "../tiny_checkpoint.ts";
import {
  ggufBytes,
  ggufMetadata,
  type GgufTensor,
  ggufTensors,
  type GgufType,
  quantizedBlock,
} from "../write_gguf.ts";
import { inFolder } from "../write_safetensors.ts";

async function parametersIn(path: string): Promise<ReadonlyMap<string, readonly number[]>> {
  const { weights, config } = await openModel(path), all = new Map<string, readonly number[]>();
  for await (const { arrays } of loadParameters(weights, config, { quantization: "q0f32" })) {
    for (const { name, data } of arrays) all.set(name, [...data]);
  }
  return all;
}

/** Configurations that GGUF can say; the others have scalings that it has in other words. */
const NAMES = [
  "llama",
  "qwen2",
  "qwen3",
  "gemma",
  "gemma2",
  "gemma3",
  "phi3",
] as const satisfies readonly TinyName[];

for (const name of NAMES) {
  Deno.test(`${name} as GGUF has the parameters and the configuration of Hugging Face's files`, () =>
    inFolder(async (folder) => {
      // What GGUF doesn't say is as its readers assume.
      const changed = {
        rope_scaling: null,
        ...(name === "gemma3" ? { sliding_window_pattern: 6 } : {}),
        ...(name.startsWith("gemma") ? { query_pre_attn_scalar: 12 } : {}),
      };
      const checkpoint = tinyCheckpoint(name, 5, changed), path = join(folder, "model.gguf");
      await writeCheckpoint(folder, checkpoint);
      await Deno.writeFile(path, ggufBytes(ggufMetadata(checkpoint), ggufTensors(checkpoint)));
      assertEquals(await parametersIn(path), await parametersIn(folder));
      const { config, generation } = await openModel(path);
      const { normEps, ...rest } = config, { normEps: exact, ...same } = readConfig(checkpoint.config);
      assertAlmostEquals(normEps, exact, 1e-9);
      assertEquals(rest, { ...same, eosTokens: [2] });
      assertEquals(generation, { eosTokens: [2] });
    }));
}

Deno.test("each type is decoded to what its blocks say", () =>
  inFolder(async (folder) => {
    const normal = normalNumbers(3),
      list = Array.from({ length: 1024 }, normal),
      tensors: Record<string, GgufTensor> = {};
    const types = [
      "F32",
      "F16",
      "BF16",
      "Q8_0",
      "Q4_0",
      "Q4_1",
      "Q6_K",
    ] as const satisfies readonly GgufType[];
    for (const type of types) tensors[`${type}.weight`] = { type, shape: [4, 256], data: list };
    const checkpoint = tinyCheckpoint("qwen2", 1), path = join(folder, "x.gguf");
    await Deno.writeFile(path, ggufBytes(ggufMetadata(checkpoint), tensors));
    const source = await openWeights(path);
    for (const type of types.slice(3) as readonly ("Q8_0" | "Q4_0" | "Q4_1" | "Q6_K")[]) {
      const size = type === "Q6_K" ? 256 : 32;
      const expected = Array.from(
        { length: 1024 / size },
        (_, b) => quantizedBlock(type, list.slice(b * size, (b + 1) * size)).decoded,
      ).flat();
      const got = await source.read(`${type}.weight`);
      got.forEach((x, k) => assertAlmostEquals(x, expected[k] as number, 1e-6, `${type} ${k}`));
      assertEquals(await source.read(`${type}.weight`, { rows: [1, 3] }), got.slice(256, 768));
      assert(got.every((x, k) => Math.abs(x - (list[k] as number)) < (type === "Q8_0" ? 0.02 : 0.5)), type);
    }
    assertEquals(await source.read("F16.weight"), new Float16Array(list));
  }));

Deno.test("Llama 3's frequencies are a tensor of divisors, Phi-3's two", () =>
  inFolder(async (folder) => {
    const path = join(folder, "x.gguf"), { config } = tinyCheckpoint("llama3", 1);
    const { rope } = readConfig(config), checkpoint = tinyCheckpoint("llama3", 1, { rope_scaling: null });
    const plain = ropeFrequencies({ ...rope, scaling: { kind: "none" } }, 1).frequencies;
    const scaled = ropeFrequencies(rope, 1).frequencies;
    const data = [...plain].map((f, k) => f / (scaled[k] as number));
    const freqs: GgufTensor = { type: "F32", shape: [data.length], data };
    await Deno.writeFile(
      path,
      ggufBytes(ggufMetadata(checkpoint), { ...ggufTensors(checkpoint), "rope_freqs.weight": freqs }),
    );
    const read = ropeFrequencies((await openModel(path)).config.rope, 128);
    read.frequencies.forEach((f, k) => assertAlmostEquals(f, scaled[k] as number, 1e-6));
    assertEquals(read.magnitude, 1);
    const phi = tinyCheckpoint("phi3Long", 1), { short_factor, long_factor } = TINY.phi3Long.rope_scaling;
    const list = (data: readonly number[]): GgufTensor => ({ type: "F32", shape: [data.length], data });
    await Deno.writeFile(
      path,
      ggufBytes({
        ...ggufMetadata(phi),
        "phi3.rope.scaling.original_context_length": 32,
        "phi3.rope.dimension_count": 12,
      }, {
        ...ggufTensors(phi),
        "rope_factors_short.weight": list(short_factor),
        "rope_factors_long.weight": list(long_factor),
      }),
    );
    const long = (await openModel(path)).config.rope, expected = readConfig(phi.config).rope;
    for (const context of [32, 128]) {
      const [a, b] = [ropeFrequencies(long, context), ropeFrequencies(expected, context)];
      a.frequencies.forEach((f, k) => assertAlmostEquals(f, b.frequencies[k] as number, 1e-6));
      assertAlmostEquals(a.magnitude, b.magnitude, 1e-12);
    }
  }));

Deno.test("files that are no GGUF, or whose tensors lie outside, are refused with a reason", () =>
  inFolder(async (folder) => {
    const path = join(folder, "x.gguf"),
      checkpoint = tinyCheckpoint("qwen2", 1),
      metadata = ggufMetadata(checkpoint);
    const good = ggufBytes(metadata, ggufTensors(checkpoint));
    const refused = async (bytes: Uint8Array, message: string) => {
      await Deno.writeFile(path, bytes);
      const error = await assertRejects(() => openModel(path), ModelError);
      assertStringIncludes(error.message, message);
      assertStringIncludes(error.message, path);
    };
    const changed = (at: number, ...bytes: readonly number[]) => {
      const copy = good.slice();
      copy.set(bytes, at);
      return copy;
    };
    await refused(good.slice(0, 20), "expected a GGUF file");
    await assertRejects(() => openWeights(folder), ModelError, "the path of x.gguf there would work");
    await assertRejects(() => openWeights(join(folder, "none")), ModelError, "expected a folder, or a file");
    await refused(changed(0, 0), "expected a GGUF file");
    await refused(changed(4, 1), "version 2 or 3, got 1");
    await refused(changed(8, 255, 255, 255, 255), "expected up to 65536 tensors");
    await refused(changed(16, 255, 255), "fields, got");
    await refused(good.slice(0, 1000), "expected");
    await refused(good.slice(0, -64), "within");
    await refused(ggufBytes({ ...metadata, "general.architecture": "mamba" }, {}), 'got "mamba"');
    await refused(ggufBytes({ ...metadata, "qwen2.block_count": 0 }, {}), "num_hidden_layers");
    const odd: GgufTensor = { type: "Q8_0", shape: [2, 48], data: Array(96).fill(1) };
    await refused(ggufBytes(metadata, { x: odd }), "got rows that blocks don't fill");
    const other = ggufBytes(metadata, {
      ...ggufTensors(checkpoint),
      "output.weight": { ...odd, shape: [3, 32] },
    });
    await Deno.writeFile(path, other);
    const { weights, config } = await openModel(path);
    const missing = await assertRejects(() => Array.fromAsync(loadParameters(weights, config)), ModelError);
    assertStringIncludes(missing.message, "expected tensor output.weight of shape [101, 48]");
  }));
