import { checkArgument, checkOptions, type Fields } from "../../base/check_options.ts";
import {
  arrayOf,
  flag,
  instanceOf,
  name,
  passing,
  required,
  text,
  withFields,
} from "../../base/option_kinds.ts";
import { ownValue } from "../../base/own_value.ts";
import { fieldsOf } from "../../base/read_json.ts";
import { ModelError } from "../error.ts";
import { findInFolder } from "../files/file_in_folder.ts";
import { jsonInFolder } from "../files/json_in_folder.ts";
import { readRange, sizeOf } from "../files/read_range.ts";
import { readGgufHeader } from "../weights/gguf_header.ts";
import { ggufTokenizer } from "./gguf_tokenizer.ts";
import { KNOWN_TEMPLATES } from "./known_templates.ts";
import { renderTemplate } from "./render_template.ts";

/** The most bytes of a file that holds a template. */
const LARGEST = 2 ** 24;

/** A part of a message; only text is known. */
export interface ChatPart {
  /** Its kind. */
  readonly type: "text";
  /** The text. */
  readonly text: string;
}

/** A message of a conversation, as OpenAI's clients write it. Templates may read more fields. */
export interface ChatMessage {
  /** The speaker: `system`, `user`, `assistant` or another that the template knows. */
  readonly role: string;
  /** What is said: a text, or its parts. */
  readonly content: string | readonly ChatPart[] | null;
}

/** The options of {@linkcode ChatTemplate.render}. */
export interface RenderChatOptions {
  /** Ends with what begins the model's answer. Default true. */
  readonly addGenerationPrompt?: boolean;
  /** Functions that the model may call, as OpenAI's clients describe them. Default: none. */
  readonly tools?: readonly object[];
  /** The time that templates may tell the model. Default: the current time. */
  readonly now?: Date;
}
const OPTIONS = {
  addGenerationPrompt: flag,
  tools: arrayOf(passing<object>("an object", (x) => typeof x === "object" && x !== null)),
  now: instanceOf(Date),
} satisfies Fields<RenderChatOptions>;

const isPart = (x: unknown) => fieldsOf(x)?.type === "text" && typeof fieldsOf(x)?.text === "string";
const content = passing<ChatMessage["content"]>(
  "a text, or a list of parts with type text",
  (x) => typeof x === "string" || x === null || (Array.isArray(x) && x.every(isPart)),
);
const message = withFields<ChatMessage>("a message with role and content", {
  role: required(text),
  content: required(content),
});

/** How a model writes a conversation as one text. */
export class ChatTemplate {
  /**
   * Makes a template.
   *
   * @param source the template in Jinja
   * @param tokens what the template may write by name: `bos_token`, `eos_token` and others
   * @param where the file that errors name
   */
  constructor(
    readonly source: string,
    private readonly tokens: Readonly<Record<string, string>> = {},
    private readonly where = "the chat template",
  ) {
    checkArgument("new ChatTemplate", "source", source, text);
  }

  /**
   * Loads the template of a model: of its folder chat_template.jinja, or that of tokenizer_config.json, or one of the
   * templates that MLC names in mlc-chat-config.json; or that of a GGUF file.
   *
   * @param model the folder, or a file whose name ends with .gguf
   * @returns undefined where the model has none
   * @throws {OptionError} if `model` is no text
   * @throws {ModelError} for files outside of the folder, and files that aren't what they should be
   */
  static async load(model: string): Promise<ChatTemplate | undefined> {
    checkArgument("ChatTemplate.load", "model", model, name);
    return await (model.endsWith(".gguf") ? ChatTemplate.#ofGguf(model) : ChatTemplate.#ofFolder(model));
  }

  static async #ofGguf(file: string): Promise<ChatTemplate | undefined> {
    const { config } = ggufTokenizer((await readGgufHeader(file)).metadata, file),
      own = templateOf(config.chat_template);
    return own === undefined ? undefined : new ChatTemplate(own, tokensOf(config), file);
  }

  static async #ofFolder(folder: string): Promise<ChatTemplate | undefined> {
    const config = await jsonIn(folder, "tokenizer_config.json"), tokens = tokensOf(config);
    const file = await findInFolder(folder, "chat_template.jinja");
    if (file !== undefined) return new ChatTemplate(await textIn(file), tokens, file);
    const own = templateOf(config.chat_template) ??
      templateOf((await jsonIn(folder, "chat_template.json")).chat_template);
    if (own !== undefined) return new ChatTemplate(own, tokens, `${folder}/tokenizer_config.json`);
    const conversation = (await jsonIn(folder, "mlc-chat-config.json")).conv_template;
    const known = fieldsOf(conversation)?.name ?? conversation;
    const template = typeof known === "string" ? ownValue(KNOWN_TEMPLATES, known) : undefined;
    return template === undefined ? undefined : new ChatTemplate(template, tokens, `${folder}, as ${known}`);
  }

  /**
   * Renders a conversation. What it gives has the special tokens in it, so it is encoded with `special: false`.
   *
   * @throws {OptionError} for messages that are none, and an option that doesn't exist or can't have its value
   * @throws {ModelError} where the template refuses the conversation, takes too many steps or makes too long a text
   */
  render(messages: readonly ChatMessage[], options: RenderChatOptions = {}): string {
    checkArgument("ChatTemplate.render", "messages", messages, arrayOf(message));
    checkOptions("ChatTemplate.render", options, OPTIONS);
    const { addGenerationPrompt = true, tools, now } = options;
    const plain = messages.map((m) => ({
      ...m,
      content: typeof m.content === "string" || m.content === null
        ? m.content ?? ""
        : m.content.map((part) => part.text).join(""),
    }));
    return renderTemplate(
      this.source,
      { ...this.tokens, messages: plain, add_generation_prompt: addGenerationPrompt, tools: tools ?? null },
      { file: this.where, ...(now ? { now } : {}) },
    );
  }
}

/** The special tokens of tokenizer_config.json, each a text or an object with one. */
function tokensOf(config: Readonly<Record<string, unknown>>): Readonly<Record<string, string>> {
  const tokens = Object.entries(config).flatMap(([key, value]) => {
    const token = fieldsOf(value)?.content ?? value;
    return /^[a-z]+_token$/.test(key) && typeof token === "string" ? [[key, token] as const] : [];
  });
  return { bos_token: "", eos_token: "", ...Object.fromEntries(tokens) };
}

/** A template, or the default one of several. */
function templateOf(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  if (!Array.isArray(value)) return undefined;
  const named = value.map(fieldsOf), found = named.find((t) => t?.name === "default") ?? named[0];
  return typeof found?.template === "string" ? found.template : undefined;
}

async function jsonIn(folder: string, file: string): Promise<Readonly<Record<string, unknown>>> {
  return await jsonInFolder(folder, file) ?? {};
}

async function textIn(path: string): Promise<string> {
  const size = await sizeOf(path);
  if (size > LARGEST) {
    throw new ModelError(`expected up to ${LARGEST} bytes of a template, got ${size}: ${path}`);
  }
  return new TextDecoder().decode(await readRange(path, 0, size, "the template"));
}
