/** Folders that MLC has converted: floats and quantized weights, both lists, and what is refused. */
import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { readConfig } from "../../../lib/models/config/read_config.ts";
import { ModelError } from "../../../lib/models/error.ts";
import { openModel } from "../../../lib/models/open_model.ts";
import {
  loadParameters,
  type LoadParametersOptions,
} from "../../../lib/models/parameters/load_parameters.ts";
import { parametersOf } from "../../../lib/models/parameters/parameter.ts";
import { openWeights } from "../../../lib/models/weights/open_weights.ts";
import { normalNumbers, TINY, tinyCheckpoint, type TinyName, writeCheckpoint } from "../tiny_checkpoint.ts";
import { mlcConfig, type MlcTensor, mlcTensors, writeMlc } from "../write_mlc.ts";
import { inFolder } from "../write_safetensors.ts";

async function parametersIn(path: string, options: LoadParametersOptions) {
  const { weights, config } = await openModel(path), all = new Map<string, readonly number[]>();
  for await (const { arrays } of loadParameters(weights, config, options)) {
    for (const { name, data } of arrays) all.set(name, [...data]);
  }
  return all;
}

const writeConfig = (folder: string, json: unknown) =>
  Deno.writeTextFile(join(folder, "mlc-chat-config.json"), JSON.stringify(json));

for (const name of Object.keys(TINY) as TinyName[]) {
  Deno.test(`${name} as MLC converts it has the parameters of Hugging Face's files`, () =>
    inFolder(async (folder) => {
      const checkpoint = tinyCheckpoint(name, 6), older = name === "llama";
      await writeCheckpoint(folder, checkpoint);
      const expected = await parametersIn(folder, { quantization: "q0f32" });
      await writeMlc(folder, mlcTensors(checkpoint), older ? { list: "ndarray-cache.json" } : {});
      await writeConfig(folder, mlcConfig(checkpoint, "q0f32"));
      assertEquals(await parametersIn(folder, { quantization: "q0f32" }), expected);
      const { config, generation, quantization } = await openModel(folder);
      assertEquals(config, { ...readConfig(checkpoint.config), bosToken: 1, eosTokens: [2, 5] });
      assertEquals(quantization, undefined);
      assertEquals(generation, {
        temperature: 0.6,
        topP: 0.9,
        repetitionPenalty: 1,
        bosToken: 1,
        eosTokens: [2, 5],
      });
    }));
}

/** The tensors of a quantized model, with random words and scales. */
function packed(name: TinyName, bits: 4 | 8, dtype: "float16" | "float32"): Record<string, MlcTensor> {
  const checkpoint = tinyCheckpoint(name, 6), normal = normalNumbers(8), out: Record<string, MlcTensor> = {};
  for (const [tensor, { shape, data }] of Object.entries(mlcTensors(checkpoint))) {
    if (shape.length === 1) {
      out[tensor] = { dtype, shape, data };
      continue;
    }
    const [rows = 0, columns = 0] = shape, groups = Math.ceil(columns / 32);
    const words = Array.from(
      { length: rows * groups * bits },
      () => Math.abs(Math.floor(normal() * 2 ** 30)),
    );
    const scales = Array.from({ length: rows * groups }, () => Math.f16round(Math.abs(normal())));
    out[tensor.replace(/weight$/, "q_weight")] = {
      dtype: "uint32",
      shape: [rows, groups * bits],
      data: words,
    };
    out[tensor.replace(/weight$/, "q_scale")] = { dtype, shape: [rows, groups], data: scales };
  }
  return out;
}

Deno.test("quantized weights are taken as they are, and their quantization is found", () =>
  inFolder(async (folder) => {
    const kinds = [["q4f16_1", 4, "float16"], ["q4f32_1", 4, "float32"], ["q8f16", 8, "float16"]] as const;
    for (const [quantization, bits, dtype] of kinds) {
      for (const name of ["qwen2", "gemma3", "phi3"] as const) {
        const tensors = packed(name, bits, dtype), checkpoint = tinyCheckpoint(name, 6);
        await writeMlc(folder, tensors);
        await writeConfig(folder, mlcConfig(checkpoint, quantization));
        assertEquals((await openModel(folder)).quantization, quantization);
        const got = await parametersIn(folder, {});
        const rows = (role: string, array: string) =>
          Object.entries(tensors).filter(([n]) => n.includes(".0.") && n.includes(role) && n.endsWith(array))
            .flatMap(([, t]) => Array.from(t.data));
        const qkv = { qwen2: "c_attn", gemma3: "self_attn.", phi3: "qkv_proj" }[name];
        for (const array of ["q_weight", "q_scale"]) {
          const own = name === "gemma3"
            ? ["q_proj", "k_proj", "v_proj"].flatMap((p) => rows(p, array))
            : rows(qkv, array);
          assertEquals(got.get(`layers.0.qkv.${array}`), own);
          assertEquals(got.get(`layers.0.down.${array}`), rows("down_proj", array));
        }
        const arrays = parametersOf(readConfig(checkpoint.config)).flatMap((p) =>
          p.kind === "matrix" ? [1, 2] : [1]
        );
        assertEquals(got.size, arrays.length);
      }
    }
    const wrong = await assertRejects(() => parametersIn(folder, { quantization: "q4f16_1" }), ModelError);
    assertStringIncludes(
      wrong.message,
      "expected quantization q8f16, as the files are quantized, got q4f16_1",
    );
    const single = await parametersIn(folder, { dtype: "f32" });
    assertEquals(
      single.get("layers.1.down.q_scale"),
      (await parametersIn(folder, {})).get("layers.1.down.q_scale"),
    );
  }));

Deno.test("f32 that is stored as bf16, and bf16, are widened", () =>
  inFolder(async (folder) => {
    const data = [1, -2.5, 0.15625];
    await writeMlc(folder, {
      a: { dtype: "float32", format: "f32-to-bf16", shape: [3], data },
      b: { dtype: "bfloat16", shape: [3], data },
    });
    const source = await openWeights(folder);
    for (const name of ["a", "b"]) assertEquals(await source.read(name), new Float32Array(data));
  }));

Deno.test("lists that aren't one, paths outside of the folder and short shards are refused", () =>
  inFolder(async (folder) => {
    const record = { name: "w", shape: [4], dtype: "float32", format: "raw", nbytes: 16, byteOffset: 0 };
    await Deno.writeFile(join(folder, "shard.bin"), new Uint8Array(32));
    const refused = async (json: unknown, message: string) => {
      await Deno.writeTextFile(join(folder, "tensor-cache.json"), JSON.stringify(json));
      assertStringIncludes((await assertRejects(() => openWeights(folder), ModelError)).message, message);
    };
    const shard = (changed: object, own: object = {}) => ({
      records: [{ dataPath: "shard.bin", nbytes: 32, records: [{ ...record, ...own }], ...changed }],
    });
    await refused([], "expected records of files");
    await refused({ records: [{ dataPath: "shard.bin" }] }, "expected records of files");
    await refused(shard({ dataPath: "/etc/passwd" }), "an absolute path");
    await refused(shard({ dataPath: "a/../../x" }), "a path with ..");
    await refused(shard({ dataPath: "none.bin" }), 'expected a file "none.bin"');
    await refused(shard({ nbytes: 64 }), "expected 64 bytes");
    await refused(shard({}, { nbytes: 20 }), "expected 16 bytes of tensor w float32[4]");
    await refused(shard({}, { byteOffset: 20 }), "got 16 from 20 on");
    await refused(shard({}, { byteOffset: -4 }), "expected records of files");
    await refused(shard({}, { shape: [2 ** 52, 2 ** 52] }), "got 16 from 0 on");
    await refused(shard({}, { format: "zip" }), 'got "zip"');
    await refused({ records: [...shard({}).records, ...shard({}).records] }, "expected tensor w once");
    await Deno.writeTextFile(join(folder, "tensor-cache.json"), JSON.stringify(shard({}, { dtype: "int8" })));
    const source = await openWeights(folder);
    assertStringIncludes((await assertRejects(() => source.read("w"), ModelError)).message, "got int8");
    assertStringIncludes(
      (await assertRejects(() => openModel(folder), ModelError)).message,
      "expected mlc-chat-config.json",
    );
  }));
