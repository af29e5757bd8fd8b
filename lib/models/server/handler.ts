/** OpenAI's HTTP API in front of a model: one function from a request to its answer. */
import { checkOptions, type Fields } from "../../base/check_options.ts";
import { TunebookError } from "../../base/error.ts";
import { aFunction, integer, name, number, positive, required } from "../../base/option_kinds.ts";
import { eventStream } from "./event_stream.ts";
import { checkCaller } from "./guard.ts";
import { HttpError } from "./http_error.ts";
import { readBody } from "./read_body.ts";
import type { Answers, Served } from "./served.ts";

/** What {@linkcode openAiHandler} takes. */
export interface HandlerOptions {
  /** The port that the server listens on: the Host of a request must name it. */
  readonly port: number;
  /** The key that clients must send. Default: none, and only names of this machine are answered. */
  readonly key?: string;
  /** The most bytes of a request. Default: 1 MiB. */
  readonly maxBody?: number;
  /** The most requests at one time, those that wait included; another gets status 429. Default: 256. */
  readonly maxRequests?: number;
  /** Receives errors that are not mistakes of a client. Default: `console.error`. */
  readonly report?: (e: unknown) => void;
}

const FIELDS = {
  port: required(integer({ min: 0, max: 65535 })),
  key: name,
  maxBody: number({ above: 0 }, "a positive number of bytes"),
  maxRequests: positive,
  report: aFunction("a function of an error"),
} satisfies Fields<HandlerOptions>;

/** The requests that a server answers, with the part of a model that does. */
const ROUTES: Readonly<Record<string, (model: Served) => Answers | undefined>> = {
  "/v1/chat/completions": (model) => model.chat.completions,
  "/v1/completions": (model) => model.completions,
  "/v1/embeddings": (model) => model.embeddings,
};

/**
 * Makes the handler of a server: `/v1/chat/completions` and `/v1/completions` with streaming, `/v1/models`, and
 * `/v1/embeddings` where the model has them. Mistakes of a client have OpenAI's form of an error. A client that goes ends
 * its own request and no other.
 *
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 */
export function openAiHandler(
  model: Served,
  options: HandlerOptions,
): (request: Request) => Promise<Response> {
  checkOptions("openAiHandler", options, FIELDS);
  const { port, key, maxBody = 2 ** 20, maxRequests = 256, report = console.error } = options;
  const guard = { port, ...(key === undefined ? {} : { key }) };
  const listed = {
    id: model.id,
    object: "model",
    created: Math.floor(Date.now() / 1000),
    owned_by: "tunebook",
  };
  let requests = 0;
  const refused = (e: unknown): HttpError => {
    const error = refusalOf(e);
    if (error.status >= 500) report(e);
    return error;
  };

  async function answer(request: Request): Promise<Response> {
    await checkCaller(request, guard);
    const { pathname } = new URL(request.url);
    if (pathname === "/v1/models" || pathname === `/v1/models/${encodeURIComponent(model.id)}`) {
      expectMethod(request, "GET");
      return Response.json(pathname === "/v1/models" ? { object: "list", data: [listed] } : listed);
    }
    const route = Object.hasOwn(ROUTES, pathname) ? ROUTES[pathname] : undefined;
    if (!route) {
      throw new HttpError(
        404,
        `expected one of ${Object.keys(ROUTES).join(", ")} and /v1/models, got ${pathname}`,
      );
    }
    expectMethod(request, "POST");
    const answers = route(model);
    if (!answers) {
      throw new HttpError(404, `expected a model with embeddings, got ${model.id}, which has none`);
    }
    if (requests >= maxRequests) {
      throw new HttpError(
        429,
        `expected at most ${maxRequests} requests at one time, got another; try again later`,
        null,
        {
          "retry-after": "1",
        },
      );
    }
    return await run(request, answers);
  }

  async function run(request: Request, answers: Answers): Promise<Response> {
    requests++;
    const stop = new AbortController();
    const leave = () => stop.abort(new DOMException("the client has gone", "AbortError"));
    request.signal.addEventListener("abort", leave, { once: true });
    const closed = () => {
      requests--;
      request.signal.removeEventListener("abort", leave);
    };
    let streams = false;
    try {
      const { model: wanted, ...body } = await readBody(request, maxBody);
      checkModel(wanted, model.id);
      const made = await answers.create(body as never, { signal: stop.signal });
      if (!(Symbol.asyncIterator in made)) return Response.json(made);
      streams = true;
      const end = () => {
        closed();
        leave();
      };
      return eventStream(made as AsyncIterable<object>, { failed: (e) => refused(e).body, closed: end });
    } finally {
      if (!streams) closed();
    }
  }

  return async (request) => {
    try {
      return await answer(request);
    } catch (e) {
      return refused(e).response;
    }
  };
}

/** The error that a client sees: of its own mistakes the message, of others only that there was one. */
function refusalOf(e: unknown): HttpError {
  if (e instanceof HttpError) return e;
  if (e instanceof DOMException && e.name === "AbortError") {
    return new HttpError(499, "the request was given up");
  }
  if (e instanceof TunebookError) {
    if (e.name === "DeviceLostError") return new HttpError(503, e.message);
    return new HttpError(400, e.message, e.name === "ContextError" ? "context_length_exceeded" : null);
  }
  return new HttpError(500, "the server failed; its log says why");
}

function expectMethod(request: Request, method: string): void {
  if (request.method === method) return;
  throw new HttpError(405, `expected ${method}, got ${request.method}`, null, { allow: method });
}

function checkModel(wanted: unknown, id: string): void {
  if (wanted === id) return;
  const got = typeof wanted === "string" ? wanted : "none";
  throw new HttpError(404, `expected the model ${id}, got ${got}`, "model_not_found");
}
