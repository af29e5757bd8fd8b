import { assertEquals, assertLessOrEqual } from "@std/assert";
import fc from "fast-check";
import { TextLineStream } from "../../lib/measure/lines.ts";

function linesOf(chunks: Iterable<string>): Promise<string[]> {
  return Array.fromAsync(ReadableStream.from(chunks).pipeThrough(new TextLineStream()));
}

Deno.test("lines come out whole, wherever the stream was cut", async () => {
  const text = fc.string({ unit: fc.constantFrom("a", "é", "\u0001", "\r", "\n") });
  await fc.assert(fc.asyncProperty(text, fc.array(fc.nat(20)), async (text, cuts) => {
    const at = [0, ...cuts.map((c) => Math.min(c, text.length)).sort((a, b) => a - b), text.length];
    const chunks = at.slice(1).map((end, k) => text.slice(at[k], end));
    const lines = text.split("\n");
    if (lines.at(-1) === "") lines.pop();
    assertEquals(await linesOf(chunks), lines);
  }));
});

Deno.test("each character is searched once, however many pieces its line comes in", async () => {
  const piece = "x".repeat(2 ** 10), pieces = 2 ** 8;
  const { split, indexOf } = String.prototype;
  let searched = 0;
  // deno-lint-ignore no-explicit-any
  const counting = (own: any) =>
    function (this: string, ...args: unknown[]) {
      searched += this.length;
      return own.apply(this, args);
    };
  try {
    Object.assign(String.prototype, { split: counting(split), indexOf: counting(indexOf) });
    const [line = "", next] = await linesOf([...Array(pieces).fill(piece), "\nnext"]);
    Object.assign(String.prototype, { split, indexOf });
    assertEquals([line.length, next], [pieces * piece.length, "next"]);
    // A line that is joined again with each piece is searched from its beginning each time.
    assertLessOrEqual(searched, 2 * pieces * piece.length);
  } finally {
    Object.assign(String.prototype, { split, indexOf });
  }
});
