/** A relay between Jupyter and a kernel: what passes, what is changed, and what a fault may not cost. */
import { assertEquals } from "@std/assert";
import { type Connection, innerConnection } from "../../lib/jupyter/connection.ts";
import { ByteReader, bytesOf, GREETING, messageBytes, MORE, writeAll } from "../../lib/jupyter/frames.ts";
import { framesOf, type Message, messageOf, newMessage } from "../../lib/jupyter/message.ts";
import { relay, type RelayListener } from "../../lib/jupyter/relay.ts";

const KEY = "secret";
const anywhere = { transport: "tcp", ip: "127.0.0.1", key: KEY } as Connection;

async function messageFrom(reader: ByteReader): Promise<Message | undefined> {
  const bodies: Uint8Array[] = [];
  for (let frame = await reader.frame(); frame; frame = await reader.frame()) {
    bodies.push(frame.body);
    if (!(frame.flags & MORE)) return messageOf(bodies);
  }
  return undefined;
}

/** What a client of a channel gets, where a kernel sends this message after both have greeted. */
async function received(channel: "shell" | "iopub", listener: RelayListener, sent: Message, count: number) {
  const outer = innerConnection(anywhere), inner = innerConnection(anywhere);
  using kernel = Deno.listen({ hostname: inner.ip, port: inner[`${channel}_port`] });
  using _relay = relay(outer, inner, listener);
  using client = await Deno.connect({ hostname: outer.ip, port: outer[`${channel}_port`] });
  using socket = await kernel.accept();
  await writeAll(socket, bytesOf(new Uint8Array(GREETING).fill(7), messageBytes(await framesOf(sent, KEY))));
  const reader = new ByteReader(client);
  assertEquals(await reader.read(GREETING), new Uint8Array(GREETING).fill(7));
  const all: (Message | undefined)[] = [];
  while (all.length < count) all.push(await messageFrom(reader));
  return all;
}

const sent = newMessage("execute_reply", { status: "ok" }, { msg_id: "1" });
const silent: RelayListener = {
  request() {},
  reply: (m) => Promise.resolve(m),
  publish: (m) => Promise.resolve([m]),
};

Deno.test("messages pass, and a listener may change a reply and publish more", async () => {
  assertEquals(await received("shell", silent, sent, 1), [sent]);
  const changed = { ...sent, content: { status: "error" } };
  assertEquals(await received("shell", { ...silent, reply: () => Promise.resolve(changed) }, sent, 1), [
    changed,
  ]);
  const both = { ...silent, publish: (m: Message) => Promise.resolve([changed, m]) };
  assertEquals(await received("iopub", both, sent, 2), [changed, sent]);
});

Deno.test("a fault of the listener keeps no message back", async () => {
  const said: unknown[] = [], { error } = console;
  console.error = (e: unknown) => void said.push(e);
  try {
    const fault = new Error("a fault");
    const faulty = { ...silent, reply: () => Promise.reject(fault), publish: () => Promise.reject(fault) };
    assertEquals(await received("shell", faulty, sent, 1), [sent]);
    assertEquals(await received("iopub", faulty, sent, 1), [sent]);
    assertEquals(said, [fault, fault]);
  } finally {
    console.error = error;
  }
});
