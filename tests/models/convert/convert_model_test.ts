/** Converted folders: they read back byte for byte, whatever they were converted from. */
import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { readConfig } from "../../../lib/models/config/read_config.ts";
import { convertModel, type ConvertModelOptions } from "../../../lib/models/convert/convert_model.ts";
import { mlcConfig } from "../../../lib/models/convert/mlc_config.ts";
import { ShardWriter } from "../../../lib/models/convert/shard_writer.ts";
import { ModelError } from "../../../lib/models/error.ts";
import { openModel } from "../../../lib/models/open_model.ts";
import { type LoadedArray, loadParameters } from "../../../lib/models/parameters/load_parameters.ts";
import { openWeights } from "../../../lib/models/weights/open_weights.ts";
import { PUBLISHED } from "../config/published.ts";
import { TINY, tinyCheckpoint, type TinyName, writeCheckpoint } from "../tiny_checkpoint.ts";
import { mlcTensors, writeMlc } from "../write_mlc.ts";
import { inFolder } from "../write_safetensors.ts";

async function arraysIn(folder: string, options: ConvertModelOptions = {}): Promise<readonly LoadedArray[]> {
  const { weights, config } = await openModel(folder);
  return (await Array.fromAsync(loadParameters(weights, config, options))).flatMap((p) => p.arrays);
}

Deno.test("configurations read back as they were", () => {
  for (const [name, json] of Object.entries({ ...PUBLISHED, ...TINY })) {
    const config = readConfig(json);
    const written = mlcConfig(config, {
      quantization: "q4f16_1",
      generation: {},
      tokenizerFiles: [],
      chats: false,
    });
    assertEquals(readConfig(JSON.parse(JSON.stringify(written))), config, name);
  }
});

const NAMES = [
  "llama3",
  "mistral",
  "qwen2Yarn",
  "qwen3",
  "gemma2",
  "gemma3",
  "phi3Long",
] as const satisfies readonly TinyName[];

for (const name of NAMES) {
  Deno.test(`${name} is converted to what its files load as`, () =>
    inFolder(async (folder) => {
      const checkpoint = tinyCheckpoint(name, 11), source = join(folder, "source");
      await Deno.mkdir(source);
      await writeCheckpoint(source, checkpoint, { dtype: "BF16", shards: 2 });
      const all = ["q4f16_1", "q4f32_1", "q8f16", "q0f16", "q0f32"] as const;
      for (const quantization of name === "llama3" ? all : ["q4f16_1", "q0f32"] as const) {
        const out = join(folder, quantization);
        assertEquals((await convertModel(source, out, { quantization })).quantization, quantization);
        assertEquals(await arraysIn(out, { quantization }), await arraysIn(source, { quantization }));
        const { config, weights } = await openModel(out);
        assertEquals(config, readConfig(checkpoint.config));
        // MLC's own names.
        const packed = quantization.startsWith("q0") ? [] : ["q_weight", "q_scale"];
        const expected = Object.keys(mlcTensors(checkpoint)).flatMap((n) =>
          packed.length === 0 || /norm|bias|\.ln\./.test(n) ? [n] : packed.map((p) => n.replace(/weight$/, p))
        );
        assertEquals([...weights.tensors.keys()].toSorted(), expected.toSorted());
      }
      const again = join(folder, "again"), first = join(folder, "q4f16_1");
      for (const file of (await convertModel(first, again)).files) {
        assertEquals(await Deno.readFile(join(again, file)), await Deno.readFile(join(first, file)), file);
      }
    }));
}

Deno.test("files of the tokenizer come along, and nothing is overwritten", () =>
  inFolder(async (folder) => {
    const source = join(folder, "source"), out = join(folder, "out"), third = join(folder, "third");
    await Deno.mkdir(source);
    await writeCheckpoint(source, tinyCheckpoint("llama", 1));
    await Deno.writeTextFile(join(source, "tokenizer.json"), "{}");
    const generation = { temperature: 0.7, top_k: 40, eos_token_id: [3, 4] };
    await Deno.writeTextFile(join(source, "generation_config.json"), JSON.stringify(generation));
    const { files } = await convertModel(source, out);
    assertEquals(files, [
      "mlc-chat-config.json",
      "tokenizer.json",
      "params_shard_0.bin",
      "tensor-cache.json",
    ]);
    const opened = await openModel(out);
    assertEquals(opened.generation, { temperature: 0.7, topK: 40, eosTokens: [3, 4] });
    assertEquals(opened.quantization, "q4f16_1");
    const full = await assertRejects(() => convertModel(source, out), ModelError);
    assertStringIncludes(full.message, "expected a new or empty folder");
    const other = () => convertModel(out, join(folder, "other"), { quantization: "q0f16" });
    await assertRejects(other, ModelError, "expected quantization q4f16_1");
    const controller = new AbortController(), reason = new Error("enough");
    const stopped = convertModel(source, third, {
      signal: controller.signal,
      progress: () => controller.abort(reason),
    });
    assertEquals(await assertRejects(() => stopped), reason);
    await assertRejects(() => openWeights(third), ModelError, "got none");
  }));

Deno.test("files have a limit, except those of one large tensor", () =>
  inFolder(async (folder) => {
    const thousand = 2 ** 10, writer = new ShardWriter(folder, 32 * thousand), sizes = [3, 3, 3, 10, 1, 1, 5];
    for (const [k, size] of sizes.entries()) {
      const data = new Uint32Array(size * thousand).fill(size);
      await writer.add({ name: `t${k}`, dtype: "u32", shape: [size * thousand], data });
    }
    const files = await writer.finish(1000), bytes = [];
    for (const file of files.slice(0, -1)) {
      bytes.push((await Deno.stat(join(folder, file))).size / thousand / 4);
    }
    // The one with 10 is written when it comes; the others are collected.
    assertEquals(bytes, [6, 10, 5, 5]);
    const source = await openWeights(folder);
    for (const [k, size] of sizes.entries()) {
      assertEquals([...await source.read(`t${k}`, { rows: [size * thousand - 2, size * thousand] })], [
        size,
        size,
      ]);
    }
  }));

Deno.test("an older folder of MLC's converts to the same weights", () =>
  inFolder(async (folder) => {
    const checkpoint = tinyCheckpoint("qwen2", 2), source = join(folder, "source"), out = join(folder, "out");
    await Deno.mkdir(source);
    await writeMlc(source, mlcTensors(checkpoint), { list: "ndarray-cache.json", most: 5000 });
    const options = { quantization: "q0f32", generation: {}, tokenizerFiles: [], chats: false } as const;
    const json = mlcConfig(readConfig(checkpoint.config), options);
    await Deno.writeTextFile(join(source, "mlc-chat-config.json"), JSON.stringify(json));
    await convertModel(source, out, { quantization: "q0f32" });
    const arrays = await arraysIn(source, { quantization: "q0f32" });
    assertEquals(await arraysIn(out, { quantization: "q0f32" }), arrays);
  }));
