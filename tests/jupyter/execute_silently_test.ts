/** A kernel's end of the wire, written from ZMTP 3.0 and Jupyter's messages: what it gets, and what it may answer. */
import { assertEquals, assertRejects } from "@std/assert";
import { createHmac } from "node:crypto";
import { type Connection, KernelRequestError } from "../../lib/jupyter/connection.ts";
import { executeSilently } from "../../lib/jupyter/execute_silently.ts";

const encoder = new TextEncoder(), decoder = new TextDecoder();
const KEY = "secret";

/** Reads so many bytes. */
async function read(socket: Deno.Conn, length: number): Promise<Uint8Array> {
  const all = new Uint8Array(length);
  for (let at = 0; at < length;) {
    const n = await socket.read(all.subarray(at));
    if (n === null) throw new Error("the connection ended");
    at += n;
  }
  return all;
}

/** Reads a frame: its flags, and its body of a length of one byte or, by the flag 2, of eight. */
async function readFrame(socket: Deno.Conn): Promise<{ readonly flags: number; readonly body: Uint8Array }> {
  const flags = (await read(socket, 1))[0] as number;
  const size = await read(socket, flags & 2 ? 8 : 1);
  const length = flags & 2 ? Number(new DataView(size.buffer).getBigUint64(0)) : size[0] as number;
  return { flags, body: await read(socket, length) };
}

/** Writes a message, each frame as long or as short as the protocol takes it. */
async function writeMessage(socket: Deno.Conn, frames: readonly string[]): Promise<void> {
  for (const [k, text] of frames.entries()) {
    const body = encoder.encode(text), more = k < frames.length - 1 ? 1 : 0;
    const head = body.length > 255 ? new Uint8Array(9) : Uint8Array.of(more, body.length);
    if (body.length > 255) {
      head[0] = more | 2;
      new DataView(head.buffer).setBigUint64(1, BigInt(body.length));
    }
    // In two pieces, as a network may deliver them.
    await socket.write(head);
    await socket.write(body);
  }
}

/** Serves one request, with answers to `respond` with; gives the frames of the request. */
async function served(
  code: string,
  reply: object,
  padding = "",
): Promise<{ readonly frames: readonly string[]; readonly done: Promise<void> }> {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  const connection = { transport: "tcp", ip: "127.0.0.1", shell_port: port, key: KEY } as Connection;
  const done = executeSilently(connection, code);
  const socket = await listener.accept();
  try {
    const greeting = await read(socket, 64);
    assertEquals([greeting[0], greeting[9], greeting[10]], [0xff, 0x7f, 3]);
    assertEquals(decoder.decode(greeting.subarray(12, 32)).replaceAll("\0", ""), "NULL");
    await socket.write(greeting);
    const { flags, body } = await readFrame(socket);
    assertEquals([flags, decoder.decode(body.subarray(0, 6))], [4, "\x05READY"]);
    await socket.write(Uint8Array.of(4, 6, 5, ...encoder.encode("READY")));
    const frames: string[] = [];
    for (let more = true; more;) {
      const frame = await readFrame(socket);
      frames.push(decoder.decode(frame.body));
      more = (frame.flags & 1) === 1;
    }
    const parent = frames[2] as string;
    // What another client asked for is answered on the same wire.
    await writeMessage(socket, [
      "other",
      "<IDS|MSG>",
      "",
      "{}",
      '{"msg_id":"other"}',
      "{}",
      '{"status":"error"}',
    ]);
    await writeMessage(socket, ["<IDS|MSG>", "", "{}", parent, "{}", JSON.stringify({ padding, ...reply })]);
    return { frames, done: done.finally(() => socket.close()) };
  } finally {
    listener.close();
  }
}

Deno.test("a request is signed, silent, and whole, whatever the lengths of its frames", async () => {
  // A frame's length is one byte up to 255: the content is about as long.
  const empty = await served("", { status: "ok" });
  await empty.done;
  const rest = 256 - (empty.frames.at(-1)?.length ?? 0);
  for (const length of [0, rest - 1, rest, rest + 1, 70_000]) {
    const code = "x".repeat(length);
    const { frames, done } = await served(code, { status: "ok" });
    await done;
    const [delimiter, signature, ...parts] = frames;
    assertEquals([delimiter, parts.length], ["<IDS|MSG>", 4]);
    assertEquals(signature, createHmac("sha256", KEY).update(parts.join("")).digest("hex"));
    const [header, , , content] = parts.map((p) => JSON.parse(p));
    assertEquals(header.msg_type, "execute_request");
    assertEquals([content.code, content.silent, content.store_history], [code, true, false]);
  }
});

Deno.test("the answer may have frames of any length, and an error is told", async () => {
  for (const length of [0, 200, 300, 1000, 70_000]) {
    const { done } = await served("1", { status: "ok" }, "y".repeat(length));
    await done;
  }
  const { done } = await served("1", { status: "error", ename: "Oops", evalue: "no" }, "y".repeat(300));
  await assertRejects(() => done, KernelRequestError, "got error: Oops no");
});
