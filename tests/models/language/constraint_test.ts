/** Texts that must be of a format: a real model, which knows none of them, writes them all the same. */
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { OptionError } from "../../../lib/base/error.ts";
import { ModelError } from "../../../lib/models/error.ts";
import { partsOf } from "../../../lib/models/language/constraint/check_format.ts";
import { LanguageModel } from "../../../lib/models/language/language_model.ts";
import { dataTest } from "../../data.ts";
import { devices } from "../../devices.ts";

const SCHEMA = {
  type: "object",
  properties: {
    name: { type: "string", maxLength: 12 },
    legs: { enum: [2, 4] },
    friends: { type: "array", items: { type: "boolean" }, minItems: 2, maxItems: 2 },
  },
  required: ["name", "legs", "friends"],
};
const format = { type: "json_schema", json_schema: { name: "animal", schema: SCHEMA } } as const;

for (const device of devices) {
  dataTest(`a text is of its format, beside one that is free, on ${device.target.name}`, async (find) => {
    const folder = find("stories260k", "config.json").replace(/config\.json$/, "");
    using model = await LanguageModel.load(folder, device, {
      quantization: "q0f32",
      context: 128,
      sequences: 4,
    });
    const tell = async (options: Parameters<LanguageModel["generate"]>[1]) =>
      (await Array.fromAsync(model.generate("Once upon a time", { maxTokens: 100, ...options }))).join("");
    const pattern = "[A-Z][a-z]{3,9}( [a-zé🐢]{2,6}){2}\\.";
    const free = await tell({ temperature: 0, maxTokens: 20 });
    const [words, drawn, animal, beside] = await Promise.all([
      tell({ temperature: 0, responseFormat: { type: "regex", pattern } }),
      tell({ seed: 5, topP: 0.9, responseFormat: { type: "regex", pattern } }),
      tell({ temperature: 0, responseFormat: format }),
      tell({ temperature: 0, maxTokens: 20, responseFormat: { type: "text" } }),
    ]);
    for (const text of [words, drawn]) assert(new RegExp(`^${pattern}$`, "u").test(text), text);
    const { name, legs, friends } = JSON.parse(animal);
    assert(typeof name === "string" && [2, 4].includes(legs) && friends.length === 2, animal);
    assertEquals(beside, free);
    if (device.target.kind !== "cpu") return;
    // No other way than one: bytes of a character that no token has whole.
    assertEquals(await tell({ responseFormat: { type: "regex", pattern: "é🐢x{3}" } }), "é🐢xxx");
    const { choices: [choice] } = await model.completions.create({
      prompt: "One day",
      max_tokens: 100,
      temperature: 0,
      response_format: { type: "json_object" },
      // Quotes and braces end what is open.
      logit_bias: Object.fromEntries(['"', "}"].map((c) => [model.tokenizer.encode(`a${c}`).at(-1), 20])),
    });
    assert(
      choice && typeof JSON.parse(choice.text) === "object" && choice.finish_reason === "stop",
      choice?.text,
    );
    await assertRejects(
      () => tell({ responseFormat: { type: "regex", pattern: "(a" } }),
      ModelError,
      "expected a response format that can be followed, got regex: Regex parsing error",
    );
    const wrong = { type: "json_schema", json_schema: { schema: { type: "colour" } } } as const;
    await assertRejects(() => tell({ responseFormat: wrong }), ModelError, "got json_schema");
    const much = [["a".repeat(20000), "characters"], ["((a{99}){99}){99}", "got 980199"]] as const;
    for (const [pattern, message] of much) {
      await assertRejects(() => tell({ responseFormat: { type: "regex", pattern } }), ModelError, message);
    }
    const refused = (responseFormat: unknown, message: string) =>
      assertThrows(() => model.pieces("a", { responseFormat } as never), OptionError, message);
    refused({ type: "json" }, "json_object");
    refused({ type: "regex", patern: "a" }, 'did you mean "responseFormat.pattern"?');
    refused({ type: "json_schema", json_schema: {} }, "responseFormat.json_schema.schema");
    // A text that is left half-way, and one whose signal ends it.
    for await (const _ of model.generate("A", { responseFormat: { type: "regex", pattern: "a+" } })) break;
    assertEquals(await tell({ temperature: 0, maxTokens: 20 }), free);
  });
}

Deno.test("the parts of a pattern are counted as often as they are repeated", () => {
  const of = (pattern: string) => partsOf(pattern);
  assertEquals(["", "abc", "a{5}", "[a-z]{2,7}x", "(ab){3}", "a\\{5}"].map(of), [0, 3, 5, 8, 9, 4]);
  assertEquals(["(a{10}){10}", "a{3,}", ")(", "((a|b)c){2}"].map(of), [110, 3, 1, 12]);
});
