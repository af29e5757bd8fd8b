/** Parameters: what checkpoints of each architecture become, and what is refused. */
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { readConfig } from "../../../lib/models/config/read_config.ts";
import { ModelError } from "../../../lib/models/error.ts";
import {
  type LoadedArray,
  loadParameters,
  type LoadParametersOptions,
  type LoadProgress,
} from "../../../lib/models/parameters/load_parameters.ts";
import { arraysOf, parametersOf } from "../../../lib/models/parameters/parameter.ts";
import { openWeights } from "../../../lib/models/weights/open_weights.ts";
import { dequantized } from "../dequantize.ts";
import type { Checkpoint, ReferenceTensor } from "../reference.ts";
import { TINY, tinyCheckpoint, type TinyName, writeCheckpoint } from "../tiny_checkpoint.ts";
import { inFolder } from "../write_safetensors.ts";

async function loaded(
  folder: string,
  checkpoint: Checkpoint,
  options: LoadParametersOptions = {},
): Promise<ReadonlyMap<string, LoadedArray>> {
  const config = readConfig(checkpoint.config), found = new Map<string, LoadedArray>();
  for await (const { parameter, arrays } of loadParameters(await openWeights(folder), config, options)) {
    const declared = arraysOf(parameter, options.quantization ?? "q4f16_1", options.dtype);
    assertEquals(arrays.map(({ data: _, ...rest }) => rest), declared);
    for (const a of arrays) {
      assertEquals(a.data.length, a.shape.reduce((x, y) => x * y, 1));
      found.set(a.name, a);
    }
  }
  return found;
}

/** What a parameter of float32 has to hold: the rows of its tensors, with the offset of norms. */
function expected({ config, tensors }: Checkpoint, name: string): readonly number[] {
  const gemma = String(config.model_type).startsWith("gemma");
  const two = config.model_type === "gemma2" || config.model_type === "gemma3_text";
  const names: Readonly<Record<string, readonly string[]>> = {
    input_norm: ["input_layernorm"],
    qkv: ["self_attn.qkv_proj", "self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"],
    q_norm: ["self_attn.q_norm"],
    k_norm: ["self_attn.k_norm"],
    o: ["self_attn.o_proj"],
    post_attention_norm: ["post_attention_layernorm"],
    mlp_norm: [two ? "pre_feedforward_layernorm" : "post_attention_layernorm"],
    gate_up: ["mlp.gate_up_proj", "mlp.gate_proj", "mlp.up_proj"],
    down: ["mlp.down_proj"],
    post_mlp_norm: ["post_feedforward_layernorm"],
  };
  const [, layer, role = "", suffix] = /^layers\.(\d+)\.(\w+)\.(weight|bias)$/.exec(name) ?? [];
  const roots: Readonly<Record<string, string>> = {
    "embed.weight": "model.embed_tokens.weight",
    "norm.weight": "model.norm.weight",
    "head.weight": "lm_head.weight",
  };
  const parts = layer === undefined
    ? [roots[name] as string]
    : (names[role] as readonly string[]).map((n) => `model.layers.${layer}.${n}.${suffix}`);
  const rows = parts.flatMap((n) => Array.from((tensors[n] as ReferenceTensor | undefined)?.data ?? []));
  return name.includes("norm") && gemma ? rows.map((x) => Math.fround(x + 1)) : rows;
}

for (const name of Object.keys(TINY) as TinyName[]) {
  Deno.test(`the parameters of ${name} are its tensors, in order`, () =>
    inFolder(async (folder) => {
      const checkpoint = tinyCheckpoint(name, 3);
      await writeCheckpoint(folder, checkpoint, { shards: name === "llama" ? 3 : 1 });
      const arrays = await loaded(folder, checkpoint, { quantization: "q0f32" });
      const elements = Object.values(checkpoint.tensors).reduce((n, t) => n + t.data.length, 0);
      let all = 0;
      for (const { name, data } of arrays.values()) {
        assertEquals([...data], expected(checkpoint, name), name);
        all += data.length;
      }
      assertEquals(all, elements);
    }));
}

Deno.test("q4 and q8 decode to the weights within half a scale, from bf16 as from f32", () =>
  inFolder(async (folder) => {
    const checkpoint = tinyCheckpoint("qwen2Yarn", 4);
    for (const [quantization, bits] of [["q4f16_1", 4], ["q4f32_1", 4], ["q8f16", 8]] as const) {
      for (const dtype of ["F32", "BF16"] as const) {
        await writeCheckpoint(folder, checkpoint, { dtype });
        const floats = await loaded(folder, checkpoint, { quantization: "q0f32" });
        const arrays = await loaded(folder, checkpoint, { quantization });
        for (const parameter of parametersOf(readConfig(checkpoint.config))) {
          const weights = floats.get(parameter.name) as LoadedArray;
          if (parameter.kind !== "matrix") {
            assertEquals(arrays.get(parameter.name)?.dtype, quantization === "q4f32_1" ? "f32" : "f16");
            continue;
          }
          const words = arrays.get(parameter.name.replace(/weight$/, "q_weight")) as LoadedArray;
          const scales = arrays.get(parameter.name.replace(/weight$/, "q_scale")) as LoadedArray;
          const [rows = 0, columns = 0] = parameter.shape, groups = Math.ceil(columns / 32);
          const decoded = dequantized(words.data, scales.data, [rows, columns], bits);
          weights.data.forEach((w, at) => {
            const scale = scales
              .data[Math.floor(at / columns) * groups + Math.floor(at % columns / 32)] as number;
            const slack = quantization === "q8f16" ? 0.66 : 0.52;
            assert(Math.abs(w - (decoded[at] as number)) <= slack * scale, parameter.name);
          });
        }
      }
    }
  }));

Deno.test("a device without f16 gets the same integers, and scales in f32", () =>
  inFolder(async (folder) => {
    const checkpoint = tinyCheckpoint("gemma3", 4);
    await writeCheckpoint(folder, checkpoint, { dtype: "F16" });
    const half = await loaded(folder, checkpoint, { quantization: "q4f16_1" });
    const single = await loaded(folder, checkpoint, { quantization: "q4f16_1", dtype: "f32" });
    for (const [name, { data, dtype }] of single) {
      assertEquals(dtype, name.endsWith("q_weight") ? "u32" : "f32");
      if (/q_(weight|scale)$/.test(name)) assertEquals([...data], [...half.get(name)?.data ?? []], name);
    }
    const plain = await loaded(folder, checkpoint, { quantization: "q0f16", dtype: "f32" });
    assert([...plain.values()].every((a) => a.data instanceof Float32Array));
  }));

Deno.test("progress counts bytes, and a signal ends the loading", () =>
  inFolder(async (folder) => {
    const checkpoint = tinyCheckpoint("llama", 4), seen: LoadProgress[] = [];
    await writeCheckpoint(folder, checkpoint, { dtype: "BF16" });
    await loaded(folder, checkpoint, { progress: (p) => seen.push(p) });
    const last = seen.at(-1) as LoadProgress;
    assertEquals([last.loaded, last.bytes, last.parameter], [seen.length, last.allBytes, "head.weight"]);
    assertEquals(seen.length, last.parameters);
    const controller = new AbortController(), reason = new Error("enough");
    const stopped = loaded(folder, checkpoint, {
      signal: controller.signal,
      progress: ({ loaded }) => loaded === 3 && controller.abort(reason),
    });
    assertEquals(await assertRejects(() => stopped), reason);
  }));

Deno.test("missing tensors, other shapes and weights that a dtype can't hold are named", () =>
  inFolder(async (folder) => {
    const { config, tensors } = tinyCheckpoint("llama", 4);
    const refused = async (
      changed: Readonly<Record<string, ReferenceTensor | undefined>>,
      message: string,
      options: LoadParametersOptions = {},
    ) => {
      const all = Object.entries({ ...tensors, ...changed }).filter(([, t]) => t !== undefined);
      const checkpoint = { config, tensors: Object.fromEntries(all) as Checkpoint["tensors"] };
      await writeCheckpoint(folder, checkpoint);
      const error = await assertRejects(() => loaded(folder, checkpoint, options), ModelError);
      assertStringIncludes(error.message, message);
      assertStringIncludes(error.message, folder);
    };
    const k = "model.layers.1.self_attn.k_proj.weight";
    await refused({ [k]: undefined }, `expected tensor ${k}, got none`);
    await refused({ "model.norm.weight": undefined }, "expected tensor model.norm.weight, got none");
    await refused(
      { [k]: { shape: [4, 8], data: Array(32).fill(0) } },
      `expected tensor ${k} of shape [16, 48]`,
    );
    const big = new Float32Array(16 * 48);
    big[100] = 7e4;
    await refused({ [k]: { shape: [16, 48], data: big } }, `got 70000 in row 2 of tensor ${k}`);
    await refused({ [k]: { shape: [16, 48], data: big } }, "expected weights that f16 has", {
      quantization: "q0f16",
    });
    big[100] = NaN;
    await refused({ [k]: { shape: [16, 48], data: big } }, "got NaN in row 2", { quantization: "q4f32_1" });
  }));
