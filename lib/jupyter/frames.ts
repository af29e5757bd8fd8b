/** Frames of ZeroMQ's wire protocol (ZMTP 3.0, rfc.zeromq.org/spec/23): a byte of flags, a length, and a body. */

/** Flags of a frame: more frames of the message follow; the length takes eight bytes; the frame is no message's. */
export const MORE = 1, LONG = 2, COMMAND = 4;
/** Bytes that each end sends first: a signature, its version and its security. */
export const GREETING = 64;

export interface Frame {
  readonly flags: number;
  readonly body: Uint8Array<ArrayBuffer>;
}

/** Where bytes come from. */
interface Source {
  read(into: Uint8Array): Promise<number | null>;
}

/** Reads exact numbers of bytes. */
export class ByteReader {
  #chunk = new Uint8Array();

  constructor(readonly source: Source) {}

  /** Reads `length` bytes; gives undefined if the source ends before. */
  async read(length: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const bytes = new Uint8Array(length);
    for (let at = 0; at < length;) {
      if (this.#chunk.length === 0) {
        const buffer = new Uint8Array(65536), n = await this.source.read(buffer);
        if (n === null) return undefined;
        this.#chunk = buffer.subarray(0, n);
      }
      const taken = this.#chunk.subarray(0, length - at);
      bytes.set(taken, at);
      at += taken.length;
      this.#chunk = this.#chunk.subarray(taken.length);
    }
    return bytes;
  }

  /** Reads a frame; gives undefined if the source ends before. */
  async frame(): Promise<Frame | undefined> {
    const [flags] = await this.read(1) ?? [];
    if (flags === undefined) return undefined;
    const size = await this.read(flags & LONG ? 8 : 1);
    const body = size && await this.read(size.reduce((sum, byte) => sum * 256 + byte, 0));
    return body && { flags, body };
  }
}

/** The bytes of a frame. The flag LONG is set where its length asks for it. */
export function frameBytes(flags: number, body: Uint8Array): Uint8Array<ArrayBuffer> {
  const others = flags & ~LONG;
  if (body.length < 256) return bytesOf([others, body.length], body);
  const size = new Uint8Array(8);
  new DataView(size.buffer).setBigUint64(0, BigInt(body.length));
  return bytesOf([others | LONG], size, body);
}

/** The bytes of a message's frames. */
export function messageBytes(bodies: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return bytesOf(...bodies.map((body, k) => frameBytes(k < bodies.length - 1 ? MORE : 0, body)));
}

/** All parts, one after the other. */
export function bytesOf(...parts: readonly ArrayLike<number>[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((sum, p) => sum + p.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** Writes all bytes. */
export async function writeAll(
  to: { write(bytes: Uint8Array): Promise<number> },
  bytes: Uint8Array,
): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await to.write(bytes.subarray(at));
}
