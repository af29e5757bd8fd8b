/** Executes code in a Jupyter kernel, before Jupyter itself connects. */
import { type Connection, KernelRequestError } from "./connection.ts";
import {
  ByteReader,
  bytesOf,
  COMMAND,
  frameBytes,
  GREETING,
  messageBytes,
  MORE,
  writeAll,
} from "./frames.ts";
import { framesOf, messageOf, newMessage } from "./message.ts";

const CONNECT_MS = 60_000;
const RETRY_MS = 3;
const encoder = new TextEncoder();

/**
 * Executes code in the kernel, silently, and waits for its answer.
 *
 * @throws {KernelRequestError} if the kernel does not listen within a minute, or if the code throws
 */
export async function executeSilently(connection: Connection, code: string): Promise<void> {
  using socket = await connect(connection);
  const reader = new ByteReader(socket);
  await greet(socket, reader);
  const content = { code, silent: true, store_history: false, user_expressions: {}, allow_stdin: false };
  const request = newMessage("execute_request", content);
  await writeAll(socket, messageBytes(await framesOf(request, connection.key)));
  while (true) {
    const reply = messageOf(await messageFrames(reader));
    if (reply?.parent.msg_id !== request.header.msg_id) continue;
    const { status, ename, evalue } = reply.content as Readonly<Record<string, string>>;
    if (status === "ok") return;
    throw new KernelRequestError(
      `expected the answer ok of the kernel, got ${status}: ${ename ?? ""} ${evalue ?? ""}`,
    );
  }
}

async function connect({ ip, shell_port }: Connection): Promise<Deno.TcpConn> {
  const end = performance.now() + CONNECT_MS;
  while (true) {
    try {
      const socket = await Deno.connect({ hostname: ip, port: shell_port });
      socket.setNoDelay(true);
      return socket;
    } catch (e) {
      if (!(e instanceof Deno.errors.ConnectionRefused)) throw e;
      if (performance.now() > end) {
        throw new KernelRequestError(
          `expected a kernel on ${ip}:${shell_port}, got no listener for ${CONNECT_MS / 1000} s`,
        );
      }
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
}

/** Signature, version 3.0, no security, not a server; then what kind of socket this is: a DEALER. */
async function greet(socket: Deno.TcpConn, reader: ByteReader): Promise<void> {
  const greeting = new Uint8Array(GREETING);
  greeting.set([0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 3, 0]);
  greeting.set(encoder.encode("NULL"), 12);
  await writeAll(socket, greeting);
  if (!await reader.read(GREETING)) throw ended();
  const name = encoder.encode("\x05READY\x0bSocket-Type"), value = encoder.encode("DEALER");
  await writeAll(socket, frameBytes(COMMAND, bytesOf(name, [0, 0, 0, value.length], value)));
  if (!await reader.frame()) throw ended();
}

async function messageFrames(reader: ByteReader): Promise<readonly Uint8Array[]> {
  const bodies: Uint8Array[] = [];
  while (true) {
    const frame = await reader.frame();
    if (!frame) throw ended();
    if (frame.flags & COMMAND) continue;
    bodies.push(frame.body);
    if (!(frame.flags & MORE)) return bodies;
  }
}

function ended(): KernelRequestError {
  return new KernelRequestError("expected an answer of the kernel, got the end of the connection");
}
