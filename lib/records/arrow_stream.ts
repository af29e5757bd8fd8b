/** Arrow's stream format, message by message: enough to append to a file and to repair its end. */
import { RecordBatchReader, RecordBatchStreamWriter } from "npm:apache-arrow@21.2.0";
import type { RecordBatch, Schema } from "npm:apache-arrow@21.2.0";
import { RecordError } from "./error.ts";
import { headOf } from "./arrow_message.ts";

/** A whole message of a stream. */
export interface Message {
  readonly begin: number;
  readonly end: number;
  /** Whether it begins a stream. */
  readonly isSchema: boolean;
}

/**
 * Finds the start and end of each whole message, byte offsets. The marks that close streams are left out. Streams may follow one another.
 *
 * @throws {RecordError} if a whole message has a damaged head
 */
export function messagesOf(bytes: Uint8Array): readonly Message[] {
  const messages: Message[] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  // A message is a mark (-1), the length of its header, the header, and the body. The header holds the body's length.
  while (at + 8 <= bytes.length && view.getInt32(at, true) === -1) {
    const headerEnd = at + 8 + view.getInt32(at + 4, true);
    if (headerEnd === at + 8 && messages.length > 0) {
      // This mark closes a stream. Another one may follow it.
      at = headerEnd;
      continue;
    }
    if (headerEnd <= at + 8 || headerEnd > bytes.length) break;
    const head = headOf(bytes.subarray(at + 8, headerEnd));
    if (!head || (head.kind !== "schema" && messages.length === 0)) {
      throw new RecordError(
        `expected a valid head, got a damaged one, reading message ${messages.length} at byte ${at}`,
      );
    }
    const end = headerEnd + head.bodyLength;
    if (end > bytes.length) break;
    messages.push({ begin: at, end, isSchema: head.kind === "schema" });
    at = end;
  }
  return messages;
}

/** Start and end of each stream: a schema and the messages up to the next one. */
export function streamsOf(
  messages: readonly Message[],
): readonly { readonly begin: number; readonly end: number }[] {
  const streams: { begin: number; end: number }[] = [];
  for (const { begin, end, isSchema } of messages) {
    const last = streams.at(-1);
    if (isSchema || !last) streams.push({ begin, end });
    else last.end = end;
  }
  return streams;
}

/** Encodes a stream that has a schema and no batches yet. */
export function schemaBytes(schema: Schema): Uint8Array {
  const writer = new RecordBatchStreamWriter();
  writer.reset(undefined, schema);
  return firstMessage(writer.finish().toUint8Array(true), 0);
}

/** Encodes a batch as a message of a stream with its schema. */
export function batchBytes(batch: RecordBatch): Uint8Array {
  const writer = new RecordBatchStreamWriter();
  writer.write(batch);
  return firstMessage(writer.finish().toUint8Array(true), 1);
}

function firstMessage(stream: Uint8Array, index: number): Uint8Array {
  const m = messagesOf(stream)[index];
  return m ? stream.slice(m.begin, m.end) : new Uint8Array();
}

/** Reads the schema and the batches of a stream of whole messages. */
export function readStream(
  bytes: Uint8Array,
): { readonly schema: Schema; readonly batches: readonly RecordBatch[] } {
  const reader = RecordBatchReader.from(bytes).open();
  const { schema } = reader;
  return { schema, batches: [...reader] };
}
