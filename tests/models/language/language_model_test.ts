/** A real model from its folder to words: the words are onnxruntime's, alone and beside others, and nothing leaks. */
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { OptionError } from "../../../lib/base/error.ts";
import { ContextError } from "../../../lib/models/context_error.ts";
import { Decoding } from "../../../lib/models/language/decoding.ts";
import { LanguageModel } from "../../../lib/models/language/language_model.ts";
import { dataTest } from "../../data.ts";
import { devices } from "../../devices.ts";

interface Case {
  readonly promptIds: readonly number[];
  readonly greedyIds: readonly number[];
}
type Find = Parameters<Parameters<typeof dataTest>[1]>[0];

const folderOf = (find: Find) => find("stories260k", "config.json").replace(/config\.json$/, "");
const casesOf = async (find: Find) =>
  JSON.parse(await Deno.readTextFile(find("stories260k", "golden.json"))).cases as readonly Case[];
const textOf = async (parts: AsyncIterable<string>) => (await Array.fromAsync(parts)).join("");
const GREEDY = { temperature: 0 };

/** The words that follow a prompt, as a stream gives them. */
function wordsOf(model: LanguageModel, { promptIds, greedyIds }: Case, tokens: number): string {
  const { tokenizer } = model, before = tokenizer.decode(promptIds);
  return tokenizer.decode([...promptIds, ...greedyIds.slice(0, tokens)]).slice(before.length);
}

for (const device of devices) {
  dataTest(
    `stories260k tells onnxruntime's stories, alone and four at once, on ${device.target.name}`,
    async (find) => {
      using model = await LanguageModel.load(folderOf(find), device, {
        quantization: "q0f32",
        context: 128,
        sequences: 5,
        prefillChunk: 4,
      });
      const cases = await casesOf(find);
      assertEquals(model.stats.launches, 9 * model.config.layers + 5);
      const told = (c: Case, k: number) =>
        textOf(model.generate(c.promptIds, { ...GREEDY, maxTokens: 30 + 3 * k }));
      const [first] = cases as [Case];
      assertEquals(await told(first, 0), wordsOf(model, first, 30));
      const all = await Promise.all(cases.map(told));
      cases.forEach((c, k) => assertEquals(all[k], wordsOf(model, c, 30 + 3 * k), `case ${k}`));
    },
  );
}

dataTest("an interrupt ends a text, and the cache stays whole", async (find) => {
  const [device] = devices, [first] = await casesOf(find) as [Case];
  using model = await LanguageModel.load(folderOf(find), device as typeof devices[number], {
    quantization: "q0f32",
    context: 96,
  });
  const { bytes } = model.stats;
  const controller = new AbortController(), { run } = Decoding.prototype;
  let text = "", after = 0;
  using _ = {
    [Symbol.dispose]: () => void (Decoding.prototype.run = run),
  };
  Decoding.prototype.run = function (...args) {
    if (controller.signal.aborted) after++;
    return run.apply(this, args);
  };
  await assertRejects(
    async () => {
      for await (const part of model.generate(first.promptIds, { ...GREEDY, signal: controller.signal })) {
        text += part;
        controller.abort(new Error("enough"));
      }
    },
    Error,
    "enough",
  );
  assert(wordsOf(model, first, 60).startsWith(text) && text.length < 60);
  assert(after === 0, `${after} more read-backs began`);
  Decoding.prototype.run = run;
  // A loop that is left ends its text, too.
  for await (const part of model.generate(first.promptIds, GREEDY)) if (part) break;
  const whole = await Array.fromAsync(model.pieces(first.promptIds, { ...GREEDY, maxTokens: 40 }));
  const words = whole.map((p) => p.kind === "text" ? p.text : "").join("");
  assertEquals(words, wordsOf(model, first, 40));
  const end = whole.at(-1);
  assert(end?.kind === "end" && end.end.reason === "length" && end.end.tokens === 40);
  assertEquals(model.stats.bytes.tensors, bytes.tensors);
});

dataTest("kernels are compiled while parameters are loaded", async (find) => {
  const device = devices.at(-1) as typeof devices[number], { load } = device;
  let loads = 0;
  using _ = {
    [Symbol.dispose]: () => void (device.load = load),
  };
  device.load = function (...args) {
    loads++;
    return load.apply(this, args);
  };
  const begun: number[] = [];
  using model = await LanguageModel.load(folderOf(find), device, {
    quantization: "q0f32",
    context: 64,
    progress: () => begun.push(loads),
  });
  // The steps of a prompt and of a token.
  assertEquals(begun.at(-1), 2);
  assert(begun[0] as number > 0 && loads === 2 && model.stats.launches > 0, begun.join());
});

dataTest("a thousand tokens leave no bytes behind", async (find) => {
  const device = devices.at(-1) as typeof devices[number];
  const taken = () => device.memory.total - device.memory.idle, before = taken();
  {
    using model = await LanguageModel.load(folderOf(find), device, { quantization: "q0f32", context: 128 });
    const write = async (seed: number) =>
      await textOf(model.generate("Once", { maxTokens: 125, topK: 1, seed }));
    const story = await write(1), { total } = model.stats.bytes;
    for (let k = 2; k <= 8; k++) assertEquals(await write(k), story);
    assertEquals(model.stats.bytes.total, total);
  }
  // What was still running when the model was disposed ends first.
  await new Promise((resolve) => setTimeout(resolve));
  assertEquals(taken(), before);
});

dataTest("texts end at stops, at the context, and say how probable their tokens were", async (find) => {
  const [device] = devices, [, second] = await casesOf(find) as [Case, Case];
  using model = await LanguageModel.load(folderOf(find), device as typeof devices[number], {
    quantization: "q0f32",
    context: 64,
  });
  const words = wordsOf(model, second, 40), stop = words.slice(20, 27);
  assertEquals(
    await textOf(model.generate(second.promptIds, { ...GREEDY, stop: ["~", stop] })),
    words.split(stop)[0],
  );
  const full = await Array.fromAsync(model.pieces(second.promptIds, GREEDY));
  const end = full.at(-1);
  assert(end?.kind === "end" && end.end.reason === "length" && end.end.tokens + end.end.promptTokens === 65);
  const told = await Array.fromAsync(
    model.pieces(second.promptIds, { ...GREEDY, maxTokens: 3, logprobs: 2 }),
  );
  const logprobs = told.flatMap((p) => p.kind === "text" ? p.logprobs ?? [] : []);
  assertEquals(logprobs.length, 3);
  for (const { logprob, top } of logprobs) {
    assert(logprob <= 0 && top[0]?.logprob === logprob && (top[1]?.logprob ?? 0) < logprob);
  }
  await assertRejects(
    () => textOf(model.generate(Array.from({ length: 65 }, () => 5))),
    ContextError,
    "expected a prompt of at most 64 tokens, got 65",
  );
  assertThrows(() => model.pieces("a", { temprature: 1 } as never), OptionError, "temperature");
});

dataTest("texts are drawn by a seed, and the same one for the same seed", async (find) => {
  const [device] = devices;
  using model = await LanguageModel.load(folderOf(find), device as typeof devices[number], {
    quantization: "q0f32",
    context: 64,
  });
  const options = { maxTokens: 24, temperature: 0.9, topP: 0.9, minP: 0.01, repetitionPenalty: 1.1 };
  const tell = (seed: number) => textOf(model.generate("Once upon a time", { ...options, seed }));
  const one = await tell(1);
  assertEquals(await tell(1), one);
  assert(await tell(2) !== one);
  const never = model.tokenizer.encode("Lily", { special: false });
  const bias = Object.fromEntries(never.map((id) => [id, -100]));
  const text = await textOf(
    model.generate("Once upon a time", { maxTokens: 30, temperature: 0, logitBias: bias }),
  );
  assert(!text.includes("Lily"), text);
});
