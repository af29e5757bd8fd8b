/** The grammars of response formats, for the vocabulary of a model. */
import { messageOf } from "../../../base/error.ts";
import { ModelError } from "../../error.ts";
import type { ResponseFormat } from "../../openai/response_format.ts";
import type { Tokenizer } from "../../tokenizer/tokenizer.ts";
import { Constraint } from "./constraint.ts";
import { checkFormat } from "./check_format.ts";
import { complaint, type GrammarCompiler, type Held, loadXGrammar, type XGrammar } from "./load_xgrammar.ts";

/** Grammars that are kept. */
const MOST = 16;

/** What grammars are compiled for. */
export interface Vocabulary {
  readonly tokenizer: Tokenizer;
  /** Tokens that the model has logits for. */
  readonly size: number;
  /** Tokens that end a text. */
  readonly ends: ReadonlySet<number>;
}

interface Compiler {
  readonly library: XGrammar;
  readonly compiler: GrammarCompiler;
}

/** Compiles grammars when they are first asked for. Dispose it. */
export class Grammars implements Disposable {
  #compiler: Promise<Compiler> | undefined;
  readonly #known = new Map<string, Promise<Held>>();
  readonly #held = new DisposableStack();

  constructor(readonly vocabulary: Vocabulary) {}

  /**
   * Begins a text of a format; undefined where any text will do.
   *
   * @throws {ModelError} for a schema or a pattern that can't be followed
   */
  async begin(format: ResponseFormat | undefined): Promise<Constraint | undefined> {
    if (format === undefined || format.type === "text") return undefined;
    checkFormat(format);
    const key = JSON.stringify(format);
    const { library, compiler } = await (this.#compiler ??= this.#start());
    const known = this.#known.get(key) ?? compiled(compiler, format);
    this.#known.delete(key);
    this.#known.set(key, known);
    try {
      const grammar = await known, endsAlone = this.vocabulary.ends.size === 0;
      const matcher = await library.GrammarMatcher.createGrammarMatcher(grammar, undefined, endsAlone);
      await this.#forget();
      return new Constraint(matcher);
    } catch (e) {
      this.#known.delete(key);
      throw new ModelError(
        `expected a response format that can be followed, got ${format.type}: ${complaint() ?? messageOf(e)}`,
      );
    }
  }

  async #start(): Promise<Compiler> {
    const library = await loadXGrammar(), { size, ends } = this.vocabulary;
    const tokens = Array.from({ length: size }, (_, id) => this.#spelling(id));
    const info = await library.TokenizerInfo.createTokenizerInfo(tokens, "byte_level", false, size, [
      ...ends,
    ]);
    const compiler = await library.GrammarCompiler.createGrammarCompiler(info, false);
    this.#held.defer(() => info.dispose());
    this.#held.defer(() => compiler.dispose());
    return { library, compiler };
  }

  /** A token's bytes as characters; of special tokens none, so that no text has them. */
  #spelling(id: number): string {
    const { tokenizer, ends } = this.vocabulary;
    if (ends.has(id) || tokenizer.special.has(id)) return "";
    return Array.from(tokenizer.bytesOf(id), (byte) => CHARACTERS[byte]).join("");
  }

  /** Lets go of the grammars that were asked for longest ago. */
  async #forget(): Promise<void> {
    for (const [key, grammar] of this.#known) {
      if (this.#known.size <= MOST) return;
      this.#known.delete(key);
      (await grammar).dispose();
    }
  }

  /** Frees the grammars. */
  [Symbol.dispose](): void {
    for (const grammar of this.#known.values()) grammar.then((g) => g.dispose(), () => {});
    this.#known.clear();
    this.#held.dispose();
  }
}

/** Characters of bytes, as byte-level BPE writes them: printable ones stand for themselves, the others are moved up. */
const CHARACTERS: readonly string[] = (() => {
  let next = 256;
  return Array.from({ length: 256 }, (_, byte) => {
    const printable = (byte > 32 && byte < 127) || (byte > 160 && byte !== 173);
    return String.fromCodePoint(printable ? byte : next++);
  });
})();

/** On one line, with a space after commas and colons and none elsewhere: a small model could write spaces without end. */
const STYLE = [false, -1, [", ", ": "]] as const;

async function compiled(
  compiler: GrammarCompiler,
  format: Exclude<ResponseFormat, { readonly type: "text" }>,
): Promise<Held> {
  switch (format.type) {
    case "json_object":
      return await compiler.compileJSONSchema('{"type":"object"}', ...STYLE, false);
    case "json_schema": {
      const { schema, strict = true } = format.json_schema;
      return await compiler.compileJSONSchema(JSON.stringify(schema), ...STYLE, strict);
    }
    case "regex":
      return await compiler.compileStructuralTag({
        type: "structural_tag",
        format: { type: "regex", pattern: format.pattern },
      });
    default:
      return format satisfies never;
  }
}
