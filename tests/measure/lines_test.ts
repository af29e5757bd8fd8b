import { assertEquals, assertLess } from "@std/assert";
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

Deno.test("a long line takes time in proportion to its length", async () => {
  const piece = "x".repeat(2 ** 16), pieces = 2 ** 8;
  const begin = performance.now();
  const [line = "", next] = await linesOf([...Array(pieces).fill(piece), "\nnext"]);
  assertEquals([line.length, next], [pieces * piece.length, "next"]);
  // Joined anew with each piece it took eight seconds.
  assertLess(performance.now() - begin, 3000);
});
