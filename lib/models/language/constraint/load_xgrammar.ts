/** The part of MLC's XGrammar that is used: it tells which tokens may follow. It runs in WebAssembly. */

/** What the library makes. It is freed by `dispose`. */
export interface Held {
  dispose(): void;
}

/** Follows a text through its grammar. */
export interface Matcher extends Held {
  acceptToken(id: number): boolean;
  /** A bit for each token, 32 in an integer: whether it may come next. */
  getNextTokenBitmask(): Promise<Int32Array<ArrayBuffer>>;
  isTerminated(): boolean;
}

/** Compiles grammars for a vocabulary. */
export interface GrammarCompiler extends Held {
  compileJSONSchema(
    schema: string,
    anyWhitespace: boolean,
    indent: number,
    separators: readonly [string, string],
    strict: boolean,
  ): Promise<Held>;
  compileStructuralTag(tag: object): Promise<Held>;
}

/** The part of the library that is used. */
export interface XGrammar {
  readonly TokenizerInfo: {
    createTokenizerInfo(
      vocabulary: readonly string[],
      type: "byte_level",
      prependSpace: boolean,
      size: number,
      stops: readonly number[],
    ): Promise<Held>;
  };
  readonly GrammarCompiler: {
    createGrammarCompiler(tokenizer: Held, cache: boolean): Promise<GrammarCompiler>;
  };
  readonly GrammarMatcher: {
    createGrammarMatcher(
      grammar: Held,
      stops: readonly number[] | undefined,
      endsWithoutStop: boolean,
    ): Promise<Matcher>;
  };
}

let known: Promise<XGrammar> | undefined;
const complaints: string[] = [];

/** What the library has complained about last: it writes that, and throws an error that doesn't say it. */
export function complaint(): string | undefined {
  const [first] = complaints.splice(0);
  return first?.replace(/^\[\w+\] \S+: /, "");
}

/** Loads the library when it is first needed. */
export function loadXGrammar(): Promise<XGrammar> {
  return known ??= load();
}

/**
 * The library is a script for pages and for Node's `require`, though its package says that it is a module: imported, it looks
 * for global names of Node, and puts itself among the global names. Its WebAssembly starts with the first call.
 */
async function load(): Promise<XGrammar> {
  const all = globalThis as unknown as Record<string, unknown>, given: string[] = [];
  const give = (name: string, value: unknown) => {
    if (name in all) return;
    all[name] = value;
    given.push(name);
  };
  if (!("document" in all)) {
    const { createRequire } = await import("node:module");
    give("require", createRequire("file:///xgrammar.js"));
    give("__filename", "/xgrammar.js");
    give("__dirname", "/");
  }
  const { error } = console;
  // The library takes the function that is there when it starts.
  console.error = (...words: readonly unknown[]) => void complaints.push(words.join(" "));
  try {
    await import("npm:@mlc-ai/web-xgrammar@0.1.27");
    const library = all.xgrammar as XGrammar;
    delete all.xgrammar;
    (await library.TokenizerInfo.createTokenizerInfo(["a"], "byte_level", false, 1, [])).dispose();
    return library;
  } finally {
    console.error = error;
    for (const name of given) delete all[name];
  }
}
