/** Errors as clients of OpenAI's API read them. */

/** An answer that refuses a request. */
export class HttpError extends Error {
  /** The name of the error's class. */
  override readonly name: string = "HttpError";

  /** Makes an answer of an HTTP status. `code` is OpenAI's name of the cause, where it has one. */
  constructor(
    readonly status: number,
    message: string,
    readonly code: string | null = null,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
  }

  /** The body: `{ error: { message, type, param, code } }`. */
  get body(): object {
    const type = this.status >= 500 ? "server_error" : "invalid_request_error";
    return { error: { message: this.message, type, param: null, code: this.code } };
  }

  /** The whole answer. */
  get response(): Response {
    return Response.json(this.body, { status: this.status, headers: this.headers });
  }
}
