/** A real nats-server on a free port, in a folder of its own, which ends with the test. */
import { serverConfig, type ServerOptions } from "../../lib/fleet/server_config.ts";

/** Where Debian installs it, and where the PATH finds it. */
const PLACES = ["/usr/sbin/nats-server", "/usr/bin/nats-server", "/usr/local/bin/nats-server"];

/** The program; undefined where it isn't installed. With CI=true it must be. */
export const natsServer: string | undefined = PLACES.find((path) => {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
});
if (natsServer === undefined && Deno.env.get("CI") === "true") {
  throw new Error("expected nats-server, got none; on Debian apt-get install nats-server gives it");
}

/** A port that is free now. */
export function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

export class NatsServer implements AsyncDisposable {
  readonly port: number = freePort();
  readonly url: string;
  readonly folder: string = Deno.makeTempDirSync();
  #process: Deno.ChildProcess | undefined;

  constructor(readonly options: Partial<ServerOptions> = {}) {
    this.url = `${options.tls ? "tls" : "nats"}://127.0.0.1:${this.port}`;
  }

  static async start(options: Partial<ServerOptions> = {}): Promise<NatsServer> {
    const server = new NatsServer(options);
    await server.start();
    return server;
  }

  async start(): Promise<void> {
    const config = `${this.folder}/server.conf`;
    const text = serverConfig({
      host: "127.0.0.1",
      port: this.port,
      folder: `${this.folder}/streams`,
      ...this.options,
    });
    await Deno.writeTextFile(config, text);
    this.#process = new Deno.Command(natsServer as string, {
      args: ["--config", config, "--log", `${this.folder}/log`],
      stdout: "null",
      stderr: "null",
    }).spawn();
    for (let k = 0; k < 200; k++) {
      try {
        (await Deno.connect({ hostname: "127.0.0.1", port: this.port })).close();
        return;
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
    throw new Error(`nats-server didn't start: ${await Deno.readTextFile(`${this.folder}/log`)}`);
  }

  get log(): string {
    return Deno.readTextFileSync(`${this.folder}/log`);
  }

  /** Ends it as a machine without power does. Its files stay. */
  async kill(): Promise<void> {
    this.#process?.kill("SIGKILL");
    await this.#process?.status;
    this.#process = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await Deno.remove(this.folder, { recursive: true });
  }
}
