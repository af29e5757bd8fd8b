/**
 * Sends one request to a Jupyter kernel. It has the parts of ZeroMQ's wire protocol (ZMTP 3.0, rfc.zeromq.org/spec/23)
 * and of Jupyter's messages that let a kernel execute code before Jupyter itself connects.
 */
import { TunebookError } from "../base/error.ts";

/** The connection file that Jupyter writes for a kernel: where to listen, and the key that signs messages. */
export interface Connection {
  readonly transport: string;
  readonly ip: string;
  readonly shell_port: number;
  readonly key: string;
}

/** Says that the kernel can't be reached, or that the code failed. */
export class KernelRequestError extends TunebookError {
  override readonly name = "KernelRequestError";
}

const DELIMITER = "<IDS|MSG>";
const CONNECT_MS = 60_000;
/** Shorter than the 100 ms after which ZeroMQ, in Jupyter, tries again to connect; milliseconds. */
const RETRY_MS = 3;

const encoder = new TextEncoder(), decoder = new TextDecoder();

/**
 * Executes code in the kernel, silently, and waits for its answer.
 *
 * @throws {KernelRequestError} if the kernel does not listen within a minute, if its transport is not TCP, or if the code
 * throws
 */
export async function executeSilently(connection: Connection, code: string): Promise<void> {
  if (connection.transport !== "tcp") {
    throw new KernelRequestError(
      `expected the transport tcp, got ${connection.transport}, connecting to a kernel; set it in Jupyter`,
    );
  }
  using socket = await connect(connection);
  const peer = new Peer(socket);
  await peer.greet();
  const header = {
    msg_id: crypto.randomUUID(),
    session: crypto.randomUUID(),
    username: "tunebook",
    date: new Date().toISOString(),
    msg_type: "execute_request",
    version: "5.3",
  };
  const content = { code, silent: true, store_history: false, user_expressions: {}, allow_stdin: false };
  const parts = [header, {}, {}, content].map((p) => JSON.stringify(p));
  await peer.send([DELIMITER, await signature(connection.key, parts.join("")), ...parts]);
  while (true) {
    const frames = await peer.receive();
    const [, parent = "{}", , reply = "{}"] = frames.slice(frames.indexOf(DELIMITER) + 2);
    if ((JSON.parse(parent) as { msg_id?: string }).msg_id !== header.msg_id) continue;
    const { status, ename, evalue } = JSON.parse(reply) as Readonly<Record<string, string>>;
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

async function signature(key: string, text: string): Promise<string> {
  if (key === "") return "";
  const hmac = { name: "HMAC", hash: "SHA-256" };
  const imported = await crypto.subtle.importKey("raw", encoder.encode(key), hmac, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", imported, encoder.encode(text))).toHex();
}

/** Flags of a frame. */
const MORE = 1, LONG = 2, COMMAND = 4;

/** One end of a connection, which speaks as a DEALER. */
class Peer {
  #pending = new Uint8Array();

  constructor(readonly socket: Deno.TcpConn) {}

  /** Signature, version 3.0, no security, not a server; then what kind of socket this is. */
  async greet(): Promise<void> {
    const greeting = new Uint8Array(64);
    greeting.set([0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 3, 0]);
    greeting.set(encoder.encode("NULL"), 12);
    await this.#write(greeting);
    await this.#read(greeting.length);
    const name = encoder.encode("\x05READY\x0bSocket-Type"), value = encoder.encode("DEALER");
    await this.#write(frame(COMMAND, bytesOf(name, [0, 0, 0, value.length], value)));
    await this.#frame();
  }

  async send(parts: readonly string[]): Promise<void> {
    const frames = parts.map((p, k) => frame(k < parts.length - 1 ? MORE : 0, encoder.encode(p)));
    await this.#write(bytesOf(...frames));
  }

  /** The frames of one message. */
  async receive(): Promise<readonly string[]> {
    const frames: string[] = [];
    while (true) {
      const { flags, body } = await this.#frame();
      if (flags & COMMAND) continue;
      frames.push(decoder.decode(body));
      if (!(flags & MORE)) return frames;
    }
  }

  async #frame(): Promise<{ readonly flags: number; readonly body: Uint8Array }> {
    const [flags = 0] = await this.#read(1);
    const size = await this.#read(flags & LONG ? 8 : 1);
    const length = size.reduce((sum, byte) => sum * 256 + byte, 0);
    return { flags, body: await this.#read(length) };
  }

  async #write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) at += await this.socket.write(bytes.subarray(at));
  }

  async #read(length: number): Promise<Uint8Array> {
    const chunk = new Uint8Array(65536);
    while (this.#pending.length < length) {
      const n = await this.socket.read(chunk);
      if (n === null) {
        throw new KernelRequestError("expected an answer of the kernel, got the end of the connection");
      }
      this.#pending = bytesOf(this.#pending, chunk.subarray(0, n));
    }
    const read = this.#pending.slice(0, length);
    this.#pending = this.#pending.slice(length);
    return read;
  }
}

function frame(flags: number, body: Uint8Array): Uint8Array {
  if (body.length < 256) return bytesOf([flags, body.length], body);
  const size = new Uint8Array(8);
  new DataView(size.buffer).setBigUint64(0, BigInt(body.length));
  return bytesOf([flags | LONG], size, body);
}

function bytesOf(...parts: readonly ArrayLike<number>[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((sum, p) => sum + p.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
