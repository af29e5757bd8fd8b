/** Reads Protocol Buffers from untrusted bytes: every length is checked before anything is read or allocated. */
import { OnnxError } from "./error.ts";

/** How a field is encoded. */
export type WireType = 0 | 1 | 2 | 5;

/** The most bytes that text in a message may have. */
const LONGEST_TEXT = 2 ** 16;
/** The most messages that may lie inside of each other. */
const DEEPEST = 64;

/** Reads the fields of one message in order. A message inside is a reader on a part of the same bytes. */
export class ProtobufReader {
  #at: number;
  readonly #view: DataView;

  /**
   * Makes the reader of a message.
   *
   * @param bytes the bytes of the whole file
   * @param start where the message begins; by default at the first byte
   * @param end where it ends; by default after the last byte
   * @param depth the number of messages around it
   */
  constructor(
    readonly bytes: Uint8Array<ArrayBuffer>,
    readonly start = 0,
    readonly end = bytes.length,
    readonly depth = 0,
  ) {
    this.#at = start;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (depth > DEEPEST) this.fail(`at most ${DEEPEST} messages inside of each other`, "more");
  }

  /** The position of the next byte in the file. */
  get at(): number {
    return this.#at;
  }

  /** Reads the number and the encoding of the next field; undefined at the end. */
  field(): { readonly number: number; readonly wire: WireType } | undefined {
    if (this.#at >= this.end) return undefined;
    const tag = this.#varint("a field's tag");
    if (tag > 0xffffffff) this.fail("the tag of a field", `${tag}`);
    const number = Math.floor(tag / 8), wire = tag % 8;
    if (number === 0) this.fail("a field of number 1 or more", "0");
    if (wire !== 0 && wire !== 1 && wire !== 2 && wire !== 5) {
      this.fail("an encoding of 0, 1, 2 or 5", `${wire} of field ${number}`);
    }
    return { number, wire: wire as WireType };
  }

  /** Leaves out the value of a field. */
  skip(wire: WireType): void {
    switch (wire) {
      case 0:
        this.#varint("a number");
        return;
      case 1:
        this.#move(8);
        return;
      case 2:
        this.#part();
        return;
      case 5:
        this.#move(4);
        return;
      default:
        return wire satisfies never;
    }
  }

  /** Reads a 64-bit integer with a sign. Beyond 2^53 in magnitude it is the nearest that a double holds. */
  int64(wire: WireType): number {
    this.#expect(wire, 0);
    return this.#varint("an integer", true);
  }

  /** Reads an integer that a double holds exactly. */
  integer(wire: WireType): number {
    const at = this.#at, n = this.int64(wire);
    if (!Number.isSafeInteger(n)) this.fail("an integer below 2^53 in magnitude", `${n}`, at);
    return n;
  }

  /** Reads text in UTF-8. */
  text(wire: WireType): string {
    const at = this.#at, part = this.part(wire);
    if (part.length > LONGEST_TEXT) this.fail(`text of up to ${LONGEST_TEXT} bytes`, `${part.length}`, at);
    return new TextDecoder().decode(part);
  }

  /** Gives the bytes of a field, without a copy. */
  part(wire: WireType): Uint8Array<ArrayBuffer> {
    this.#expect(wire, 2);
    const [from, to] = this.#part();
    return this.bytes.subarray(from, to);
  }

  /** Gives the reader of a message inside. */
  message(wire: WireType): ProtobufReader {
    this.#expect(wire, 2);
    const [from, to] = this.#part();
    return new ProtobufReader(this.bytes, from, to, this.depth + 1);
  }

  /** Reads a 32-bit float. */
  float(wire: WireType): number {
    this.#expect(wire, 5);
    return this.#view.getFloat32(this.#move(4), true);
  }

  /** Reads 32-bit floats, packed or one, after those that there are. */
  floats(wire: WireType, into: number[]): void {
    this.#list(wire, 5, into, (r) => r.#view.getFloat32(r.#move(4), true));
  }

  /** Reads 64-bit floats, packed or one, after those that there are. */
  doubles(wire: WireType, into: number[]): void {
    this.#list(wire, 1, into, (r) => r.#view.getFloat64(r.#move(8), true));
  }

  /** Reads integers with signs, packed or one, after those that there are. */
  int64s(wire: WireType, into: number[]): void {
    this.#list(wire, 0, into, (r) => r.#varint("an integer", true));
  }

  /** Reads integers without signs, packed or one, after those that there are. */
  uint64s(wire: WireType, into: number[]): void {
    this.#list(wire, 0, into, (r) => r.#varint("an integer"));
  }

  #list<T>(wire: WireType, single: WireType, into: T[], read: (r: ProtobufReader) => T): void {
    if (wire === single) {
      into.push(read(this));
      return;
    }
    const packed = this.message(wire);
    while (packed.#at < packed.end) into.push(read(packed));
  }

  #part(): readonly [from: number, to: number] {
    const at = this.#at, length = this.#varint("a length");
    if (length > this.end - this.#at) {
      this.fail(`at most ${this.end - this.#at} bytes that are left`, `a length of ${length}`, at);
    }
    const from = this.#move(length);
    return [from, this.#at];
  }

  #move(bytes: number): number {
    const from = this.#at;
    if (bytes > this.end - from) this.fail(`${bytes} more bytes`, `${this.end - from}`);
    this.#at = from + bytes;
    return from;
  }

  #varint(what: string, signed = false): number {
    const from = this.#at;
    // Most numbers are below 2^28, and need no big integers.
    let low = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.#byte(what, from);
      low |= (byte & 127) << shift;
      if (byte < 128) return low;
    }
    let x = BigInt(low);
    for (let shift = 28n; shift < 70n; shift += 7n) {
      const byte = this.#byte(what, from);
      x |= BigInt(byte & 127) << shift;
      if (byte < 128) return Number(signed ? BigInt.asIntN(64, x) : BigInt.asUintN(64, x));
    }
    return this.fail(`${what} of up to 10 bytes`, "more", from);
  }

  #byte(what: string, from: number): number {
    if (this.#at >= this.end) this.fail(what, "the end", from);
    return this.bytes[this.#at++] as number;
  }

  #expect(wire: WireType, wanted: WireType): void {
    if (wire !== wanted) this.fail(`a field of encoding ${wanted}`, `${wire}`);
  }

  /** Refuses the bytes. */
  fail(expected: string, got: string, at = this.#at): never {
    throw new OnnxError(`expected ${expected}, got ${got}, at byte ${at} of the ONNX model`);
  }
}
