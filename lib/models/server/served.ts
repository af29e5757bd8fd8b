/** What a server needs of a model. */

/** Answers one request of OpenAI's API: with an object, or with its chunks where the request asks for a stream. */
export type Create = (
  request: Readonly<Record<string, unknown>>,
  options: { readonly signal: AbortSignal },
) => Promise<object | AsyncIterable<object>>;

/** A model behind OpenAI's names; a `LanguageModel` is one. */
export interface Served {
  /** The name under which clients ask for it. */
  readonly id: string;
  /** Conversations. */
  readonly chat: { readonly completions: { readonly create: Create } };
  /** Plain text that is continued. */
  readonly completions: { readonly create: Create };
  /** Vectors of texts. Without it the server says that the model has none. */
  readonly embeddings?: { readonly create: Create };
}
