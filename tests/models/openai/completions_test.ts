/** Conversations and completions in OpenAI's names, without a server. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { OptionError, TunebookError } from "../../../lib/base/error.ts";
import { ChatCompletions } from "../../../lib/models/openai/chat_completions.ts";
import { Completions } from "../../../lib/models/openai/completions.ts";
import type { ChatRequest } from "../../../lib/models/openai/request_fields.ts";
import { fakeGenerator } from "./fake_generator.ts";

const messages = [{ role: "system", content: "Count." }, { role: "user", content: "Go!" }] as const;

Deno.test("a conversation is answered with its text, its end and its tokens", async () => {
  const model = fakeGenerator();
  const answer = await new ChatCompletions(model).create({ messages });
  assertEquals(model.seen.prompts, ["<system>Count.<user>Go!"]);
  assertEquals(answer.choices, [{
    index: 0,
    message: { role: "assistant", content: "1 2 3 4 5 " },
    logprobs: null,
    finish_reason: "stop",
  }]);
  const { usage, ...rest } = answer;
  assertEquals([rest.object, rest.model], ["chat.completion", "counter"]);
  assertEquals(usage, {
    prompt_tokens: 23,
    completion_tokens: 5,
    total_tokens: 28,
    extra: { prefill_tokens_per_s: 92, decode_tokens_per_s: 2.5, time_to_first_token_s: 0.5 },
  });
});

Deno.test("a stream has the role first, the text in parts, the end last, and usage where it is asked for", async () => {
  const chunks = await Array.fromAsync(
    await new ChatCompletions(fakeGenerator()).create({
      messages,
      stream: true,
      max_tokens: 2,
      stream_options: { include_usage: true },
    }),
  );
  assertEquals(chunks.map((c) => c.choices.map((x) => [x.delta, x.finish_reason])), [
    [[{ role: "assistant", content: "" }, null]],
    [[{ content: "1 " }, null]],
    [[{ content: "2 " }, null]],
    [[{}, "length"]],
    [],
  ]);
  assertEquals(chunks.at(-1)?.usage?.completion_tokens, 2);
  assertEquals(new Set(chunks.map((c) => c.id)).size, 1);
});

Deno.test("every option of a request reaches the model under our names", async () => {
  const model = fakeGenerator(), signal = new AbortController().signal;
  await new ChatCompletions(model).create({
    messages,
    max_completion_tokens: 3,
    temperature: 0.5,
    top_p: 0.25,
    top_k: 7,
    min_p: 0.125,
    presence_penalty: 1,
    frequency_penalty: -1,
    repetition_penalty: 1.5,
    logit_bias: { 3: -100 },
    seed: 42,
    stop: "END",
    logprobs: true,
    top_logprobs: 2,
    n: 1,
    user: "a test",
  }, { signal });
  assertEquals(model.seen.options, [{
    maxTokens: 3,
    temperature: 0.5,
    topP: 0.25,
    topK: 7,
    minP: 0.125,
    presencePenalty: 1,
    frequencyPenalty: -1,
    repetitionPenalty: 1.5,
    logitBias: { 3: -100 },
    seed: 42,
    stop: ["END"],
    logprobs: 2,
    signal,
  }]);
});

Deno.test("logarithms of probability come in the form of each call", async () => {
  const model = fakeGenerator();
  const chat = await new ChatCompletions(model).create({
    messages,
    max_tokens: 1,
    logprobs: true,
    top_logprobs: 1,
  });
  const one = { token: "1 ", bytes: [49, 32], logprob: -1 };
  assertEquals(chat.choices[0].logprobs, { content: [{ ...one, top_logprobs: [one] }] });
  const text = await new Completions(model).create({ prompt: "a", max_tokens: 2, logprobs: 1 });
  assertEquals(text.choices[0]?.logprobs, {
    tokens: ["1 ", "2 "],
    token_logprobs: [-1, -2],
    top_logprobs: [{ "1 ": -1 }, { "2 ": -2 }],
  });
});

Deno.test("a text or token ids are continued", async () => {
  const model = fakeGenerator(), completions = new Completions(model);
  const answer = await completions.create({ prompt: [5, 6], stop: ["a", "b"] });
  assertEquals(answer.choices, [{ index: 0, text: "1 2 3 4 5 ", logprobs: null, finish_reason: "stop" }]);
  const parts = await Array.fromAsync(
    await completions.create({ prompt: "Once", stream: true, max_tokens: 1 }),
  );
  assertEquals(parts.map((p) => [p.choices[0]?.text, p.choices[0]?.finish_reason]), [["1 ", null], [
    "",
    "length",
  ]]);
  assertEquals(model.seen.prompts, [[5, 6], "Once"]);
});

Deno.test("what a request can't have is refused by name", async () => {
  const chat = new ChatCompletions(fakeGenerator());
  const cases: readonly (readonly [object, string])[] = [
    [{}, "messages"],
    [{ messages: [] }, "messages"],
    [{ messages: [{ role: "robot", content: "" }] }, "messages[0].role"],
    [{ messages: [{ role: "user" }] }, "content"],
    [{ messages: [{ role: "user", content: "a", name: "b" }] }, "name"],
    [{ messages, temprature: 1 }, 'did you mean "temperature"?'],
    [{ messages, n: 2 }, "n of"],
    [{ messages, top_p: 0 }, "top_p"],
    [{ messages, tools: [] }, "tools"],
    [{ messages, stop: ["a", "b", "c", "d", "e"] }, "stop"],
    [{ messages, stream_options: { usage: true } }, "usage"],
  ];
  for (const [request, part] of cases) {
    const e = await assertRejects(() => chat.create(request as ChatRequest), OptionError);
    assert(e.message.includes(part), `${e.message} names ${part}`);
  }
});

Deno.test("a prompt that the context can't hold fails before a stream begins", async () => {
  const request = { messages: [{ role: "user", content: "a".repeat(2000) }], stream: true } as const;
  const e = await assertRejects(() => new ChatCompletions(fakeGenerator()).create(request), TunebookError);
  assertEquals(e.name, "ContextError");
});

Deno.test("a stream that is left ends the generation", async () => {
  const model = fakeGenerator();
  for await (const chunk of await new ChatCompletions(model).create({ messages, stream: true })) {
    if (chunk.choices[0]?.delta.content === "2 ") break;
  }
  assertEquals([model.seen.open, model.seen.taken], [0, 2]);
});
