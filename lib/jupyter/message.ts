/** Messages of Jupyter (protocol 5.3): signed parts of JSON, in the frames of one ZeroMQ message. */

type Json = Readonly<Record<string, unknown>>;

export interface Message {
  /** What stands before the parts: the topic of a published message. */
  readonly before: readonly Uint8Array[];
  readonly header: Json & { readonly msg_id: string; readonly msg_type: string };
  /** The header of the request that it answers. */
  readonly parent: Json & { readonly msg_id?: string; readonly msg_type?: string };
  readonly metadata: Json;
  readonly content: Json;
  /** Binary parts. */
  readonly buffers: readonly Uint8Array[];
}

const DELIMITER = "<IDS|MSG>";
const encoder = new TextEncoder(), decoder = new TextDecoder();

/** Reads a message; gives undefined for what is none. Its signature is the receiver's matter. */
export function messageOf(frames: readonly Uint8Array[]): Message | undefined {
  const at = frames.findIndex((f) => f.length === DELIMITER.length && decoder.decode(f) === DELIMITER);
  if (at < 0 || frames.length < at + 6) return undefined;
  const [header, parent, metadata, content] = frames.slice(at + 2, at + 6).map((f) =>
    JSON.parse(decoder.decode(f)) as Json
  );
  return {
    before: frames.slice(0, at),
    header: header as Message["header"],
    parent: parent as Message["parent"],
    metadata: metadata as Json,
    content: content as Json,
    buffers: frames.slice(at + 6),
  };
}

/** The frames of a message, signed with the connection's key. */
export async function framesOf(message: Message, key: string): Promise<readonly Uint8Array[]> {
  const { before, header, parent, metadata, content, buffers } = message;
  const parts = [header, parent, metadata, content].map((p) => JSON.stringify(p));
  const head = [DELIMITER, await signature(key, parts.join("")), ...parts].map((p) => encoder.encode(p));
  return [...before, ...head, ...buffers];
}

/** A new message of this type. */
export function newMessage(type: string, content: Json, parent: Message["parent"] = {}): Message {
  const header = {
    msg_id: crypto.randomUUID(),
    session: crypto.randomUUID(),
    username: "tunebook",
    date: new Date().toISOString(),
    msg_type: type,
    version: "5.3",
  };
  return { before: [], header, parent, metadata: {}, content, buffers: [] };
}

async function signature(key: string, text: string): Promise<string> {
  if (key === "") return "";
  const hmac = { name: "HMAC", hash: "SHA-256" };
  const imported = await crypto.subtle.importKey("raw", encoder.encode(key), hmac, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", imported, encoder.encode(text))).toHex();
}
