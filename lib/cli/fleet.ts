/** Starts the server of a fleet, and writes the credentials of its tuner and workers. */
import { TunebookError } from "../base/error.ts";
import { printableLine } from "../base/printable.ts";
import { name, positive } from "../base/option_kinds.ts";
import { Fleet } from "../fleet/fleet.ts";
import { startServer } from "../fleet/start_server.ts";
import { argumentsOf, type CliOption, type Command, runCommand } from "./arguments.ts";
import {
  hostOption,
  inUrl,
  isEveryAddress,
  isLoopback,
  listening,
  ownAddresses,
  portOption,
} from "./listening.ts";
import { qrCode } from "./qr_code.ts";
import { signalled } from "./signalled.ts";
import { serveWorkerPages, type WorkerPages } from "./worker_pages.ts";

const COMMAND = {
  name: "deno task fleet",
  summary: "Starts the server of a fleet: nats-server with fresh users, for a tuner and for workers.",
  options: {
    port: portOption("4222", "Port of the server. Default 4222.", 1),
    host: hostOption("--cert and --key"),
    cert: {
      as: "text",
      kind: name,
      value: "FILE",
      help: "The certificate of this host and those that it hangs from, in PEM. Default: no TLS.",
    },
    key: { as: "text", kind: name, value: "FILE", help: "The key of the certificate, in PEM." },
    page: portOption(
      "8443",
      "Serves a page at this port: a browser that opens it works for the fleet. Default: none; 0 takes a free one.",
    ),
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
  const tls = await certificateIn(host, cert, key);
  const socketPort = page === undefined ? 0 : freePort(host);
  await using server = await startServer({
    host,
    port,
    workers,
    folder: out,
    ...(tls ? { tls: { cert: tls.certFile, key: tls.keyFile } } : {}),
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
  await using _pages = page === undefined ? undefined : await servedPages({
    host,
    port: page,
    socketPort,
    // Those that processes take first are given to pages last.
    users: [...server.users].filter(([user]) => user !== "tuner").map(([, user]) => user).reverse(),
    ...(tls ? { tls: { cert: tls.cert, key: tls.key } } : {}),
  });
  const ending = signalled();
  const died = server.ended.then((code) => {
    throw new TunebookError(
      `expected nats-server to go on, got its end with code ${code}; its log is in ${out}`,
    );
  });
  await Promise.race([ending, died, show(server.url, server.users.get("tuner") ?? {}, ending)]);
}

interface Certificate {
  readonly certFile: string;
  readonly keyFile: string;
  readonly cert: string;
  readonly key: string;
}

/**
 * Reads the certificate of a host.
 *
 * @throws {TunebookError} where it is missing and others could read jobs, and for an address that no machine can connect to
 */
async function certificateIn(
  host: string,
  certFile: string | undefined,
  keyFile: string | undefined,
): Promise<Certificate | undefined> {
  if ((certFile === undefined) !== (keyFile === undefined)) {
    throw new TunebookError("expected --cert and --key together, got one of them");
  }
  if (isEveryAddress(host)) {
    throw new TunebookError(
      `expected the address by which others reach this machine, got ${host}; it has ${
        ownAddresses().join(", ")
      }`,
    );
  }
  if (certFile !== undefined && keyFile !== undefined) {
    return { certFile, keyFile, cert: await textIn("--cert", certFile), key: await textIn("--key", keyFile) };
  }
  if (isLoopback(host)) return undefined;
  throw new TunebookError(
    `expected --cert and --key with --host ${host}, got none: others on the network could read jobs; --host 127.0.0.1 is for this machine`,
  );
}

async function textIn(option: string, path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (e) {
    if (!(e instanceof Deno.errors.NotFound)) throw e;
    throw new TunebookError(`expected a file in PEM after ${option}, got ${path}, which is not there`);
  }
}

/** A port of this host that is free now. */
function freePort(hostname: string): number {
  using listener = listening(hostname, 0, () => Deno.listen({ hostname, port: 0 }));
  return listener.addr.port;
}

/** Serves worker pages, and shows where. */
async function servedPages(pages: WorkerPages): Promise<Deno.HttpServer<Deno.NetAddr>> {
  const { host, tls } = pages;
  // Others on the network may find the port. They get credentials only by the address that is shown here.
  const path = isLoopback(host) ? "/" : `/${crypto.getRandomValues(new Uint8Array(8)).toHex()}`;
  const served = await serveWorkerPages({ ...pages, path });
  const url = `${tls ? "https" : "http"}://${inUrl(host)}:${served.addr.port}${path}`;
  console.log(`A page:    ${url} works in a browser with WebGPU`);
  console.log(qrCode(url, Deno.stdout.isTerminal()));
  return served;
}

/** Prints the devices whenever they change. */
async function show(url: string, credentials: object, ending: Promise<void>): Promise<void> {
  await using fleet = await Fleet.join(url, { name: "tuner", credentials });
  let ended = false, shown: string | undefined;
  ending.then(() => ended = true);
  while (!ended) {
    const { malformed } = fleet.counts;
    const lines = fleet.devices.map((d) =>
      `${d.key}  ${printableLine(d.adapter, 80)}: ${d.workers.map((w) => w.name).join(", ")}`
    );
    const text = [...lines, ...(malformed > 0 ? [`${malformed} offers refused`] : [])].join("\n");
    if (text !== shown) console.log(text === "" ? "no worker is here" : text);
    shown = text;
    await Promise.race([ending, new Promise((resolve) => setTimeout(resolve, LOOK_MS))]);
  }
}

if (import.meta.main) await runCommand(COMMAND, runFleet);
