/** A sample of the fuzzed files, and how much is read at once. */
import { assert, assertEquals } from "@std/assert";
import { readConfig } from "../../lib/models/config/read_config.ts";
import { loadParameters } from "../../lib/models/parameters/load_parameters.ts";
import { parametersOf } from "../../lib/models/parameters/parameter.ts";
import type { TensorInfo, WeightSource } from "../../lib/models/weights/weight_source.ts";
import { fuzz } from "./fuzz.ts";
import { TINY } from "./tiny_checkpoint.ts";

Deno.test("changed files are read, or give typed errors", () => fuzz(90, 1 + Math.floor(Date.now() / 1000)));

Deno.test("a large tensor is read in pieces of 16 MB", async () => {
  const config = readConfig({ ...TINY.llama3, vocab_size: 200_000, num_hidden_layers: 1 });
  const tensors = new Map<string, TensorInfo>();
  for (const { name, shape, tensors: names, parts } of parametersOf(config)) {
    for (const [k, tensor] of (names[0] ?? []).entries()) {
      const own = [parts.length === 1 ? shape[0] ?? 0 : parts[k] ?? 0, ...shape.slice(1)];
      const bytes = own.reduce((a, b) => a * b, 2);
      tensors.set(`${tensor}.${name.split(".").at(-1)}`, { shape: own, stored: "f16", dtype: "f16", bytes });
    }
  }
  let largest = 0, reads = 0;
  const source: WeightSource = {
    format: "safetensors",
    where: "memory",
    tensors,
    unreadable: new Map(),
    bytes: 0,
    read: (name, { rows: [begin, end] = [0, 0] } = {}) => {
      const { shape } = tensors.get(name) as TensorInfo, size = (end - begin) * (shape[1] ?? 1);
      [largest, reads] = [Math.max(largest, size * 4), reads + 1];
      return Promise.resolve(new Float16Array(size));
    },
  };
  for await (const { parameter } of loadParameters(source, config, { quantization: "q0f16" })) {
    if (parameter.name === "embed.weight") assertEquals(reads, Math.ceil(200_000 * 48 * 4 / 2 ** 24));
  }
  assert(largest > 2 ** 23 && largest <= 2 ** 24);
});
