/** Defaults of generation: both files' fields, and what makes no sense. */
import { assertEquals, assertThrows } from "@std/assert";
import { readGeneration } from "../../../lib/models/config/generation.ts";
import { ModelError } from "../../../lib/models/error.ts";

Deno.test("defaults of generation are read from generation_config.json", () => {
  assertEquals(readGeneration({}), {});
  assertEquals(
    readGeneration({
      bos_token_id: 128000,
      do_sample: true,
      eos_token_id: [128001, 128008],
      temperature: 0.6,
      top_p: 0.9,
      top_k: 40,
      min_p: 0.05,
      repetition_penalty: 1.1,
      transformers_version: "4.45.0",
    }),
    {
      bosToken: 128000,
      eosTokens: [128001, 128008],
      temperature: 0.6,
      topP: 0.9,
      topK: 40,
      minP: 0.05,
      repetitionPenalty: 1.1,
    },
  );
});

Deno.test("without sampling the most likely token is taken; 0 and -1 stand for all tokens", () => {
  assertEquals(readGeneration({ do_sample: false, temperature: 0.6 }), { temperature: 0 });
  assertEquals(readGeneration({ top_k: 0 }), {});
  assertEquals(readGeneration({ top_k: -1, eos_token_id: 7, temperature: null }), { eosTokens: [7] });
});

Deno.test("MLC's penalties are read", () => {
  const json = { presence_penalty: 0.5, frequency_penalty: -0.25, conv_template: { name: "chatml" } };
  assertEquals(readGeneration(json), { presencePenalty: 0.5, frequencyPenalty: -0.25 });
});

Deno.test("what makes no sense is refused, with the field and the file", () => {
  const wrong = (json: unknown, message: string) =>
    assertThrows(() => readGeneration(json, "x.json"), ModelError, message);
  wrong([], "expected an object, got [], in x.json");
  wrong({ temperature: "hot" }, 'expected temperature to be a finite number, got "hot", in x.json');
  wrong({ temperature: -1 }, "expected temperature from 0 to 100, got -1, in x.json");
  wrong({ top_p: 1.5 }, "expected top_p from 0 to 1, got 1.5");
  wrong({ repetition_penalty: 0 }, "expected repetition_penalty to be a number above 0");
  wrong({ eos_token_id: [1.5] }, "expected eos_token_id");
});
