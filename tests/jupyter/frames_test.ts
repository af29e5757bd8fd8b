/** Frames and messages: what is written is read, however the network cuts it. */
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  ByteReader,
  bytesOf,
  COMMAND,
  type Frame,
  frameBytes,
  messageBytes,
} from "../../lib/jupyter/frames.ts";
import { framesOf, messageOf, newMessage } from "../../lib/jupyter/message.ts";

/** Gives bytes in pieces of these lengths, again and again. */
function sourceOf(bytes: Uint8Array, lengths: readonly number[]) {
  let at = 0, k = 0;
  return {
    read(into: Uint8Array): Promise<number | null> {
      if (at === bytes.length) return Promise.resolve(null);
      const piece = bytes.subarray(at, at + Math.min(lengths[k++ % lengths.length] ?? 1, into.length));
      into.set(piece);
      at += piece.length;
      return Promise.resolve(piece.length);
    },
  };
}

async function framesIn(reader: ByteReader): Promise<readonly Frame[]> {
  const frames: Frame[] = [];
  for (let frame = await reader.frame(); frame; frame = await reader.frame()) frames.push(frame);
  return frames;
}

const arbBody = fc.oneof(
  fc.uint8Array({ maxLength: 20 }),
  fc.integer({ min: 250, max: 260 }).map((n) => new Uint8Array(n).fill(n)),
  fc.integer({ min: 65_500, max: 70_000 }).map((n) => new Uint8Array(n).fill(n)),
);
const arbLengths = fc.array(fc.integer({ min: 1, max: 70_000 }), { minLength: 1, maxLength: 5 });

Deno.test("a message's frames are read as they were written", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(arbBody, { minLength: 1, maxLength: 5 }),
      arbLengths,
      async (bodies, lengths) => {
        const bytes = bytesOf(frameBytes(COMMAND, Uint8Array.of(1)), messageBytes(bodies));
        const [command, ...frames] = await framesIn(new ByteReader(sourceOf(bytes, lengths)));
        assertEquals(command?.flags, COMMAND);
        assertEquals(frames.map((f) => [...f.body]), bodies.map((b) => [...b]));
        assertEquals(frames.map((f) => f.flags & 1), bodies.map((_, k) => k < bodies.length - 1 ? 1 : 0));
      },
    ),
    { numRuns: 50 },
  );
});

Deno.test("an end amid a frame is an end", async () => {
  const bytes = messageBytes([new Uint8Array(300)]);
  for (const length of [0, 1, 5, 9, 308]) {
    const reader = new ByteReader(sourceOf(bytes.subarray(0, length), [7]));
    assertEquals(await reader.frame(), undefined);
  }
});

Deno.test("a message survives its frames; other frames are no message", async () => {
  const message = {
    ...newMessage("error", { text: "ä\u2028" }, { msg_id: "1" }),
    before: [Uint8Array.of(7)],
  };
  const whole = { ...message, buffers: [Uint8Array.of(1, 2)] };
  assertEquals(messageOf(await framesOf(whole, "secret")), whole);
  assertEquals(messageOf([Uint8Array.of(1)]), undefined);
  assertEquals(messageOf((await framesOf(whole, "")).slice(0, 4)), undefined);
});
