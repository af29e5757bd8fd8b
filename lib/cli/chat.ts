/** Talks with a language model in a terminal. */
import process from "node:process";
import { createInterface } from "node:readline";
import { oneOf, positive } from "../base/option_kinds.ts";
import { ModelError } from "../models/error.ts";
import { LanguageModel } from "../models/language/language_model.ts";
import type { Message } from "../models/openai/generator.ts";
import { type Quantization, QUANTIZATION_NAMES } from "../models/parameters/quantization.ts";
import { Device } from "../runtime/device.ts";
import { argumentsOf, type CliOption, type Command, runCommand } from "./arguments.ts";

const COMMAND = {
  name: "deno task chat",
  summary: "Talks with a language model: each line is a message. An empty line ends it.",
  positionals: ["FOLDER"],
  options: {
    quantization: {
      as: "text",
      kind: oneOf(...QUANTIZATION_NAMES),
      value: QUANTIZATION_NAMES.join("|"),
      help: "How weights are stored on the device. Default: as the folder stores them, else q4f16_1.",
    },
    context: { as: "number", kind: positive, value: "2048", help: "The most tokens. Default: the model's." },
    backend: {
      as: "text",
      kind: oneOf("webgpu", "cpu"),
      value: "webgpu|cpu",
      help: "Default: webgpu, if it is there.",
    },
  },
} as const satisfies Command<Readonly<Record<string, CliOption>>>;

/** @throws {TunebookError} for wrong arguments, and a model that can't be loaded */
export async function chat(args: readonly string[]): Promise<void> {
  const { positionals: [path = ""], values: { quantization, context, backend } } = argumentsOf(COMMAND, args);
  // The parser has checked the values.
  using device = await Device.open(backend === undefined ? {} : { backend: backend as "webgpu" | "cpu" });
  using model = await LanguageModel.load(path, device, {
    ...(quantization === undefined ? {} : { quantization: quantization as Quantization }),
    ...(context === undefined ? {} : { context }),
  });
  console.log(`${model.id} on ${device.target.name}: up to ${model.context} tokens. An empty line ends it.`);
  const messages: Message[] = [];
  const lines = createInterface({ input: process.stdin });
  for await (const line of lines) {
    if (line === "") return lines.close();
    messages.push({ role: "user", content: line });
    messages.push({ role: "assistant", content: await said(model, promptOf(model, messages, line)) });
    const { decodeTokensPerSecond: rate = 0, firstSeconds = 0, tokens = 0 } = model.stats;
    console.log(
      `\n(${tokens} tokens, ${rate.toFixed(0)} per second, the first after ${firstSeconds.toFixed(2)} s)`,
    );
  }
}

/** The conversation as the model's template has it; a model without one goes on with the line. */
function promptOf(model: LanguageModel, messages: readonly Message[], line: string): string {
  try {
    return model.promptOf(messages);
  } catch (e) {
    if (!(e instanceof ModelError)) throw e;
    return line;
  }
}

/** Writes an answer as it comes, and gives it. */
async function said(model: LanguageModel, prompt: string): Promise<string> {
  let all = "";
  for await (const text of model.generate(prompt, { maxTokens: 500 })) {
    Deno.stdout.writeSync(new TextEncoder().encode(text));
    all += text;
  }
  return all;
}

if (import.meta.main) await runCommand(COMMAND, chat);
