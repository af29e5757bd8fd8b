/** Starts nats-server for a fleet, with fresh users. */
import { messageOf } from "../base/error.ts";
import { connect } from "./connect.ts";
import type { Credentials } from "./credentials.ts";
import { FleetError } from "./error.ts";
import { createUser, serverConfig, type ServerOptions } from "./server_config.ts";

/** Where Debian and others install it, besides the PATH. */
const PLACES = [
  "nats-server",
  "/usr/sbin/nats-server",
  "/usr/local/sbin/nats-server",
  "/opt/homebrew/bin/nats-server",
];
/** Milliseconds until it must listen. */
const START_MS = 15_000;

/** A server that runs. Disposing of it ends it; its streams stay in the folder. */
export interface StartedServer extends AsyncDisposable {
  readonly url: string;
  /** Credentials by name: `tuner`, and `worker-1` and so on. */
  readonly users: ReadonlyMap<string, Credentials>;
  /** Resolves when the server has ended, with its exit code. */
  readonly ended: Promise<number>;
}

/** What the server takes. */
export interface StartOptions extends Omit<ServerOptions, "users" | "folder"> {
  /** The folder of its configuration and streams. */
  readonly folder: string;
  /** The number of workers that get users. */
  readonly workers: number;
}

/**
 * Starts it, and makes the streams.
 *
 * @throws {FleetError} if it isn't installed or doesn't start
 */
export async function startServer({ folder, workers, ...options }: StartOptions): Promise<StartedServer> {
  await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
  const admin = createUser("admin", "admin");
  const users = [
    createUser("tuner", "tuner"),
    ...Array.from({ length: workers }, (_, k) => createUser(`worker-${k + 1}`, "worker")),
  ];
  const ca = options.tls ? { ca: await Deno.readTextFile(options.tls.cert) } : {};
  const path = `${folder}/nats-server.conf`;
  const config = serverConfig({ ...options, folder: `${folder}/streams`, users: [admin, ...users] });
  await Deno.writeTextFile(path, config, { mode: 0o600 });
  const process = spawn(["--config", path, "--log", `${folder}/nats-server.log`]);
  const host = options.host.includes(":") ? `[${options.host}]` : options.host;
  const url = `${options.tls ? "tls" : "nats"}://${host}:${options.port}`;
  const ended = process.status.then(({ code }) => code);
  try {
    await makeStreams(url, { nkey: admin.seed, ...ca }, ended);
  } catch (e) {
    await end(process);
    throw new FleetError(`nats-server doesn't start: ${messageOf(e)}; its log is ${folder}/nats-server.log`);
  }
  return {
    url,
    ended,
    users: new Map(users.map(({ name, seed }) => [name, { url, name, nkey: seed, ...ca }])),
    [Symbol.asyncDispose]: () => end(process),
  };
}

function spawn(args: readonly string[]): Deno.ChildProcess {
  for (const place of PLACES) {
    try {
      return new Deno.Command(place, { args: [...args], stdout: "null", stderr: "null" }).spawn();
    } catch (e) {
      if (!(e instanceof Deno.errors.NotFound)) throw e;
    }
  }
  throw new FleetError(
    "expected nats-server, got none on the PATH; on Debian apt-get install nats-server gives it, or name a server",
  );
}

async function makeStreams(url: string, credentials: Credentials, ended: Promise<number>): Promise<void> {
  const until = performance.now() + START_MS;
  const died = ended.then((code) => new FleetError(`it ended with code ${code}`));
  while (true) {
    try {
      await using _ = await connect(url, { name: "admin", credentials });
      return;
    } catch (e) {
      const dead = await Promise.race([
        died,
        new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), 200)),
      ]);
      if (dead) throw dead;
      if (performance.now() > until) throw e;
    }
  }
}

async function end(process: Deno.ChildProcess): Promise<void> {
  try {
    process.kill("SIGTERM");
  } catch (e) {
    // It has ended by itself already.
    if (!(e instanceof TypeError || e instanceof Deno.errors.NotFound)) throw e;
  }
  await process.status;
}
