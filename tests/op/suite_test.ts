import { assert, assertEquals, assertThrows } from "@std/assert";
import { OptionError } from "../../lib/base/error.ts";
import { trafficOf } from "../../lib/estimate/work.ts";
import { signature } from "../../lib/ir/signature.ts";
import { verifyFunc } from "../../lib/ir/verify.ts";
import { QUANTIZATIONS, suite } from "../../lib/face/te.ts";
import { LANGUAGE_MODELS } from "../../lib/op/models.ts";

/** Megabytes of 4-bit linear weights that one token reads (q4f16_1: 4.5 bits a weight). */
const MB_PER_TOKEN = {
  "Llama-3.2-1B": 695,
  "Llama-3-8B": 4221,
  "TinyLlama-1.1B": 582,
  "Qwen2.5-0.5B": 278,
  "Qwen2.5-1.5B": 868,
  "Gemma-2B": 1410,
  "Gemma-2-2B": 1470,
  "Gemma-3-1B": 562,
} as const;

Deno.test("decoding a token reads the weights that the model has", () => {
  for (const [model, mb] of Object.entries(MB_PER_TOKEN)) {
    const linear = suite("llm", model).filter((k) =>
      k.phase === "decode" && /^(qkv|o|gate_up|down|lm_head)$/.test(k.name)
    );
    assertEquals(linear.length, 5);
    const bytes = linear.reduce((n, k) => n + k.count * trafficOf(k.func), 0);
    // Vectors come on top of the weights: less than a hundredth.
    assert(bytes / 1e6 >= mb - 0.5 && bytes / 1e6 < mb * 1.01, `${model}: ${bytes / 1e6} MB, not ${mb}`);
  }
});

Deno.test("every kernel of every model is well formed, and named for what it is", () => {
  for (const model of Object.keys(LANGUAGE_MODELS)) {
    for (const quantization of QUANTIZATIONS) {
      const kernels = suite("llm", model, { quantization });
      assertEquals(kernels.length, 22);
      for (const k of kernels) {
        verifyFunc(k.func);
        const dtypes = new Set([...k.func.params, ...k.func.allocs].map((b) => b.dtype));
        assertEquals(dtypes.has("f16"), quantization.includes("f16"), `${quantization} ${k.name}`);
        assertEquals(k.func.name, k.name);
        assertEquals(k.func.shapeVars.map((v) => v.name).toSorted(), Object.keys(k.shapes).toSorted());
      }
    }
  }
});

Deno.test("vision models have as many convolutions as their papers say", () => {
  const convolutions = (model: string) =>
    suite("vision", model).filter((k) => /conv|depthwise/.test(k.name)).reduce((n, k) => n + k.count, 0);
  // ResNet-18: 17 and three projections. MobileNetV2: 17 blocks of three less one, and the first and last.
  assertEquals(convolutions("resnet18"), 20);
  assertEquals(convolutions("mobilenet_v2"), 17 * 3 - 1 + 2);
  const last = suite("vision", "resnet18").at(-1);
  assertEquals(
    last && signature(last.func),
    "classify(A: f32[1000, 512], x: f32[512], bias: f32[1000], y: f32[1000])",
  );
  for (const k of suite("vision", "mobilenet_v2", { layout: "NCHW", shrink: 4 })) verifyFunc(k.func);
});

Deno.test("kernels that are the same are there once, with a count", () => {
  const kernels = suite("vision", "resnet18");
  assertEquals(new Set(kernels.map((k) => k.name)).size, kernels.length);
  assertEquals(kernels.find((k) => k.name === "conv3x3")?.count, 2);
});

Deno.test("a model that there isn't is refused with those that there are", () => {
  assertThrows(
    () => suite("llm", "GPT-2"),
    OptionError,
    `expected model ("llm") of te.suite to be one of Llama-3.2-1B`,
  );
  assertThrows(() => suite("vision", "toString"), OptionError, "one of resnet18, mobilenet_v2");
});
