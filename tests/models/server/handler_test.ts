/** The server with the real client of OpenAI's API, and with clients that mean harm or are careless. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import OpenAI from "openai";
import { TunebookError } from "../../../lib/base/error.ts";
import { ChatCompletions } from "../../../lib/models/openai/chat_completions.ts";
import { Completions } from "../../../lib/models/openai/completions.ts";
import type { Generator } from "../../../lib/models/openai/generator.ts";
import { type HandlerOptions, openAiHandler } from "../../../lib/models/server/handler.ts";
import type { Answers, Served } from "../../../lib/models/server/served.ts";
import { fakeGenerator } from "../openai/fake_generator.ts";

function served(model: Generator): Served {
  return {
    id: model.id,
    chat: { completions: new ChatCompletions(model) },
    completions: new Completions(model),
  };
}

/** A server of a model on a free port of this machine. */
function serve(model: Served, options: Partial<HandlerOptions> = {}) {
  let handler: ReturnType<typeof openAiHandler> | undefined;
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, (r) => {
    handler ??= openAiHandler(model, { port: server.addr.port, ...options });
    return handler(r);
  });
  const { port } = server.addr;
  return {
    port,
    url: `http://127.0.0.1:${port}/v1`,
    client: (apiKey = "none") =>
      new OpenAI({ apiKey, baseURL: `http://127.0.0.1:${port}/v1`, maxRetries: 0 }),
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

const messages = [{ role: "user" as const, content: "Go!" }];
const chatBody = (more: object = {}) => JSON.stringify({ model: "counter", messages, ...more });
const JSON_TYPE = { "content-type": "application/json" };

Deno.test("OpenAI's client lists the model, chats, streams and completes", async () => {
  await using server = serve(served(fakeGenerator()));
  const client = server.client();
  assertEquals((await client.models.list()).data.map((m) => m.id), ["counter"]);
  assertEquals((await client.models.retrieve("counter")).owned_by, "tunebook");
  const answer = await client.chat.completions.create({ model: "counter", messages, max_tokens: 3 });
  assertEquals(answer.choices[0]?.message.content, "1 2 3 ");
  const parts: string[] = [];
  const stream = await client.chat.completions.create({
    model: "counter",
    messages,
    stream: true,
    stream_options: { include_usage: true },
  });
  let tokens: number | undefined;
  for await (const chunk of stream) {
    parts.push(chunk.choices[0]?.delta.content ?? "");
    tokens ??= chunk.usage?.completion_tokens;
  }
  assertEquals([parts.join(""), tokens], ["1 2 3 4 5 ", 5]);
  const text = await client.completions.create({ model: "counter", prompt: "Once", stop: ["x"] });
  assertEquals(text.choices[0]?.text, "1 2 3 4 5 ");
});

Deno.test("mistakes are OpenAI's errors, in words", async () => {
  await using server = serve(served(fakeGenerator()));
  const client = server.client();
  const refused = async (
    call: () => Promise<unknown>,
    status: number,
    part: string,
    code: string | null = null,
  ) => {
    const e = await assertRejects(call, OpenAI.APIError);
    assertEquals([e.status, e.code], [status, code], e.message);
    assert(e.message.includes(part), `${e.message} has ${part}`);
  };
  const chat = (more: object) => () =>
    client.chat.completions.create({ model: "counter", messages, ...more });
  await refused(chat({ model: "gpt" }), 404, "expected the model counter, got gpt", "model_not_found");
  await refused(chat({ temperature: 9 }), 400, "temperature");
  await refused(
    chat({ messages: [{ role: "user", content: "a".repeat(1200) }] }),
    400,
    "1000",
    "context_length_exceeded",
  );
  await refused(
    chat({ messages: [{ role: "user", content: "a".repeat(1200) }], stream: true }),
    400,
    "1000",
    "context_length_exceeded",
  );
  await refused(() => client.embeddings.create({ model: "counter", input: "a" }), 404, "embeddings");
  const post = async (init: RequestInit, path = "/chat/completions") => {
    const answer = await fetch(server.url + path, { method: "POST", headers: JSON_TYPE, ...init });
    return [answer.status, (await answer.json()).error.message as string] as const;
  };
  const cases: readonly (readonly [Promise<readonly [number, string]>, number, string])[] = [
    [post({ body: '{"model": ' }), 400, "JSON"],
    [post({ body: "[1]" }), 400, "JSON object"],
    [post({ body: chatBody(), headers: { "content-type": "text/plain" } }), 415, "application/json"],
    [post({ body: "{}" }, "/other"), 404, "/v1/chat/completions"],
    [post({ body: "{}" }, "/models"), 405, "GET"],
    [post({ method: "PUT", body: chatBody() }), 405, "POST"],
    [post({ body: "{}" }, "/constructor"), 404, "expected one of"],
  ];
  for (const [got, status, part] of cases) {
    const [code, message] = await got;
    assertEquals(code, status, message);
    assert(message.includes(part), `${message} has ${part}`);
  }
});

Deno.test("a body past the limit is refused, also where its length is not told", async () => {
  await using server = serve(served(fakeGenerator()), { maxBody: 1000 });
  const post = (body: BodyInit) =>
    fetch(`${server.url}/chat/completions`, { method: "POST", headers: JSON_TYPE, body });
  const told = await post(chatBody({ user: "a".repeat(2000) }));
  assertEquals(told.status, 413);
  await told.body?.cancel();
  let sent = 0;
  const endless = new ReadableStream<Uint8Array>({
    pull(controller) {
      sent += 100;
      if (sent > 1e7) controller.close();
      else controller.enqueue(new Uint8Array(100).fill(32));
    },
  });
  const untold = await post(endless).then((r) => r.status, () => 413);
  assertEquals(untold, 413);
  assert(sent < 1e7, "the server read no more than it had to");
});

Deno.test("a page of another host or origin is not answered; a key is compared whole", async () => {
  const model = fakeGenerator();
  const local = openAiHandler(served(model), { port: 80 });
  const keyed = openAiHandler(served(model), { port: 8000, key: "correct horse" });
  const ask = async (handler: typeof local, headers: Record<string, string>) =>
    (await handler(
      new Request("http://x/v1/chat/completions", {
        method: "POST",
        headers: { ...JSON_TYPE, ...headers },
        body: chatBody(),
      }),
    )).status;
  const cases: readonly (readonly [typeof local, Record<string, string>, number])[] = [
    [local, { host: "localhost" }, 200],
    [local, { host: "127.0.0.1:80" }, 200],
    [local, { host: "[::1]" }, 200],
    [local, { host: "LOCALHOST", origin: "http://localhost" }, 200],
    [local, {}, 403],
    [local, { host: "evil.example" }, 403],
    [local, { host: "localhost.evil.example" }, 403],
    [local, { host: "localhost:8080" }, 403],
    [local, { host: "localhost", origin: "http://evil.example" }, 403],
    [local, { host: "localhost", origin: "null" }, 403],
    [local, { host: "localhost", origin: "http://localhost:81" }, 403],
    [keyed, { host: "box.lan:8000" }, 401],
    [keyed, { host: "box.lan:8000", authorization: "Bearer correct" }, 401],
    [keyed, { host: "box.lan:8000", authorization: "Basic correct horse" }, 401],
    [keyed, { host: "box.lan:8000", authorization: "Bearer correct horse" }, 200],
    [
      keyed,
      { host: "box.lan:8000", authorization: "Bearer correct horse", origin: "http://evil.example" },
      403,
    ],
  ];
  for (const [handler, headers, status] of cases) {
    assertEquals(await ask(handler, headers), status, JSON.stringify(headers));
  }
  assertEquals(model.seen.prompts.length, 5, "what is refused never reaches the model");
});

Deno.test("a hundred requests at once are all answered; more than allowed are told to wait", async () => {
  await using server = serve(served(fakeGenerator()), { maxRequests: 100 });
  const client = server.client();
  const answers = await Promise.all(
    Array.from(
      { length: 100 },
      (_, k) => client.chat.completions.create({ model: "counter", messages, max_tokens: 1 + k % 7 }),
    ),
  );
  answers.forEach((a, k) => assertEquals(a.usage?.completion_tokens, 1 + k % 7));

  const gate = Promise.withResolvers<void>();
  const model = fakeGenerator(() => gate.promise);
  await using small = serve(served(model), { maxRequests: 2 });
  const ask = () => small.client().chat.completions.create({ model: "counter", messages });
  const two = [ask(), ask()];
  while (model.seen.open < 2) await new Promise((r) => setTimeout(r, 1));
  const third = await assertRejects(ask, OpenAI.RateLimitError);
  assertEquals(third.headers?.get("retry-after"), "1");
  gate.resolve();
  assertEquals((await Promise.all(two)).map((a) => a.choices[0]?.finish_reason), ["stop", "stop"]);
  assertEquals((await ask()).choices[0]?.message.content, "1 2 3 4 5 ");
});

Deno.test("a client that goes ends its own request, and a slow one holds up no other", async () => {
  const model = fakeGenerator();
  await using server = serve(served(model));
  const client = server.client();
  const endless = { model: "counter", messages, max_tokens: 1e7, stream: true } as const;
  const dropped = await client.chat.completions.create(endless);
  const slow = await client.chat.completions.create(endless);
  for await (const chunk of dropped) if (chunk.choices[0]?.delta.content === "3 ") break;
  dropped.controller.abort();
  // The slow client reads nothing; another one is answered meanwhile.
  assertEquals(
    (await client.chat.completions.create({ model: "counter", messages })).usage?.completion_tokens,
    5,
  );
  while (model.seen.open > 1) await new Promise((r) => setTimeout(r, 1));
  assert(model.seen.taken < 1e6, "a stream is made no faster than it is read");
  slow.controller.abort();
  while (model.seen.open > 0) await new Promise((r) => setTimeout(r, 1));
});

Deno.test("what fails in the server is reported there, and told without its details", async () => {
  const reported: unknown[] = [];
  const failing = (e: Error): Served => {
    const answers: Answers = { create: () => Promise.reject(e) };
    return { id: "counter", chat: { completions: answers }, completions: answers };
  };
  const ask = async (e: Error) => {
    const handler = openAiHandler(failing(e), { port: 80, report: (x) => reported.push(x) });
    const answer = await handler(
      new Request("http://x/v1/completions", {
        method: "POST",
        headers: { ...JSON_TYPE, host: "localhost" },
        body: '{"model": "counter", "prompt": "a"}',
      }),
    );
    return [answer.status, (await answer.json()).error.message];
  };
  const bug = new Error("/secret/path is broken");
  assertEquals(await ask(bug), [500, "the server failed; its log says why"]);
  class DeviceLostError extends TunebookError {
    override readonly name: string = "DeviceLostError";
  }
  const lost = new DeviceLostError("the device was lost; load the model again");
  assertEquals(await ask(lost), [503, "the device was lost; load the model again"]);
  assertEquals(reported, [bug, lost]);
});

Deno.test("a stream that fails in the middle ends with the error", async () => {
  let count = 0;
  const model = fakeGenerator(() =>
    ++count > 2 ? Promise.reject(new TunebookError("the third one fails")) : Promise.resolve()
  );
  await using server = serve(served(model), { report: () => {} });
  const stream = await server.client().chat.completions.create({ model: "counter", messages, stream: true });
  const parts: string[] = [];
  const e = await assertRejects(async () => {
    for await (const chunk of stream) parts.push(chunk.choices[0]?.delta.content ?? "");
  }, OpenAI.APIError);
  assertEquals([parts.join(""), e.message.includes("the third one fails")], ["1 2 ", true]);
});
