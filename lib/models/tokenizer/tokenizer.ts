import { checkArgument, checkOptions, type Fields } from "../../base/check_options.ts";
import { messageOf } from "../../base/error.ts";
import { arrayOf, count, flag, name, text as anyText } from "../../base/option_kinds.ts";
import { fieldsOf } from "../../base/read_json.ts";
import { ModelError } from "../error.ts";
import { fileInFolder, findInFolder } from "../files/file_in_folder.ts";
import { readJsonFile } from "../files/read_json_file.ts";
import { readGgufHeader } from "../weights/gguf_header.ts";
import { ggufTokenizer } from "./gguf_tokenizer.ts";
import { TextStream } from "./text_stream.ts";
import { type TokenBytes, tokenBytesOf } from "./token_bytes.ts";

/** The most bytes of tokenizer.json, and of tokenizer_config.json. */
const LARGEST = 2 ** 26;

/** The options of {@linkcode Tokenizer.encode}. */
export interface EncodeOptions {
  /** Adds the tokens that begin and end a text, where the tokenizer has them. Default true. */
  readonly special?: boolean;
}
const ENCODE = { special: flag } satisfies Fields<EncodeOptions>;

/** The options of {@linkcode Tokenizer.decode} and {@linkcode Tokenizer.stream}. */
export interface DecodeOptions {
  /** Shows special tokens, such as the end of a text. Default false. */
  readonly special?: boolean;
}
const DECODE = { special: flag } satisfies Fields<DecodeOptions>;

/** What this module uses of the library's tokenizer. */
interface Encoder {
  encode(
    text: string,
    options: { readonly add_special_tokens: boolean },
  ): { readonly ids: readonly number[] };
  id_to_token(id: number): string | undefined;
  token_to_id(token: string): number | undefined;
  get_added_tokens_decoder(): ReadonlyMap<number, { readonly special: boolean }>;
}

/** Text to tokens and back, as tokenizer.json of a model's folder says. */
export class Tokenizer {
  readonly #encoder: Encoder;
  readonly #bytes: TokenBytes;
  readonly #special: ReadonlySet<number>;
  /** Bytes of tokens that have been asked for. */
  readonly #known = new Map<number, Uint8Array>();

  private constructor(encoder: Encoder, bytes: TokenBytes) {
    this.#encoder = encoder;
    this.#bytes = bytes;
    const added = [...encoder.get_added_tokens_decoder()];
    this.#special = new Set(added.filter(([, t]) => t.special).map(([id]) => id));
  }

  /**
   * Loads the tokenizer of a model: tokenizer.json of its folder, and tokenizer_config.json if there is one; or that of a
   * GGUF file.
   *
   * @param model the folder, or a file whose name ends with .gguf
   * @throws {OptionError} if `model` is no text
   * @throws {ModelError} for files outside of the folder, and files that are no tokenizer
   */
  static async load(model: string): Promise<Tokenizer> {
    checkArgument("Tokenizer.load", "model", model, name);
    if (model.endsWith(".gguf")) {
      const { tokenizer, config } = ggufTokenizer((await readGgufHeader(model)).metadata, model);
      return await Tokenizer.of(tokenizer, config, model);
    }
    const path = await fileInFolder(model, "tokenizer.json");
    const config = await findInFolder(model, "tokenizer_config.json");
    return await Tokenizer.of(
      await readJsonFile(path, LARGEST),
      config === undefined ? {} : await readJsonFile(config, LARGEST),
      path,
    );
  }

  /**
   * Makes a tokenizer of the contents of tokenizer.json and tokenizer_config.json.
   *
   * @param where the file that errors name
   * @throws {ModelError} for contents that are no tokenizer
   */
  static async of(json: unknown, config: unknown = {}, where = "tokenizer.json"): Promise<Tokenizer> {
    const fields = fieldsOf(json), settings = fieldsOf(config);
    if (!fields || !settings) throw new ModelError(`expected an object, got another value, in ${where}`);
    const bytes = tokenBytesOf(fields.decoder, where);
    const library = await import("npm:@huggingface/tokenizers@0.2.0");
    try {
      return new Tokenizer(new library.Tokenizer(fields, settings), bytes);
    } catch (e) {
      throw new ModelError(`expected a tokenizer, got an error (${messageOf(e)}), in ${where}`);
    }
  }

  /**
   * Gives the tokens of a text.
   *
   * @throws {OptionError} for a text that is none, and an option that doesn't exist or can't have its value
   * @throws {ModelError} where the tokenizer's file makes no sense
   */
  encode(text: string, options: EncodeOptions = {}): readonly number[] {
    checkArgument("Tokenizer.encode", "text", text, anyText);
    checkOptions("Tokenizer.encode", options, ENCODE);
    try {
      // An unpaired surrogate has no bytes.
      return this.#encoder.encode(text.toWellFormed(), { add_special_tokens: options.special ?? true }).ids;
    } catch (e) {
      throw new ModelError(`expected a tokenizer that encodes text, got an error (${messageOf(e)})`);
    }
  }

  /**
   * Gives the text of tokens. Bytes that are no UTF-8 become U+FFFD, and unknown tokens nothing.
   *
   * @throws {OptionError} for tokens that are no integers, and an option that doesn't exist or can't have its value
   */
  decode(ids: readonly number[], options: DecodeOptions = {}): string {
    checkArgument("Tokenizer.decode", "ids", ids, arrayOf(count));
    const stream = this.stream(options);
    return ids.map((id) => stream.push(id)).join("") + stream.end();
  }

  /**
   * Makes a stream that gives the text of tokens one by one, and never a part of a code point.
   *
   * @throws {OptionError} for an option that doesn't exist or can't have its value
   */
  stream(options: DecodeOptions = {}): TextStream {
    checkOptions("Tokenizer.stream", options, DECODE);
    const { special = false } = options, none = new Uint8Array();
    const bytesOf = (id: number) => !special && this.#special.has(id) ? none : this.#bytesOf(id);
    return new TextStream(bytesOf, this.#bytes.dropsFirstSpace);
  }

  /** Gives the bytes of a token; none for a token that isn't in the vocabulary. */
  bytesOf(id: number): Uint8Array {
    checkArgument("Tokenizer.bytesOf", "id", id, count);
    return this.#bytesOf(id).slice();
  }

  /** Gives the token of this spelling in the vocabulary: `<|eot_id|>`. */
  tokenOf(spelling: string): number | undefined {
    checkArgument("Tokenizer.tokenOf", "spelling", spelling, anyText);
    return this.#encoder.token_to_id(spelling);
  }

  /** Tokens that stand for no text, such as the end of a text. */
  get special(): ReadonlySet<number> {
    return this.#special;
  }

  #bytesOf(id: number): Uint8Array {
    const known = this.#known.get(id);
    if (known) return known;
    const token = this.#encoder.id_to_token(id);
    const bytes = token === undefined
      ? new Uint8Array()
      : this.#special.has(id)
      ? new TextEncoder().encode(token)
      : this.#bytes.of(token);
    this.#known.set(id, bytes);
    return bytes;
  }
}
