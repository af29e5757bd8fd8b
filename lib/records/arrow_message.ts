/**
 * Checks the head of a message of an Arrow stream before Arrow's reader sees it: every list must lie within the head.
 * Arrow's reader believes every count in a file and allocates memory for it. One wrong byte could cost seconds, or all
 * memory.
 *
 * The layout is FlatBuffers' (tables with offsets to their fields) and Arrow's Message.fbs and Schema.fbs.
 */

/** The kind of a message in a stream of records. Dictionaries are not allowed. */
export type MessageKind = "schema" | "batch";

/** The head of a message. */
export interface MessageHead {
  /** The kind of the message. */
  readonly kind: MessageKind;
  /** Length of the body that follows the head, bytes. */
  readonly bodyLength: number;
}

const KINDS: Readonly<Record<number, MessageKind>> = { 1: "schema", 3: "batch" };
/** Most levels of nested types; a list of numbers takes two. */
const DEEPEST = 8;
/** Most fields and notes of a head; a log has fewer than a hundred. */
const MOST = 4096;

/** Reads the kind and length of a message from its head; undefined if the head is damaged or no log has such a head. */
export function headOf(bytes: Uint8Array): MessageHead | undefined {
  return new Head(bytes).read();
}

/** Where a table and its fields are, byte offsets. */
interface Table {
  readonly at: number;
  readonly fields: number;
  readonly count: number;
}

class Head {
  readonly #view: DataView;
  #left = MOST;
  /** False once an offset has pointed outside of the head. */
  #sound = true;

  constructor(bytes: Uint8Array) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  read(): MessageHead | undefined {
    const message = this.#table(this.#follow(0));
    const kind = KINDS[this.#byte(message, 1)];
    const body = this.#table(this.#follow(this.#field(message, 2)));
    const length = this.#field(message, 3);
    const bodyLength = length === undefined || !this.#within(length, 8)
      ? 0
      : Number(this.#view.getBigInt64(length, true));
    this.#notes(message, 4);
    if (kind === "schema") this.#schema(body);
    else if (kind === "batch") this.#batch(body);
    const whole = Number.isSafeInteger(bodyLength) && bodyLength >= 0;
    return this.#sound && kind !== undefined && whole ? { kind, bodyLength } : undefined;
  }

  #schema(schema: Table): void {
    for (const field of this.#tables(schema, 1)) this.#typed(field, 0);
    this.#notes(schema, 2);
    this.#list(schema, 3, 8);
  }

  #typed(field: Table, depth: number): void {
    if (depth === DEEPEST) this.#sound = false;
    if (!this.#sound) return;
    this.#text(field, 0);
    for (const child of this.#tables(field, 5)) this.#typed(child, depth + 1);
    this.#notes(field, 6);
    // No field of a log has a dictionary.
    if (this.#field(field, 4) !== undefined) this.#sound = false;
  }

  #batch(batch: Table): void {
    this.#list(batch, 1, 16);
    this.#list(batch, 2, 16);
    if (this.#field(batch, 3) !== undefined) this.#sound = false;
    this.#list(batch, 4, 8);
  }

  #notes(table: Table, index: number): void {
    for (const note of this.#tables(table, index)) {
      this.#text(note, 0);
      this.#text(note, 1);
    }
  }

  #text(table: Table, index: number): void {
    this.#list(table, index, 1);
  }

  /** Reads a list of tables. */
  #tables(table: Table, index: number): readonly Table[] {
    const list = this.#list(table, index, 4);
    if (!list || (this.#left -= list.count) < 0) {
      if (list) this.#sound = false;
      return [];
    }
    return Array.from({ length: list.count }, (_, k) => this.#table(this.#follow(list.at + 4 * k)));
  }

  #list(
    table: Table,
    index: number,
    size: number,
  ): { readonly at: number; readonly count: number } | undefined {
    const at = this.#follow(this.#field(table, index));
    if (at === undefined || !this.#within(at, 4)) return undefined;
    const count = this.#view.getUint32(at, true);
    return this.#within(at + 4, count * size) ? { at: at + 4, count } : undefined;
  }

  #table(at: number | undefined): Table {
    const none: Table = { at: 0, fields: 0, count: 0 };
    if (at === undefined || !this.#within(at, 4)) return none;
    const fields = at - this.#view.getInt32(at, true);
    if (!this.#within(fields, 4)) return none;
    const bytes = this.#view.getUint16(fields, true);
    return this.#within(fields, bytes) ? { at, fields, count: (bytes >> 1) - 2 } : none;
  }

  /** Finds the field `index` of a table; undefined if the table leaves it out. */
  #field({ at, fields, count }: Table, index: number): number | undefined {
    if (index >= count) return undefined;
    const offset = this.#view.getUint16(fields + 4 + 2 * index, true);
    return offset === 0 ? undefined : at + offset;
  }

  #byte(table: Table, index: number): number {
    const at = this.#field(table, index);
    return at !== undefined && this.#within(at, 1) ? this.#view.getUint8(at) : 0;
  }

  #follow(at: number | undefined): number | undefined {
    return at !== undefined && this.#within(at, 4) ? at + this.#view.getUint32(at, true) : undefined;
  }

  #within(at: number, bytes: number): boolean {
    const ok = at >= 0 && at + bytes <= this.#view.byteLength;
    if (!ok) this.#sound = false;
    return ok;
  }
}
