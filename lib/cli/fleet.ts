/** Starts the server of a fleet, and writes the credentials of its tuner and workers. */
import { TunebookError } from "../base/error.ts";
import { integer, name, positive } from "../base/option_kinds.ts";
import { Fleet } from "../fleet/fleet.ts";
import { startServer } from "../fleet/start_server.ts";
import { argumentsOf, type CliOption, type Command, runCommand } from "./arguments.ts";
import { isLoopback } from "./loopback.ts";
import { signalled } from "./signalled.ts";
import { serveWorkerPages, type WorkerPages } from "./worker_pages.ts";

const COMMAND = {
  name: "deno task fleet",
  summary: "Starts the server of a fleet: nats-server with fresh users, for a tuner and for workers.",
  options: {
    port: {
      as: "number",
      kind: integer({ min: 1, max: 65535 }),
      value: "4222",
      help: "Port of the server. Default 4222.",
    },
    host: {
      as: "text",
      kind: name,
      value: "HOST",
      help: "Address to listen at. Default 127.0.0.1. Another one needs --cert and --key.",
    },
    cert: {
      as: "text",
      kind: name,
      value: "FILE",
      help: "The certificate of this host, in PEM. Default: no TLS.",
    },
    key: { as: "text", kind: name, value: "FILE", help: "The key of the certificate, in PEM." },
    page: {
      as: "number",
      kind: integer({ min: 0, max: 65535 }),
      value: "8443",
      help: "Serves a page at this port: a browser that opens it works for the fleet. Default: none.",
    },
    workers: { as: "number", kind: positive, value: "8", help: "Workers that get credentials. Default 8." },
    out: {
      as: "text",
      kind: name,
      value: "results/fleet",
      help: "Folder for credentials and the server's files. Default results/fleet.",
    },
  },
} as const satisfies Command<Readonly<Record<string, CliOption>>>;

/** Milliseconds between two looks at the devices. */
const LOOK_MS = 2000;

/**
 * Serves until the process gets a signal to end.
 *
 * @throws {TunebookError} for wrong arguments, and a server that doesn't start
 */
export async function runFleet(args: readonly string[]): Promise<void> {
  const { values } = argumentsOf(COMMAND, args);
  const { port = 4222, host = "127.0.0.1", cert, key, page, workers = 8, out = "results/fleet" } = values;
  const tls = cert !== undefined && key !== undefined ? { cert, key } : undefined;
  if ((cert === undefined) !== (key === undefined)) {
    throw new TunebookError("expected --cert and --key together, got one of them");
  }
  if (!isLoopback(host) && !tls) {
    throw new TunebookError(
      `expected --cert and --key with --host ${host}, got none: others on the network could read jobs; --host 127.0.0.1 is for this machine`,
    );
  }
  const socketPort = page === undefined ? 0 : freePort(host);
  await using server = await startServer({
    host,
    port,
    workers,
    folder: out,
    ...(tls ? { tls } : {}),
    ...(page === undefined ? {} : { webSocket: { host, port: socketPort } }),
  });
  for (const [user, credentials] of server.users) {
    await Deno.writeTextFile(`${out}/${user}.json`, `${JSON.stringify(credentials, undefined, 2)}\n`, {
      mode: 0o600,
    });
  }
  console.log(`${server.url} is ready. Credentials are in ${out}.`);
  console.log(`A worker:  deno task worker --credentials ${out}/worker-1.json`);
  console.log(
    `A tuner:   Fleet.join("${server.url}", { credentials: JSON.parse(await Deno.readTextFile("${out}/tuner.json")) })`,
  );
  await using _pages = page === undefined ? undefined : await servedPages(page, {
    host,
    socketPort,
    // Those that processes take first are given to pages last.
    users: [...server.users].filter(([user]) => user !== "tuner").map(([, user]) => user).reverse(),
    ...(tls ? { tls } : {}),
  });
  const ending = signalled();
  const died = server.ended.then((code) => {
    throw new TunebookError(
      `expected nats-server to go on, got its end with code ${code}; its log is in ${out}`,
    );
  });
  await Promise.race([ending, died, show(server.url, server.users.get("tuner") ?? {}, ending)]);
}

/** A port of this host that is free now. */
function freePort(hostname: string): number {
  using listener = Deno.listen({ hostname, port: 0 });
  return listener.addr.port;
}

/** Serves worker pages, and says where. */
async function servedPages(
  port: number,
  { tls, ...pages }: Omit<WorkerPages, "port">,
): Promise<Deno.HttpServer<Deno.NetAddr>> {
  const files = tls
    ? { tls: { cert: await Deno.readTextFile(tls.cert), key: await Deno.readTextFile(tls.key) } }
    : {};
  const served = await serveWorkerPages({ ...pages, port, ...files });
  console.log(
    `A page:    ${
      tls ? "https" : "http"
    }://${pages.host}:${served.addr.port}/ works in a browser with WebGPU`,
  );
  return served;
}

/** Prints the devices whenever they change. */
async function show(url: string, credentials: object, ending: Promise<void>): Promise<void> {
  await using fleet = await Fleet.join(url, { name: "tuner", credentials });
  let ended = false, shown = "";
  ending.then(() => ended = true);
  while (!ended) {
    const { malformed } = fleet.counts;
    const lines = fleet.devices.map((d) =>
      `${d.key}  ${d.adapter}: ${d.workers.map((w) => w.name).join(", ")}`
    );
    const text = [...lines, ...(malformed > 0 ? [`${malformed} offers refused`] : [])].join("\n");
    if (text !== shown) console.log(text === "" ? "no worker is here" : text);
    shown = text;
    await Promise.race([ending, new Promise((resolve) => setTimeout(resolve, LOOK_MS))]);
  }
}

if (import.meta.main) await runCommand(COMMAND, runFleet);
