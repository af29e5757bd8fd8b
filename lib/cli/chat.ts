/** A conversation with a language model in a terminal. */
import { fileURLToPath } from "node:url";
import { TunebookError } from "../base/error.ts";
import { name } from "../base/option_kinds.ts";
import { LanguageModel } from "../models/language/language_model.ts";
import type { GenerateOptions, Message } from "../models/openai/generator.ts";
import { Device } from "../runtime/device.ts";
import { argumentsOf, type CliOption, type Command, runCommand } from "./arguments.ts";
import { deviceFrom } from "./common_options.ts";
import { loadOptionsOf, MODEL_OPTIONS, SAMPLING_OPTIONS } from "./model_options.ts";

const COMMAND = {
  name: "deno task chat",
  summary: "Talks with a language model: the one that ships with Tunebook, or one of yours.",
  options: {
    model: {
      as: "text",
      kind: name,
      value: "FOLDER",
      help: "The model's folder. Default: the fables that ship.",
    },
    prompt: { as: "text", kind: name, value: '"Hello"', help: "Prints the answer to this, and ends." },
    ...SAMPLING_OPTIONS,
    ...MODEL_OPTIONS,
  },
} as const satisfies Command<Readonly<Record<string, CliOption>>>;

const HELP =
  "A line is what you say. /new forgets, /stats shows the speed, Ctrl-C stops an answer, Ctrl-D ends.";

/** @throws {TunebookError} for wrong arguments, and a model that can't be loaded */
export async function chat(args: readonly string[]): Promise<void> {
  const { values } = argumentsOf(COMMAND, args);
  const { prompt, temperature, seed, "max-tokens": maxTokens } = values;
  const options: GenerateOptions = {
    ...(temperature === undefined ? {} : { temperature }),
    ...(seed === undefined ? {} : { seed }),
    ...(maxTokens === undefined ? {} : { maxTokens }),
  };
  using device = await Device.open(deviceFrom(values.backend));
  const path = values.model ?? fileURLToPath(new URL("../models/fables/", import.meta.url));
  using model = await LanguageModel.load(path, device, loadOptionsOf(values));
  if (prompt !== undefined) {
    await answer(model, [{ role: "user", content: prompt }], options);
    return;
  }
  console.log(`${model.id} on ${device.target.name}, ${model.context} tokens of context. ${HELP}`);
  await talk(model, options);
}

async function talk(model: LanguageModel, options: GenerateOptions): Promise<void> {
  const messages: Message[] = [];
  let running: AbortController | undefined;
  const interrupt = () => running ? running.abort() : Deno.exit(130);
  Deno.addSignalListener("SIGINT", interrupt);
  try {
    for await (const line of typed()) {
      if (line === "/new") messages.length = 0;
      else if (line === "/stats") console.log(statsOf(model));
      else if (line !== "") {
        running = new AbortController();
        messages.push({ role: "user", content: line });
        const said = await answer(model, messages, { ...options, signal: running.signal });
        if (said === undefined) messages.pop();
        else messages.push({ role: "assistant", content: said });
        running = undefined;
      }
    }
  } finally {
    Deno.removeSignalListener("SIGINT", interrupt);
  }
}

/** Prints an answer as it comes. Gives what was said until it ended or was stopped; undefined where there is none. */
async function answer(
  model: LanguageModel,
  messages: readonly Message[],
  options: GenerateOptions,
): Promise<string | undefined> {
  const parts: string[] = [];
  try {
    // A model without a template for conversations goes on with the text.
    const prompt = model.chats ? model.promptOf(messages) : messages.at(-1)?.content ?? "";
    for await (const text of model.generate(prompt, options)) {
      parts.push(text);
      await write(text);
    }
  } catch (e) {
    if (!options.signal?.aborted) {
      if (!(e instanceof TunebookError)) throw e;
      console.error(e.message);
      return undefined;
    }
  }
  await write("\n");
  return parts.join("");
}

async function write(text: string): Promise<void> {
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length;) at += await Deno.stdout.write(bytes.subarray(at));
}

/** The lines of the terminal, after a prompt where it is one. */
async function* typed(): AsyncGenerator<string> {
  const ask = async () => Deno.stdin.isTerminal() && await write("> ");
  let rest = "";
  await ask();
  for await (const part of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + part).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      yield line.trim();
      await ask();
    }
  }
  if (rest !== "") yield rest.trim();
}

function statsOf({ stats }: LanguageModel): string {
  const { prefillTokensPerSecond: prefill, decodeTokensPerSecond: decode, firstSeconds } = stats;
  if (prefill === undefined || decode === undefined || firstSeconds === undefined) {
    return "nothing was said yet";
  }
  return `prompt: ${prefill.toFixed(0)} tokens/s; answer: ${decode.toFixed(1)} tokens/s, the first after ` +
    `${(firstSeconds * 1000).toFixed(0)} ms; ${stats.launches} launches a token`;
}

if (import.meta.main) await runCommand(COMMAND, chat);
