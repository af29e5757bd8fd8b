/** What a server needs of a model. */

/** Answers requests of one kind in OpenAI's API. */
export interface Answers {
  /**
   * Answers a request: with an object, or with its chunks where the request asks for a stream. The request is any object of a
   * client's, and is checked here.
   */
  create(
    request: never,
    options: { readonly signal: AbortSignal },
  ): Promise<object | AsyncIterable<object>>;
}

/** A model behind OpenAI's names; a `LanguageModel` is one. */
export interface Served {
  /** The name under which clients ask for it. */
  readonly id: string;
  /** Conversations. */
  readonly chat: { readonly completions: Answers };
  /** Plain text that is continued. */
  readonly completions: Answers;
  /** Vectors of texts. Without it the server says that the model has none. */
  readonly embeddings?: Answers;
}
