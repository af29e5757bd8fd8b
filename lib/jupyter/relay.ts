/**
 * Stands between Jupyter and a kernel: it listens where Jupyter expects the kernel, and every connection to it is one to the
 * kernel. Both ends greet each other through it. A listener reads the messages of two channels, and may change them.
 */
import { CHANNELS, type Connection } from "./connection.ts";
import { ByteReader, COMMAND, frameBytes, GREETING, messageBytes, MORE, writeAll } from "./frames.ts";
import { framesOf, type Message, messageOf } from "./message.ts";

/** Reads a kernel's messages on their way. */
export interface RelayListener {
  /** Hears a request of Jupyter's. */
  request(message: Message): void;
  /** Gives the reply that Jupyter gets. */
  reply(message: Message): Promise<Message>;
  /** Gives the messages that are published in the place of one. */
  publish(message: Message): Promise<readonly Message[]>;
}

/** Changes a message; what it returns itself is sent byte for byte. */
type Change = (message: Message) => Promise<readonly Message[]>;

/** Listens on `outer` and connects to `inner`. Disposing of it ends the listening. */
export function relay(outer: Connection, inner: Connection, listener: RelayListener): Disposable {
  const servers = CHANNELS.map((channel) => {
    const port = `${channel}_port` as const;
    const server = Deno.listen({ hostname: outer.ip, port: outer[port] });
    accept(server, async (client) => {
      using kernel = await Deno.connect({ hostname: inner.ip, port: inner[port] });
      for (const socket of [client, kernel]) socket.setNoDelay(true);
      const [up, down] = changesOf(channel, listener);
      // Whichever end goes first, the other one goes too.
      await Promise.race([pass(client, kernel, up, outer.key), pass(kernel, client, down, outer.key)]);
    });
    return server;
  });
  return { [Symbol.dispose]: () => servers.forEach((s) => s.close()) };
}

async function accept(server: Deno.TcpListener, serve: (client: Deno.TcpConn) => Promise<void>) {
  for await (const client of server) {
    serve(client).catch((e) => {
      // One of the two has gone.
      if (!GONE.some((kind) => e instanceof kind)) throw e;
    }).finally(() => client.close());
  }
}

const GONE = [
  Deno.errors.ConnectionReset,
  Deno.errors.BrokenPipe,
  Deno.errors.ConnectionRefused,
  Deno.errors.BadResource,
  Deno.errors.Interrupted,
  Deno.errors.NotConnected,
];

/** What is done to the messages of a channel, up to the kernel and down from it. */
function changesOf(
  channel: string,
  listener: RelayListener,
): readonly [up?: Change | undefined, down?: Change | undefined] {
  if (channel === "iopub") return [undefined, (m) => listener.publish(m)];
  if (channel !== "shell") return [];
  return [
    (m) => {
      listener.request(m);
      return Promise.resolve([m]);
    },
    async (m) => [await listener.reply(m)],
  ];
}

/** Passes on one direction of a connection, until its source ends. */
async function pass(
  from: Deno.TcpConn,
  to: Deno.TcpConn,
  change: Change | undefined,
  key: string,
): Promise<void> {
  const reader = new ByteReader(from);
  const greeting = await reader.read(GREETING);
  if (!greeting) return;
  await writeAll(to, greeting);
  let bodies: Uint8Array[] = [];
  while (true) {
    const frame = await reader.frame();
    if (!frame) return;
    const { flags, body } = frame;
    if (flags & COMMAND || !change) {
      await writeAll(to, frameBytes(flags, body));
      continue;
    }
    bodies.push(body);
    if (flags & MORE) continue;
    for (const frames of await changed(bodies, change, key)) await writeAll(to, messageBytes(frames));
    bodies = [];
  }
}

async function changed(
  bodies: readonly Uint8Array[],
  change: Change,
  key: string,
): Promise<readonly (readonly Uint8Array[])[]> {
  const message = messageOf(bodies);
  // A subscription, for example.
  if (!message) return [bodies];
  try {
    return await Promise.all((await change(message)).map((m) => m === message ? bodies : framesOf(m, key)));
  } catch (e) {
    // A fault in what is added to a kernel must not cost the kernel.
    console.error(e);
    return [bodies];
  }
}
