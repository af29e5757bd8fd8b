/** Serves a language model under OpenAI's HTTP API. */
import { TunebookError } from "../base/error.ts";
import { name, positive } from "../base/option_kinds.ts";
import { LanguageModel } from "../models/language/language_model.ts";
import { openAiHandler } from "../models/server/handler.ts";
import { Device } from "../runtime/device.ts";
import { argumentsOf, type CliOption, type Command, runCommand } from "./arguments.ts";
import { deviceFrom } from "./common_options.ts";
import { hostOption, inUrl, isLoopback, listening, portOption } from "./listening.ts";
import { loadOptionsOf, MODEL_OPTIONS } from "./model_options.ts";
import { signalled } from "./signalled.ts";

const COMMAND = {
  name: "deno task serve",
  summary: "Serves a language model to clients of OpenAI's API: chat, completions, and the list of models.",
  positionals: ["FOLDER"],
  options: {
    port: portOption("8000", "Default 8000; 0 takes a free one."),
    host: hostOption("--key"),
    key: {
      as: "text",
      kind: name,
      value: "KEY",
      help: "Clients must send it. Default: none, for this machine alone.",
    },
    sequences: {
      as: "number",
      kind: positive,
      value: "4",
      help: "Texts of the whole context that the cache holds. Default 4.",
    },
    ...MODEL_OPTIONS,
  },
} as const satisfies Command<Readonly<Record<string, CliOption>>>;

/**
 * Serves until the process gets a signal to end.
 *
 * @throws {TunebookError} for wrong arguments, a model that can't be loaded, and an address that can't be listened on
 */
export async function serveModel(args: readonly string[]): Promise<void> {
  const { positionals: [path = ""], values } = argumentsOf(COMMAND, args);
  const { host = "127.0.0.1", port = 8000, key, sequences = 4 } = values;
  if (!isLoopback(host) && key === undefined) {
    throw new TunebookError(
      `expected --key with --host ${host}, got none: other machines could use the model; --host 127.0.0.1 is for this one`,
    );
  }
  using device = await Device.open(deviceFrom(values.backend));
  console.log(`loading ${path} on ${device.target.name}`);
  using model = await LanguageModel.load(path, device, { ...loadOptionsOf(values), sequences });
  await using server = listen(model, { host, port, ...(key === undefined ? {} : { key }) });
  await signalled();
  console.log("ending: requests under way are answered first; a second signal ends at once");
  await Promise.race([server.shutdown(), signalled()]);
}

function listen(
  model: LanguageModel,
  { host, port, key }: { readonly host: string; readonly port: number; readonly key?: string },
): Deno.HttpServer<Deno.NetAddr> {
  let handler: ReturnType<typeof openAiHandler> | undefined;
  const server: Deno.HttpServer<Deno.NetAddr> = listening(host, port, () =>
    Deno.serve({
      hostname: host,
      port,
      onListen: ({ port }) =>
        console.log(`${model.id}, ${model.context} tokens of context: http://${inUrl(host)}:${port}/v1`),
    }, (request) => {
      handler ??= openAiHandler(model, { port: server.addr.port, ...(key === undefined ? {} : { key }) });
      return handler(request);
    }));
  return server;
}

if (import.meta.main) await runCommand(COMMAND, serveModel);
